"""Recipes of one name: what they have in common, and that one from public weights is never run without them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
import torch
from torchvision import models

from harness.models.common_recipes import CLIP_224, SCRATCH_112, pretrained_112
from harness.plugin import registry
from helpers.pixels import built, spec_of

ON_CLIP = ("zero-shot-clip", "coop", "cocoop", "a3lign", "biehpro", "biehpro-baseline")
TRAINED = ("epochs", "batch_size", "learning_rate", "optimizer", "weight_decay", "decay_vectors", "step_epochs")
SEEN = ("frames", "duration", "size", "padding", "normalisation", "augmentation", "crop_scale", "views")
PUBLIC = {  # torchvision's network whose weights a method may start from
    "r3d18": models.video.r3d_18,
    "ec-stfl": models.video.r3d_18,
    "m3dfel": models.video.r3d_18,
    "r2plus1d18": models.video.r2plus1d_18,
    "resnet18-lstm": models.resnet18,
    "resnet18-vit": models.resnet18,
    "vgg13-lstm": models.vgg13,
    "freq-hd": models.vgg13,
}
FILES = {
    "r3d18": models.video.R3D_18_Weights.KINETICS400_V1,
    "ec-stfl": models.video.R3D_18_Weights.KINETICS400_V1,
    "m3dfel": models.video.R3D_18_Weights.KINETICS400_V1,
    "r2plus1d18": models.video.R2Plus1D_18_Weights.KINETICS400_V1,
    "resnet18-lstm": models.ResNet18_Weights.IMAGENET1K_V1,
    "resnet18-vit": models.ResNet18_Weights.IMAGENET1K_V1,
    "vgg13-lstm": models.VGG13_Weights.IMAGENET1K_V1,
    "freq-hd": models.VGG13_Weights.IMAGENET1K_V1,
}
KINETICS = ("r3d18", "ec-stfl", "m3dfel", "r2plus1d18")


def having(recipe: str) -> list[str]:
    return [name for name, spec in registry.methods().items() if recipe in spec.recipes]


def settled(name: str, recipe: str) -> tuple[dict[str, Any], dict[str, Any]]:
    values, seen = spec_of(name).settle(spec_of(name).recipe(recipe))
    return {key: values[key] for key in TRAINED if key in values}, {key: getattr(seen, key) for key in SEEN}


def test_which_methods_have_them() -> None:
    assert set(having("pretrained-112")) == set(PUBLIC)
    assert set(having("clip-224")) == set(ON_CLIP)
    networks = {"c3d", "i3d", "p3d", "r3d18", "ec-stfl", "resnet18-lstm", "m3dfel"}
    authors = {*networks, "former-dfer", "ial", "nr-dfernet", "est"}
    assert set(having("faithful")) == authors


def test_training_from_public_weights_is_the_same_for_all() -> None:
    for name in PUBLIC:
        trained, seen = settled(name, "pretrained-112")
        assert (trained["epochs"], trained["optimizer"], trained["learning_rate"]) == (50, "adamw", 1e-4)
        assert (trained["batch_size"], trained["step_epochs"]) == (32, 20)
        assert (seen["frames"], seen["size"], seen["normalisation"]) == (16, 112, "clip")


@pytest.mark.parametrize("name", PUBLIC)
def test_pixels_are_normed_as_torchvision_does_for_the_weights(name: str) -> None:
    _, seen = spec_of(name).settle(spec_of(name).recipe("pretrained-112"))
    weights: Any = models.video.R3D_18_Weights if name in KINETICS else models.ResNet18_Weights
    prepared = weights.DEFAULT.transforms()
    assert (list(seen.mean), list(seen.std)) == (list(prepared.mean), list(prepared.std))


@pytest.mark.parametrize(("name", "weights"), FILES.items())
def test_the_file_is_named_as_torchvision_names_it(name: str, weights: Any) -> None:
    assert weights.url.rpartition("/")[2] in spec_of(name).starts_from["pretrained-112"]


def test_methods_on_clip_see_the_same_frames() -> None:
    for name in ON_CLIP:
        _, seen = spec_of(name).settle(spec_of(name).recipe("clip-224"))
        assert (seen.frames, seen.size, seen.sampling, seen.padding) == (16, 224, "tsn-legacy", "last")


def test_a_recipe_keeps_when_the_rate_falls() -> None:
    assert SCRATCH_112["step_epochs"] / SCRATCH_112["epochs"] == 0.4
    assert pretrained_112("imagenet")["step_epochs"] / 50 == 0.4
    assert "momentum" not in pretrained_112("imagenet")
    assert "epochs" not in CLIP_224


@pytest.mark.parametrize("name", PUBLIC)
def test_torchvisions_file_fills_all_but_what_it_lacks(name: str) -> None:
    keys = spec_of(name).public_keys
    assert keys is not None
    with torch.device("meta"):
        public = shapes(PUBLIC[name]().state_dict().items())
        own = shapes(built(name, **spec_of(name).recipe("pretrained-112")).state_dict().items())
    renamed = {keys.own_name(key): shape for key, shape in public.items()}
    renamed.pop(None, None)
    assert {key: shape for key, shape in renamed.items() if not keys.is_of_head(str(key))} == {
        key: shape for key, shape in own.items() if not keys.is_of_head(key) and not keys.is_behind(key)
    }


def shapes(state: Iterable[tuple[str, torch.Tensor]]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in state}
