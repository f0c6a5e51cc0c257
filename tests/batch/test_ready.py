"""The size of what nobody measured."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import trimesh

from shapeshot.batch.ready import assumed_scale
from shapeshot.geometry import Mesh

BOX = trimesh.creation.box((0.5, 0.8, 0.2))
SHAPE = Mesh(BOX.vertices, BOX.faces)


def test_the_longest_side_is_a_metre_where_nothing_is_known() -> None:
    factor, source = assumed_scale(SimpleNamespace(mesh=SHAPE))
    assert factor == pytest.approx(1 / 0.8)
    assert source == "longest side 1 m"


def test_an_estimate_is_used_where_the_model_has_one() -> None:
    def scale(extents: np.ndarray) -> float:
        np.testing.assert_allclose(extents, [0.5, 0.8, 0.2], rtol=1e-6)
        return 1.5

    estimate = SimpleNamespace(scale=scale)
    assert assumed_scale(SimpleNamespace(mesh=SHAPE, size_estimate=estimate)) == (1.5, "estimate")
