"""Blender itself opens what we write: sizes, axes and colours as docs/formats.md says, by the importers' defaults.

SHAPESHOT_BLENDER_PYTHON names a Python with Blender as its module `bpy`, such as `shapeshot data setup-blender` makes.
SHAPESHOT_PICTURES names a folder to keep the rendered pictures in, to be looked at.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shapeshot.export import write_shape
from shapeshot.export.colors import to_linear
from shapeshot.geometry import Mesh
from shapeshot.geometry.isosurface import isosurface

PYTHON = os.environ.get("SHAPESHOT_BLENDER_PYTHON", "")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not PYTHON, reason="needs Blender: `shapeshot data setup-blender`, then SHAPESHOT_BLENDER_PYTHON"
    ),
]
SCRIPT = Path(__file__).parents[1] / "helpers" / "in_blender.py"
SUFFIXES = ("glb", "obj", "ply", "stl", "usdz")
# Blender has z up and looks along +y at fronts. Its glTF, OBJ and USD importers turn y up into z up; PLY and STL say no
# axes and are taken as they are.
TURNED = ("glb", "obj", "usdz")


def chair() -> Mesh:
    """A seat with a back behind it and one arm, on its own right: no two axes and no two sides are alike; in metres."""
    x, y, z = np.meshgrid(*[(np.arange(40) + 0.5) / 40 - 0.5] * 3, indexing="ij")

    def box(middle: tuple[float, float, float], half: tuple[float, float, float]) -> np.ndarray:
        return np.min([h - np.abs(axis - m) for axis, m, h in zip((x, y, z), middle, half, strict=True)], axis=0)

    boxes = (
        box((0, -0.3, 0), (0.25, 0.15, 0.4)),
        box((0, 0, -0.3), (0.25, 0.45, 0.1)),
        box((0.2, -0.1, 0), (0.06, 0.12, 0.35)),
    )
    vertices, faces = isosurface(np.max(boxes, axis=0).astype(np.float32), 0.0, -0.5 + 0.5 / 40, 1 / 40)
    colors = np.clip(
        np.stack([vertices[:, 0] * 1.6 + 0.5, vertices[:, 1] + 0.5, 0.2 + 0 * vertices[:, 2]], axis=1), 0, 1
    )
    return Mesh(vertices, faces, colors)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The chair in every format, imported and drawn by one Blender."""
    place = tmp_path_factory.mktemp("blender")
    for suffix in SUFFIXES:
        if suffix == "usdz":
            pytest.importorskip("pxr", reason="needs the extra `usd`")
        write_shape(chair(), place / f"chair.{suffix}", in_metres=True)
    files = [str(place / f"chair.{suffix}") for suffix in SUFFIXES]
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    done = subprocess.run([PYTHON, str(SCRIPT), *files], capture_output=True, text=True, timeout=600, env=clean)
    assert done.returncode == 0, done.stderr[-3000:]
    return place


def imported(folder: Path, suffix: str) -> Any:
    return np.load(folder / f"chair.{suffix}.seen.npz", allow_pickle=False)


def expected_points(suffix: str) -> np.ndarray:
    x, y, z = chair().vertices.astype(np.float64).T * (1000 if suffix == "stl" else 1)
    return np.stack([x, -z, y] if suffix in TURNED else [x, y, z], axis=1)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_size_and_axes_are_as_intended(folder: Path, suffix: str) -> None:
    found, expected = imported(folder, suffix), expected_points(suffix)
    size = np.ptp(expected, axis=0).max()
    np.testing.assert_allclose(found["points"].min(axis=0), expected.min(axis=0), atol=1e-5 * size)
    np.testing.assert_allclose(found["points"].max(axis=0), expected.max(axis=0), atol=1e-5 * size)
    assert len(found["faces"]) == len(chair().faces)
    # Not only the box: the back and the arm are where they belong.
    np.testing.assert_allclose(found["points"].mean(axis=0), expected.mean(axis=0), atol=1e-4 * size)


@pytest.mark.parametrize("suffix", [suffix for suffix in SUFFIXES if suffix != "stl"])
def test_colours_are_as_intended(folder: Path, suffix: str) -> None:
    found, expected = imported(folder, suffix), expected_points(suffix)
    assert len(found["colors"]) == len(found["points"])
    nearest = np.array([((expected - point) ** 2).sum(axis=1).argmin() for point in found["points"]])
    linear = to_linear(chair().colors)[nearest]
    np.testing.assert_allclose(found["colors"], linear, atol=0.012)  # a step of 8 bits in bright sRGB


@pytest.mark.parametrize("suffix", ["obj", "usdz"])
def test_textures_are_found(folder: Path, suffix: str) -> None:
    assert len(imported(folder, suffix)["images"]) >= 1


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_picture_shows_it(folder: Path, suffix: str) -> None:
    picture = folder / f"chair.{suffix}.png"
    if keep := os.environ.get("SHAPESHOT_PICTURES"):
        Path(keep).mkdir(parents=True, exist_ok=True)
        shutil.copy(picture, keep)
    levels = np.asarray(Image.open(picture).convert("L")).astype(int)
    assert np.ptp(levels) > 60
