"""Features from the cache are the encoder's own, are computed once, and never outlive the encoder that they are of."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from kind_settings import model_of_kind, run_of_kind

from shapeshot.lab.checkpoint import load_checkpoint
from shapeshot.lab.encoders import ENCODERS, Encoder
from shapeshot.lab.loading.batches import plain_pixels
from shapeshot.lab.loading.feature_cache import cache_folder, cached_features, encoder_digest
from shapeshot.lab.loading.training_set import TrainingObject, TrainingSet
from shapeshot.lab.run_folder import LAST
from shapeshot.lab.runs import BEST
from shapeshot.lab.train import Run, train
from shapeshot.lab.train_config import TrainConfig


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    torch.manual_seed(0)
    return ENCODERS["efficientnet-lite0"]("none", image_size=32)


@pytest.fixture(scope="module")
def objects(tiny_data: str) -> list[TrainingObject]:
    return TrainingSet([tiny_data], "train", progress=False).objects[:3]


def refuse(*_: object) -> None:
    raise AssertionError("the encoder ran again")


@pytest.mark.parametrize("mirrored", [False, True])
def test_they_are_what_the_encoder_sees(
    encoder: Encoder, objects: list[TrainingObject], mirrored: bool, tmp_path: Path
) -> None:
    features = cached_features(encoder, objects, tmp_path, want_tokens=True, progress=False)
    for index, item in enumerate(objects):
        pixels = plain_pixels(item.views, 32)
        with torch.no_grad():
            seen = encoder.eval()(pixels.flip(-1) if mirrored else pixels)
        for view in range(len(item.views)):
            found = features.example(index, view, mirrored)
            np.testing.assert_allclose(found["pooled"], seen.pooled[view], atol=1e-5)
            np.testing.assert_allclose(found["tokens"], seen.tokens[view], rtol=1e-3, atol=1e-4)  # kept as float16


def test_the_second_time_the_encoder_does_not_run(
    encoder: Encoder, objects: list[TrainingObject], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = cached_features(encoder, objects, tmp_path, progress=False)
    monkeypatch.setattr(encoder, "forward", refuse)
    second = cached_features(encoder, objects[::-1], tmp_path, progress=False)
    for one, other in zip(first.pooled, second.pooled[::-1], strict=True):
        np.testing.assert_array_equal(one, other)
    assert first.tokens is None
    with pytest.raises(AssertionError, match="ran again"):  # pooled vectors alone are no tokens
        cached_features(encoder, objects, tmp_path, want_tokens=True, progress=False)


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY", b"not an array"])
def test_a_damaged_file_is_made_again(
    encoder: Encoder, objects: list[TrainingObject], tmp_path: Path, damage: bytes
) -> None:
    good = cached_features(encoder, objects, tmp_path, progress=False)
    damaged = sorted(tmp_path.rglob("*.pooled.npy"))[0]
    damaged.write_bytes(damage)
    again = cached_features(encoder, objects, tmp_path, progress=False)
    for one, other in zip(good.pooled, again.pooled, strict=True):
        np.testing.assert_array_equal(one, other)
    assert len(damaged.read_bytes()) > len(damage)


def test_a_pickle_in_the_cache_is_not_executed(encoder: Encoder, objects: list[TrainingObject], tmp_path: Path) -> None:
    cached_features(encoder, objects[:1], tmp_path, progress=False)
    (file,) = tmp_path.rglob("*.pooled.npy")
    np.save(file, np.array([Tripwire()], dtype=object), allow_pickle=True)
    cached_features(encoder, objects[:1], tmp_path, progress=False)
    assert not Tripwire.touched


class Tripwire:
    """Says so where somebody unpickles it."""

    touched = False

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return setattr, (Tripwire, "touched", True)


def test_another_encoder_has_another_name(encoder: Encoder) -> None:
    trained = copy.deepcopy(encoder)
    with torch.no_grad():
        next(trained.parameters()).flatten()[0] += 1e-6
    larger = ENCODERS["efficientnet-lite0"]("none", image_size=64)
    larger.load_state_dict(encoder.state_dict())
    assert len({encoder_digest(encoder), encoder_digest(trained), encoder_digest(larger)}) == 3
    assert encoder_digest(copy.deepcopy(encoder)) == encoder_digest(encoder)


def test_the_folder_is_the_users_choice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert cache_folder().name.startswith("cache")  # of the tests
    monkeypatch.delenv("SHAPESHOT_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "shapeshot"


@pytest.mark.parametrize("kind", ["point", "field"])
def test_a_frozen_run_leaves_the_encoder_and_resumes_exactly(
    tiny_config: TrainConfig, kind: str, tmp_path: Path
) -> None:
    settings = {**vars(tiny_config.model), "update_statistics": False, "num_points": 16}
    model = model_of_kind(kind, **settings)
    config = run_of_kind(**{**vars(tiny_config), "model": model, "freeze_encoder": True})
    train(config, tmp_path / "whole", progress=False)
    train(config, tmp_path / "parts", progress=False, stop_after=2)
    middle = load_checkpoint(tmp_path / "parts" / LAST).tensors["model"]
    train(config, tmp_path / "parts", progress=False)
    whole, parts = (load_checkpoint(tmp_path / name / LAST).tensors["model"] for name in ("whole", "parts"))
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    for name, tensor in middle.items():
        if name.startswith("encoder."):
            assert torch.equal(tensor, whole[name])
    assert any(not torch.equal(middle[name], whole[name]) for name in whole if name.startswith("decoder."))
    assert (tmp_path / "whole" / BEST).is_file()


def test_a_frozen_encoder_is_validated_with_the_mirror(tiny_config: TrainConfig, tmp_path: Path) -> None:
    """The score of a frozen run is that of its model as it predicts from pixels, which reads the mirror image too."""
    model = replace(tiny_config.model, mirror=True)
    run = Run(replace(tiny_config, model=model, freeze_encoder=True), tmp_path, progress=False)
    pixels = plain_pixels(TrainingSet(run.config.data, "val", 1, False).objects[0].views, run.model.image_size)
    with torch.no_grad():
        frozen, whole = run.ema.read(run.val_inputs[0]), run.ema(pixels)
        alone = run.ema.decode(run.ema.encoder(pixels))
    torch.testing.assert_close(frozen, whole)
    assert (alone - whole).abs().max() > 1e-3  # else there was nothing to forget
