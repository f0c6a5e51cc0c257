"""What `encode_glb` wrote is read again as it was."""

from __future__ import annotations

import numpy as np
import pytest

from shapeshot.errors import MeshError
from shapeshot.export.glb import encode_glb
from shapeshot.export.own_glb import decode_glb
from shapeshot.geometry import Mesh
from shapeshot.geometry.isosurface import isosurface


@pytest.mark.parametrize("colored", [True, False])
def test_there_and_back(colored: bool) -> None:
    rng = np.random.default_rng(0)
    vertices, faces = isosurface(rng.standard_normal((6, 6, 6)), 0.3, -0.4, 0.13)
    mesh = Mesh(vertices, faces, rng.random((len(vertices), 3)) if colored else None)
    found = decode_glb(encode_glb(mesh), "a.glb")
    np.testing.assert_array_equal(found.vertices, mesh.vertices)
    np.testing.assert_array_equal(found.faces, mesh.faces)
    if colored:
        np.testing.assert_allclose(found.colors, mesh.colors, atol=2e-4)
    else:
        assert found.colors is None


def test_every_cut_is_told() -> None:
    content = encode_glb(Mesh(np.eye(3), [[0, 1, 2]]))
    for length in range(0, len(content) - 4, 7):
        with pytest.raises(MeshError, match=r"a\.glb"):
            decode_glb(content[:length], "a.glb")
