"""Every feature by which retrieval compares views: a vector that tells views apart, and the same each time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from shapeshot.errors import ModelError, UserError
from shapeshot.evaluation.features import DEFAULT_FEATURES, FEATURES, MODEL, choose_features
from shapeshot.lab.encoders import ENCODERS
from shapeshot.model.heads import Heads
from shapeshot.model.planes import PlanesReading
from shapeshot.model.seen import Seen
from shapeshot.photo import PreparedPhoto

ENCODER_OF = {"imagenet": "efficientnet-lite0"}  # the others are named after their encoder


class Model:
    """Stands in for a FieldModel."""

    image_size = 32

    def see(self, photo: PreparedPhoto) -> Seen:
        planes = np.moveaxis(photo.pixels.reshape(1, 32, 32, 3).astype(np.float32), -1, 1)
        return Seen(photo, PlanesReading(planes, photo.silhouette, None, None), None, Heads(), 0.5)  # type: ignore[arg-type]


def view(half_width: int) -> np.ndarray:
    rgba = np.zeros((64, 64, 4), np.uint8)
    rgba[12:52, 32 - half_width : 32 + half_width] = (180, 90, 10 * half_width, 255)
    return rgba


@pytest.mark.parametrize("name", sorted(FEATURES))
def test_a_feature_is_a_vector_that_tells_views_apart(name: str, tiny_encoders: dict[str, Path]) -> None:
    weights = f"={tiny_encoders[ENCODER_OF.get(name, name)]}" if FEATURES[name].takes_weights else ""
    made = choose_features([name + weights], Model() if name == MODEL else None)  # type: ignore[arg-type]
    assert list(made) == [name]
    wide, again, narrow = (made[name](view(half_width)) for half_width in (18, 18, 5))
    assert wide.ndim == 1
    assert wide.dtype == np.float32
    assert np.isfinite(wide).all()
    np.testing.assert_array_equal(wide, again)
    assert np.abs(wide - narrow).max() > 1e-6


def test_every_encoder_is_a_feature() -> None:
    assert {ENCODER_OF.get(name, name) for name, kind in FEATURES.items() if kind.takes_weights} == set(ENCODERS)
    assert set(DEFAULT_FEATURES) < set(FEATURES)


def test_weights_that_are_not_there_are_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nowhere"):
        choose_features([f"clip={tmp_path / 'nowhere'}"], None)
    with pytest.raises(UserError, match="have no weights"):
        choose_features(["silhouette=some"], None)
