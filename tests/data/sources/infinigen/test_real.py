"""The source against a real Blender: silhouettes, depth, sizes, colours, rooms. Skipped where there is none.

SHAPESHOT_BLENDER_PYTHON names the Python that `shapeshot data setup-blender` made.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from shapeshot.data.build import build_dataset
from shapeshot.data.build_options import BuildOptions
from shapeshot.data.dataset import Dataset
from shapeshot.data.sources import make_source

PYTHON = os.environ.get("SHAPESHOT_BLENDER_PYTHON", "")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not PYTHON, reason="needs Blender: `shapeshot data setup-blender`, then SHAPESHOT_BLENDER_PYTHON"
    ),
]
OPTIONS = BuildOptions(views=4, rooms=1, size=96, samples=8, split="train")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    source = make_source("infinigen", count=3, python=PYTHON, factories=["Chair", "Sofa", "Monitor"])
    return build_dataset(source, tmp_path_factory.mktemp("made") / "set", OPTIONS, workers=1, progress=False)


@pytest.mark.parametrize("name", ["chair", "sofa", "monitor"])
def test_pictures_show_the_mesh_where_the_cameras_say(built: Dataset, name: str) -> None:
    """Alpha against rays cast at the stored mesh, which know nothing of Blender."""
    sample = built.sample(f"{name}-0000000")
    geometry = sample.geometry
    assert geometry is not None
    for index in range(4):
        covered = sample.view(index)[:, :, 3].reshape(48, 2, 48, 2).mean(axis=(1, 3)) > 127
        hit = np.isfinite(geometry.front[index])
        assert (covered & hit).sum() / (covered | hit).sum() > 0.93


def test_sizes_are_metres(built: Dataset) -> None:
    for name, longest in (("chair", (0.7, 1.3)), ("sofa", (1.0, 4.0)), ("monitor", (0.3, 1.0))):
        size = built.sample(f"{name}-0000000").info.size_metres
        assert size is not None
        assert longest[0] < max(size) < longest[1]


def test_a_monitor_faces_the_front(built: Dataset) -> None:
    """Its screen glows; its back does not: the colours of points towards +z vary, those towards -z hardly."""
    sample = built.sample("monitor-0000000")
    high = sample.points[:, 1] > 0
    spread = [sample.colors[high & (sign * sample.normals[:, 2] > 0.9)].std(axis=0).mean() for sign in (1, -1)]
    assert spread[0] > 2 * spread[1]


def test_a_room_is_all_round(built: Dataset) -> None:
    for object_id in built.ids():
        sample = built.sample(object_id)
        assert sample.rooms == (False, False, False, True)
        view = sample.view(3)
        outside = view[view[:, :, 3] == 0]
        assert len(outside)
        assert outside[:, :3].std() > 5


def test_made_again_it_is_the_same(built: Dataset, tmp_path: Path) -> None:
    """In another worker, after other objects: the pictures to the bit; meshes are Infinigen's, see docs/datasets.md."""
    source = make_source("infinigen", count=2, python=PYTHON, factories=["Monitor", "Sofa"])
    again = build_dataset(source, tmp_path / "set", OPTIONS, workers=1, progress=False)
    for object_id in again.ids():
        assert again.sample(object_id).encoded_views() == built.sample(object_id).encoded_views()
        np.testing.assert_array_equal(again.sample(object_id).vertices, built.sample(object_id).vertices)
