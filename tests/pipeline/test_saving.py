"""`shape.save(path)`: the format by the suffix, sizes as on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from PIL import Image

from shapeshot.errors import ExportError
from shapeshot.pipeline.reconstruct import Reconstruction, reconstruct


@pytest.fixture(scope="module")
def shape(photo: np.ndarray, analytic_field: Any) -> Reconstruction:
    return reconstruct(photo, model=analytic_field(), num_points=300)


@pytest.fixture(scope="module")
def small(photo: np.ndarray, analytic_field: Any) -> Reconstruction:
    return reconstruct(photo, model=analytic_field(), size="height=80mm")


@pytest.mark.parametrize(
    ("name", "tall", "standing"),
    [("a.glb", 0.08, 1), ("a.STL", 80, 1), ("a.ply", 0.08, 1), ("a.obj", 0.08, 1), ("a.3mf", 80, 2)],
)
def test_a_known_size_is_what_readers_read(
    small: Reconstruction, tmp_path: Path, name: str, tall: float, standing: int
) -> None:
    small.save(tmp_path / "new" / name)
    found = trimesh.load(tmp_path / "new" / name, file_type=name[2:].lower(), force="mesh")
    assert found.extents[standing] == pytest.approx(tall, rel=1e-3)


def test_each_form_goes_where_it_fits(shape: Reconstruction, tmp_path: Path) -> None:
    shape.save(str(tmp_path / "a.ply"), form="points")
    assert len(trimesh.load(tmp_path / "a.ply").vertices) == 300
    shape.save(tmp_path / "a.npz")
    assert np.load(tmp_path / "a.npz")["occupancy"].shape == (32, 32, 32)
    shape.save(tmp_path / "a.3mf")  # no size is known: a metre, as on the command line
    assert max(trimesh.load(tmp_path / "a.3mf", force="mesh").extents) == pytest.approx(1000, rel=1e-3)
    with pytest.raises(ExportError, match="point cloud"):
        shape.save(tmp_path / "a.stl", form="points")
    with pytest.raises(ExportError, match="unknown form 'cloud'"):
        shape.save(tmp_path / "a.ply", form="cloud")
    with pytest.raises(ExportError, match=r"unknown file format 'glbb'. Did you mean|glb"):
        shape.save(tmp_path / "a.glbb")


@pytest.mark.parametrize("suffix", ["gif", "webp"])
def test_an_animated_picture_turns(shape: Reconstruction, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    shape.save(path)
    with Image.open(path) as picture:
        assert (picture.format, picture.n_frames, picture.size) == (suffix.upper(), 36, (320, 320))
        assert picture.info["loop"] == 0
    with pytest.raises(ExportError, match="shows the mesh"):
        shape.save(path, form="voxels")
