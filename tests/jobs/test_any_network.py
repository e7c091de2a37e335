"""Methods that are no frozen CLIP: encoders of any kind, steps that see what they need, a look at the clips before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from harness.core.errors import HarnessError
from harness.models import weights_files
from harness.plugin import registry
from helpers import networks
from helpers.commands import Bench, forget

ROW = ("status", "warnings", "error")


@pytest.fixture(autouse=True)
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("HARNESS_WEIGHTS", str(tmp_path / "weights"))
    (tmp_path / "weights").mkdir()
    registry.plugins().add_file(Path(networks.__file__))
    networks.SEEN.clear()
    yield
    forget("networks")


def loaded() -> Any:
    """The plugin as it was loaded, which is another module than the one imported here."""
    return registry.plugins().manager.get_plugin("networks")


def logits(results: Any, number: int = 0) -> np.ndarray:
    return results.predictions(results[number]).filter(like="logit.").to_numpy()


def done(results: Any) -> dict[str, Any]:
    (result,) = results
    assert {key: result[key] for key in ROW} == {"status": "done", "warnings": [], "error": None}
    return dict(result)


def error(results: Any) -> str:
    (result,) = results
    assert result["status"] == "failed"
    return str(result["error"])


def cube_weights(folder: Path, scale: float = 1.0) -> Path:
    torch.manual_seed(0)
    body = torch.nn.Sequential(torch.nn.Conv3d(3, 4, 3, stride=2), torch.nn.BatchNorm3d(4))
    state = {name: tensor * scale for name, tensor in body.state_dict().items() if tensor.ndim}
    save_file({**state, "1.num_batches_tracked": torch.tensor(0)}, folder / "weights" / "toy-cube.safetensors")
    return folder / "weights" / "toy-cube.safetensors"


# --- encoders


@pytest.mark.parametrize("method", ["on-frames", "on-clips", "on-vector"])
def test_features_of_any_encoder_are_cached_and_equal_those_without_a_cache(
    method: str, toy_bench: Bench, tmp_path: Path
) -> None:
    plain = {method: {"input.augmentation": []}}  # so that each epoch sees the same pixels
    first = toy_bench(methods=method, set=plain)
    result = done(first)
    assert (result["backbone"]["weights"], len(result["backbone"]["code"])) == ("random", 64)
    views = [json.loads(file.read_text()) for file in (tmp_path / "cache" / "features").glob("*/view.json")]
    assert {view["backbone"]["name"] for view in views} == {registry.method(method).spec.backbone}
    uncached = toy_bench(methods=method, set=plain, no_cache=True, out=tmp_path / "uncached")
    np.testing.assert_allclose(logits(uncached), logits(first), atol=1e-5)
    assert len(np.unique(logits(first), axis=0)) == len(logits(first))


def test_each_encoder_has_features_of_its_own(toy_bench: Bench, tmp_path: Path) -> None:
    alone = toy_bench(methods="on-clip", out=tmp_path / "alone")
    both = toy_bench(methods="on-frames,on-clip", out=tmp_path / "both")
    assert [result["status"] for result in both] == ["done", "done"]
    row = next(i for i, result in enumerate(both) if result["method"] == "on-clip")
    np.testing.assert_array_equal(logits(both, row), logits(alone))


@pytest.mark.parametrize(
    ("method", "told"),
    [
        ("on-random", "gives other features when the same clip is encoded again: is it random?"),
        ("on-flat", r"backbone 'toy-flat' gives features of shape (1, 1); it has to map (N, 3, H, W) to (N, D)"),
        ("on-infinite", "backbone 'toy-infinite' gives features that are not finite"),
        ("on-broken", "backbone 'toy-broken' cannot be built: RuntimeError: broken on purpose"),
        ("on-number", "backbone 'toy-number': build returned a int, which is no torch.nn.Module"),
    ],
)
def test_an_encoder_that_cannot_be_believed_fails_its_job(method: str, told: str, toy_bench: Bench) -> None:
    assert told in error(toy_bench(methods=method))


def test_weights_of_an_encoder_are_its_identity(toy_bench: Bench, tmp_path: Path) -> None:
    ids, outcomes = [], []
    for seed in (1, 2):
        torch.manual_seed(seed)
        torch.save({"state_dict": networks.frames(None).state_dict(), "epoch": 3}, tmp_path / "weights" / "toy-net.pt")
        results = toy_bench(methods="on-declared")
        result = done(results)
        file = tmp_path / "weights" / "toy-net.pt"
        assert result["backbone"]["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
        ids.append(result["id"])
        outcomes.append(logits(results))
    assert ids[0] != ids[1]
    assert not np.array_equal(*outcomes)
    assert str(tmp_path) not in json.dumps({k: v for k, v in result.items() if k != "path"})


# --- a network and weights of a method's own


def test_a_method_may_bring_all_of_its_network(toy_bench: Bench, tmp_path: Path) -> None:
    file = cube_weights(tmp_path)
    result = done(toy_bench(methods="cube", backbone="ViT-B-32:openai"))  # which is not here, and not asked for
    assert result["backbone"] == {"name": "none", "weights": "", "sha256": ""}
    assert result["weights"] == {"toy-cube": hashlib.sha256(file.read_bytes()).hexdigest()}
    assert (result["input"]["size"], result["facts"]["family"]) == (networks.SIZE, "3D network")
    assert not (tmp_path / "cache" / "features").exists() or not list((tmp_path / "cache" / "features").glob("*/*.npy"))


def test_other_contents_of_a_file_are_another_job(toy_bench: Bench, tmp_path: Path) -> None:
    cube_weights(tmp_path)
    first = toy_bench(methods="cube")
    cube_weights(tmp_path, scale=2.0)
    second = toy_bench(methods="cube")
    assert done(first)["id"] != done(second)["id"]
    assert not np.array_equal(logits(first), logits(second))


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("undeclared", "weights 'other' are not declared in the method's spec"),
        ("backbone", "this method's spec says backbone='none', so it gets none"),
    ],
)
def test_what_a_spec_does_not_say_is_not_given(kind: str, told: str, toy_bench: Bench, tmp_path: Path) -> None:
    cube_weights(tmp_path)
    assert told in error(toy_bench(methods="cube", set={"cube": {"kind": kind}}))


def test_weights_that_are_not_read_are_said(toy_bench: Bench, tmp_path: Path) -> None:
    cube_weights(tmp_path)
    (result,) = toy_bench(methods="cube", set={"cube": {"kind": "unread"}})
    assert result["warnings"] == ["its spec declares weights 'toy-cube', which it did not read"]


def test_code_in_a_file_of_weights_is_not_run(toy_bench: Bench, tmp_path: Path) -> None:
    mark = tmp_path / "mark"

    class Hostile:
        def __reduce__(self) -> Any:
            return Path.touch, (mark,)

    torch.save({"body": Hostile()}, tmp_path / "weights" / "toy-cube.pt")
    with pytest.raises(HarnessError, match="it holds other objects than tensors, which could run code"):
        toy_bench(methods="cube")
    assert not mark.exists()


def test_a_method_that_is_fed_by_what_it_trains_is_refused(toy_bench: Bench) -> None:
    assert "feeds the method without gradients" in error(toy_bench(methods="fed-by-trained"))


def test_names_of_the_contract_are_kept_free(toy_bench: Bench) -> None:
    assert "keeps something of its own as 'step'" in error(toy_bench(methods="named"))


def test_what_a_job_changes_of_its_process_is_put_back_and_said(toy_bench: Bench, tmp_path: Path) -> None:
    alone = toy_bench(methods="on-frames", out=tmp_path / "alone")
    (rude,) = toy_bench(methods="rude")
    (warning,) = rude["warnings"]
    assert "it changed torch's precision of matrix products, torch's number of threads of the process" in warning
    assert torch.get_float32_matmul_precision() == "highest"
    np.testing.assert_array_equal(logits(toy_bench(methods="on-frames")), logits(alone))


def test_no_smaller_parts_of_a_batch_that_is_normalised_as_a_whole(toy_bench: Bench, tmp_path: Path) -> None:
    cube_weights(tmp_path)
    told = error(toy_bench(methods="cube", set={"cube": {"kind": "memory"}}))
    assert "no batch can be split, since its loss or its normalisation is over all its clips" in told


# --- what a step sees


def test_a_step_sees_where_it_is(toy_bench: Bench) -> None:
    done(toy_bench(methods="steps"))
    seen = [batch for batch in loaded().SEEN if batch.stage]
    steps = 3  # 12 training clips, 4 a step
    taken = [(batch.stage, batch.epoch) for batch in seen[: 3 * steps]]
    assert taken == [("head", 0)] * steps + [("head", 1)] * steps + [("again", 0)] * steps
    assert [batch.progress for batch in seen[: 2 * steps]] == pytest.approx(np.arange(6) / 6)
    assert [batch.progress for batch in seen[2 * steps : 3 * steps]] == pytest.approx(np.arange(3) / 3)
    for epoch in (seen[:steps], seen[steps : 2 * steps]):
        ids = [clip for batch in epoch for clip in batch.ids]
        labels = [label for batch in epoch for label in batch.labels.tolist()]
        assert sorted(ids) == sorted(set(ids))
        assert [int(clip) % 3 for clip in ids] == labels
        assert all(batch.targets is None for batch in epoch)


def test_what_is_random_in_a_step_is_the_same_in_every_run_and_another_at_every_step(
    toy_bench: Bench, tmp_path: Path
) -> None:
    first = toy_bench(methods="steps")
    states = [batch.generator.get_state() for batch in loaded().SEEN if batch.stage]
    loaded().SEEN.clear()
    second = toy_bench(methods="steps", out=tmp_path / "again")
    again = [batch.generator.get_state() for batch in loaded().SEEN if batch.stage]
    assert all(torch.equal(a, b) for a, b in zip(states, again, strict=False))
    assert len({tuple(state.tolist()) for state in states[:9]}) == 9
    np.testing.assert_array_equal(logits(first), logits(second))
    other = toy_bench(methods="steps", seeds="2", out=tmp_path / "other")
    assert not np.array_equal(logits(first), logits(other))


@pytest.mark.parametrize(
    ("kind", "told"),
    [("none", "step returned a NoneType"), ("vector", r"shape (3,)"), ("free", "a scalar that depends on a parameter")],
)
def test_a_step_has_to_give_a_loss(kind: str, told: str, toy_bench: Bench) -> None:
    assert told in error(toy_bench(methods="steps", set={"steps": {"kind": kind}}))


def test_extras_are_the_methods_own(toy_bench: Bench) -> None:
    result = done(toy_bench(methods="extras"))
    assert result["cost"]["gflops_train"] > 0
    assert "error" not in result["cost"]


def test_a_forward_that_returns_a_tuple_is_told_what_to_return(toy_bench: Bench) -> None:
    assert "forward returned a tuple" in error(toy_bench(methods="extras", set={"extras": {"kind": "tuple"}}))


# --- before training


def test_the_training_part_is_looked_at_once_before_training(toy_bench: Bench) -> None:
    results = toy_bench(methods="prototypes")
    done(results)
    frame = results.predictions(results[0])
    assert frame["label"].eq(frame["prediction"]).mean() > 0.5  # chance is a third


def test_what_prepare_sees_are_the_training_clips_in_order(toy_bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    original = loaded().Prototypes.prepare

    def look(self: Any, train: Any) -> None:
        seen.append(([clip for batch in train for clip in batch.ids], train.labels.tolist()))
        original(self, train)
        seen.append(self.calls)

    monkeypatch.setattr(loaded().Prototypes, "prepare", look)
    done(toy_bench(methods="prototypes"))
    (ids, labels), calls = seen
    assert ids == [f"{number:03d}" for number in range(1, 24, 2)]  # fold 1 tests the even ones
    assert labels == [number % 3 for number in range(1, 24, 2)]
    assert calls == [(False, False, 12)]


def test_a_spec_that_does_not_say_it_prepares_is_warned(toy_bench: Bench) -> None:
    (result,) = toy_bench(methods="unsaid")
    assert any("`prepares` and its class contradict each other" in text for text in result["warnings"])


def test_parameters_made_from_the_training_clips_are_trained_and_stored(toy_bench: Bench) -> None:
    result = done(toy_bench(methods="cache", save_weights=True))
    stored = load_file(Path(result["path"]) / "weights.safetensors")
    assert {name: tuple(tensor.shape) for name, tensor in stored.items()} == {"keys": (12, 6), "values": (12, 3)}


def test_prepare_replaces_no_module(toy_bench: Bench) -> None:
    assert "prepare replaced head" in error(toy_bench(methods="cache", set={"cache": {"kind": "module"}}))


def test_weights_that_are_not_all_of_a_method_are_not_stored(toy_bench: Bench) -> None:
    (result,) = toy_bench(methods="cache", set={"cache": {"kind": "number"}}, save_weights=True)
    assert result["status"] == "done"
    (warning,) = result["warnings"]
    assert "its weights are not stored, since the method is not rebuilt from them: it predicts otherwise" in warning
    assert not (Path(result["path"]) / "weights.safetensors").exists()


def test_nothing_is_downloaded_for_what_is_here(toy_bench: Bench, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(weights_files, "_download", lambda spec: pytest.fail(f"{spec.name} was asked for"))
    cube_weights(tmp_path)
    done(toy_bench(methods="cube"))
