"""Multiply-adds worked out by hand."""

from __future__ import annotations


def vit(tokens: int, width: int, layers: int, patch: int, joint: int) -> int:
    """A ViT's multiply-adds on one square image: patches, layers, projection."""
    linear = 12 * tokens * width**2  # queries, keys, values, output; 4 times as wide feed-forward
    attention = 2 * tokens**2 * width
    return (tokens - 1) * 3 * patch**2 * width + layers * (linear + attention) + width * joint


def text_tower(tokens: int, width: int, layers: int, joint: int) -> int:
    return layers * (12 * tokens * width**2 + 2 * tokens**2 * width) + width * joint
