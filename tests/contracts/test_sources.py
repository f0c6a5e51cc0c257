"""Every source in SOURCES keeps the protocol of data/objects.py: what the builder relies on for each of them."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import trimesh
from fake_blender import fake_python
from PIL import Image

from shapeshot.data.objects import SolidEntry, Source, SplitSource, ViewedEntry
from shapeshot.data.solids.object_shape import check_model
from shapeshot.data.sources import SOURCES, make_source
from shapeshot.data.sources.sweethome3d import DEFAULT_FOLDER
from shapeshot.data.splits import SPLITS
from shapeshot.export import encode_shape
from shapeshot.geometry import VoxelGrid

SYNSET = "03001627"


def mesh_file(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    trimesh.creation.box((1, 2, 0.5)).export(path)
    return path


def a_folder(root: Path) -> Source:
    mesh_file(root / "chairs" / "a.obj")
    return make_source("folder", folder=root)


def a_shapenet(root: Path) -> Source:
    mesh_file(root / SYNSET / "a" / "model.obj")
    return make_source("shapenet", folder=root)


def an_r2n2(root: Path) -> Source:
    renderings, voxels = root / "ShapeNetRendering" / SYNSET / "a" / "rendering", root / "ShapeNetVox32" / SYNSET / "a"
    for folder in (renderings, voxels):
        folder.mkdir(parents=True)
    Image.new("RGBA", (40, 40), (90, 90, 90, 255)).save(renderings / "00.png")
    (renderings / "rendering_metadata.txt").write_text("30 20 0 0.8 25\n")
    occupancy = np.zeros((32, 32, 32), bool)
    occupancy[4:28, :, 8:24] = True
    (voxels / "model.binvox").write_bytes(encode_shape(VoxelGrid(occupancy), "binvox"))
    return make_source("r2n2", folder=root)


def a_pix3d(root: Path) -> Source:
    model = mesh_file(root / "model" / "chair" / "a" / "model.obj").relative_to(root)
    for name in ("img.png", "mask.png"):
        Image.new("RGB", (64, 48), (255, 255, 255)).save(root / name)
    (root / "pix3d.json").write_text(
        '[{"img": "img.png", "mask": "mask.png", "category": "chair", "img_size": [64, 48], "bbox": [8, 8, 40, 40],'
        f' "cam_position": [0, 0.5, -2], "focal_length": 35, "model": "{model}"}}]'
    )
    return make_source("pix3d", folder=root)


def a_sweethome3d(root: Path) -> Source:
    if not DEFAULT_FOLDER.is_dir():
        pytest.skip("needs the Debian package sweethome3d-furniture")
    return make_source("sweethome3d", catalogs=sorted(DEFAULT_FOLDER.glob("*.sh3f"))[:1])


def an_infinigen(root: Path) -> Source:
    return make_source("infinigen", count=3, python=fake_python(root))


MADE: dict[str, Callable[[Path], Source]] = {
    "folder": a_folder,
    "procedural": lambda root: make_source("procedural", count=3),
    "sweethome3d": a_sweethome3d,
    "shapenet": a_shapenet,
    "r2n2": an_r2n2,
    "pix3d": a_pix3d,
    "infinigen": an_infinigen,
}


@pytest.fixture(params=sorted(SOURCES))
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    return MADE[request.param](tmp_path)


def test_what_is_known_of_every_object(source: Source) -> None:
    infos = [entry.info for entry in source.entries()]
    assert infos
    assert len({info.id for info in infos}) == len(infos)
    for info in infos:
        assert re.fullmatch(r"[a-z0-9_-]+", info.id)
        assert info.name
        assert info.kind
        assert info.licence
        assert info.source.split("/")[0] == source.name
    assert source.name in SOURCES
    assert list(source.entries()) == list(source.entries()), "listed alike each time"


def test_entries_travel_to_worker_processes_and_load(source: Source) -> None:
    for entry in list(source.entries())[:3]:
        travelled = pickle.loads(pickle.dumps(entry))
        assert travelled == entry
        model = travelled.load()
        check_model(model, entry.info.id)
        for part in model.parts:
            assert part.vertices.dtype == np.float32
            assert part.faces.dtype == np.int32
            assert part.faces.max() < len(part.vertices)


def test_published_views_and_occupancies(source: Source) -> None:
    """Squares with a camera each, none wider than asked; a cube of cells about the model."""
    for entry in list(source.entries())[:1]:
        if isinstance(entry, ViewedEntry):
            views = entry.views(1, 32)
            assert [image.shape for image in views.images] == [(32, 32, 4)]
            assert views.images[0].dtype == np.uint8
            assert len(views.cameras) == 1
        if isinstance(entry, SolidEntry):
            solid = entry.solid()
            assert solid.dtype == bool
            cells = np.argwhere(solid)
            vertices, _ = entry.load().merged()
            np.testing.assert_allclose(vertices.min(axis=0), cells.min(axis=0) / len(solid) - 0.5, atol=1e-6)
            np.testing.assert_allclose(vertices.max(axis=0), (cells.max(axis=0) + 1) / len(solid) - 0.5, atol=1e-6)


def test_splits_are_of_every_object_or_none(source: Source) -> None:
    splits = source.splits() if isinstance(source, SplitSource) else None
    if splits is not None:
        assert set(splits) == {entry.info.id for entry in source.entries()}
        assert set(splits.values()) <= set(SPLITS)
