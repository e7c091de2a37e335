"""Eq. 2 to 12 of the BiEhPro paper, slowly and in float64: loops, matrix products and exp only.

Every function takes a dictionary of numpy arrays, named as PyTorch names parameters.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray
State: TypeAlias = dict[str, Array]


def part(state: State, prefix: str) -> State:
    return {name.removeprefix(f"{prefix}."): value for name, value in state.items() if name.startswith(f"{prefix}.")}


def linear(state: State, x: Array) -> Array:
    return x @ state["weight"].T + state["bias"]


def norm(state: State, x: Array) -> Array:
    if not state:
        return x
    mean = x.mean(-1, keepdims=True)
    return (x - mean) / np.sqrt(((x - mean) ** 2).mean(-1, keepdims=True) + 1e-5) * state["weight"] + state["bias"]


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def tanh(x: Array) -> Array:
    return 2 * sigmoid(2 * x) - 1


def softmax(x: Array, axis: int = -1) -> Array:
    powers = np.exp(x - x.max(axis, keepdims=True))
    return powers / powers.sum(axis, keepdims=True)


def quick_gelu(x: Array) -> Array:
    return x * sigmoid(1.702 * x)


def attention(state: State, query: Array, other: Array, heads: int) -> Array:
    """One sequence of queries (L, W) over another (S, W), head by head."""
    width = query.shape[-1]
    weights, biases = np.split(state["in_proj_weight"], 3), np.split(state["in_proj_bias"], 3)
    q, k, v = (x @ w.T + b for x, w, b in zip((query, other, other), weights, biases, strict=True))
    size, mixed = width // heads, np.zeros_like(q)
    for head in range(heads):
        cut = slice(head * size, (head + 1) * size)
        mixed[:, cut] = softmax(q[:, cut] @ k[:, cut].T / np.sqrt(size)) @ v[:, cut]
    return linear(part(state, "out_proj"), mixed)


def lstm(state: State, x: Array) -> Array:
    """Both directions over one sequence (T, W): (T, 2W)."""
    both = []
    for suffix, order in (("", range(len(x))), ("_reverse", range(len(x) - 1, -1, -1))):
        hidden = cell = np.zeros(state["weight_hh_l0"].shape[1])
        states = np.zeros((len(x), len(hidden)))
        for t in order:
            gates = state[f"weight_ih_l0{suffix}"] @ x[t] + state[f"bias_ih_l0{suffix}"]
            gates = gates + state[f"weight_hh_l0{suffix}"] @ hidden + state[f"bias_hh_l0{suffix}"]
            enter, forget, new, leave = np.split(gates, 4)
            cell = sigmoid(forget) * cell + sigmoid(enter) * tanh(new)
            hidden = sigmoid(leave) * tanh(cell)
            states[t] = hidden
        both.append(states)
    return np.concatenate(both, 1)


def interaction(state: State, classes: Array, heads: int) -> Array:
    """Eq. 2: class tokens (T, W) of one clip to interaction tokens."""
    tokens = linear(part(state, "token"), classes)
    exchanged = norm(part(state, "norm"), linear(part(state, "merge"), lstm(part(state, "lstm"), tokens)))
    return tokens + attention(part(state, "attention"), exchanged, exchanged, heads)


def layer(state: State, tokens: Array, told: Array, heads: int) -> Array:
    """Eq. 3 for one frame (L, W) with its interaction token (W,), which is dropped; then CLIP's feed-forward net."""
    longer = np.concatenate([tokens, told[None]])
    normed = norm(part(state, "ln_1"), longer)
    tokens = (longer + attention(part(state, "attn"), normed, normed, heads))[: len(tokens)]
    wide = quick_gelu(linear(part(state, "mlp.c_fc"), norm(part(state, "ln_2"), tokens)))
    return tokens + linear(part(state, "mlp.c_proj"), wide)


def pooled(row: Array, kernel: int, stride: int) -> list[float]:
    return [max(row[start : start + kernel]) for start in range(0, len(row) - kernel + 1, stride)]


def evened(row: list[float], length: int) -> list[float]:
    """Adaptive max pooling: window i runs from floor(i n / length) to ceil((i + 1) n / length)."""
    n = len(row)
    return [max(row[i * n // length : -(-(i + 1) * n // length)]) for i in range(length)]


def msta(state: State, features: Array, kernels: tuple[int, ...], strides: tuple[int, ...], along: str) -> Array:
    """Eq. 4 to 8: frame features (T, D) of one clip to its video feature (D,)."""
    frames, width = features.shape
    length = frames // 3
    scales = np.array(
        [
            [evened(pooled(features[:, c], k, s), length) for c in range(width)]
            for k, s in zip(kernels, strides, strict=True)
        ]
    )  # (S, D, T/3)
    total = scales.sum(0)
    scores = []
    for i in range(len(kernels)):
        layer_i = part(state, f"weigh.{i}")
        scores.append(linear(layer_i, total) if along == "time" else linear(layer_i, total.T).T)
    weighted = (softmax(np.array(scores), 0) * scales).sum(0)
    return linear(part(state, "video"), weighted.reshape(-1))


def direction(state: State, prompt: Array, query: Array, other: Array, heads: int) -> Array:
    """A line of Eq. 10 for one class: vectors (D,)."""
    prompt = prompt + attention(part(state, "attention"), query[None], other[None], heads)[0]
    wide = quick_gelu(linear(part(state, "feed.widen"), norm(part(state, "norm"), prompt)))
    return prompt + linear(part(state, "feed.narrow"), wide)


def enhanced(state: State, text: Array, video: Array, blocks: int, heads: int, visual: bool) -> tuple[Array, Array]:
    """Eq. 10 and 11 for one clip: texts (C, D) and the video (D,) to both sides of each class, (C, D)."""
    texts, videos = [], []
    for k in text:
        k_prompt, v_prompt = k, video
        for m in range(blocks):
            block = part(state, f"blocks.{m}")
            seen_text, seen_video = norm(part(block, "norm_text"), k_prompt), norm(part(block, "norm_video"), v_prompt)
            new = direction(part(block, "to_text"), k_prompt, seen_text, seen_video, heads)
            if visual:
                v_prompt = direction(part(block, "to_video"), v_prompt, seen_video, seen_text, heads)
            k_prompt = new
        texts.append(k + state["alpha"] * k_prompt)
        videos.append(video + state["beta"] * v_prompt if visual else video)
    return np.array(texts), np.array(videos)


def cosine(a: Array, b: Array) -> float:
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def loss(similarities: Array, label: int, temperature: float) -> float:
    """Eq. 12 for one clip."""
    powers = np.exp(similarities / temperature)
    return float(-np.log(powers[label] / powers.sum()))
