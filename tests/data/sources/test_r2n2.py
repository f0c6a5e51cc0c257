"""R2N2: its own pictures and voxels, turned to our axes and otherwise as they are published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shapeshot.data.build import build_dataset
from shapeshot.data.build_options import BuildOptions
from shapeshot.data.dataset import Dataset
from shapeshot.data.queries import PackedSolid
from shapeshot.data.solids.solid import downsample_occupancy
from shapeshot.data.sources import make_source
from shapeshot.data.sources.r2n2 import read_cameras
from shapeshot.errors import DatasetError, UserError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, published: Any) -> Path:
    path = tmp_path_factory.mktemp("r2n2")
    published.r2n2(path)
    published.shapenet(path / "meshes", version=1)
    return path


@pytest.fixture(scope="module")
def built(folder: Path) -> Dataset:
    source = make_source("r2n2", folder=folder, split_files=[folder / "splits.json"])
    return build_dataset(source, folder / "built", BuildOptions(views=2), workers=1, progress=False)


def test_the_occupancy_is_the_published_one(built: Dataset, published: Any) -> None:
    for index, height in enumerate((0.8, 0.9, 1.0)):
        solid = built.sample(f"03001627_model{index}").solid
        np.testing.assert_array_equal(downsample_occupancy(solid), published.chair_voxels(height))
        assert not solid.all(axis=(0, 1)).any()


def test_the_views_are_the_published_pictures(built: Dataset, folder: Path) -> None:
    sample = built.sample("03001627_model1")
    assert sample.num_views == 2
    assert sample.geometry is None  # the distances of their cameras are in another unit
    for view in range(2):
        rgba = np.asarray(Image.open(folder / f"ShapeNetRendering/03001627/model1/rendering/{view:02d}.png"))
        np.testing.assert_array_equal(sample.view(view)[..., 3], rgba[..., 3])
        seen = rgba[..., 3] > 0
        assert np.abs(sample.view(view)[seen].astype(int) - rgba[seen]).mean() < 4, "WebP, but the same picture"


def test_the_published_split_is_kept(built: Dataset) -> None:
    assert built.counts() == {"train": 4, "val": 1, "test": 1, "test-unseen": 0}
    assert built.ids("test") == ["03001627_model5"]


def test_surface_points_lie_on_the_voxels(built: Dataset) -> None:
    sample = built.sample("03001627_model0")
    on_a_wall = np.abs((sample.points + 0.5) * 32 - np.rint((sample.points + 0.5) * 32)).min(axis=1)
    assert on_a_wall.max() < 1e-4
    assert np.ptp(sample.vertices, axis=0).max() == pytest.approx(26 / 32)


def test_surfaces_may_come_from_shapenet(folder: Path) -> None:
    """Every side of the mesh is sampled, also where it lies deep inside of a published cell."""
    source = make_source("r2n2", folder=folder, shapenet=folder / "meshes", categories=["chair"])
    dataset = build_dataset(source, folder / "with-meshes", BuildOptions(views=1, split="train"), 1, progress=False)
    sample = dataset.sample("03001627_model2")
    assert len(sample.vertices) == 24, "three boxes, not blocks"
    cells = np.argwhere(downsample_occupancy(sample.solid))
    low, high = cells.min(axis=0) / 32 - 0.5, (cells.max(axis=0) + 1) / 32 - 0.5
    assert (np.abs(sample.points.min(axis=0) - low) < 1 / 32 + 1e-6).all()
    assert (np.abs(sample.points.max(axis=0) - high) < 1 / 32 + 1e-6).all()
    arm = (sample.points[:, 0] > 0.19) & (sample.points[:, 1] > -0.08) & (sample.points[:, 2] > 0)
    assert arm.mean() > 0.02, "the arm is on the right-hand side"


def test_cameras() -> None:
    """By hand in ShapeNet's axes, where azimuth 0 looks from +x and 90 from +z; there our x is -z and our z is x."""
    front, side = read_cameras(b"0 0 0 0.8 25\n90 30 0 1 25\n", "m")
    np.testing.assert_allclose(front.origin, [0, 0, 0.8 * 1.75], atol=1e-9)
    np.testing.assert_allclose(side.origin, 1.75 * np.array([-np.cos(np.pi / 6), 0.5, 0]), atol=1e-9)
    assert front.fov_deg == pytest.approx(49.13, abs=0.01)
    for bad in (None, b"", b"1 2 3\n", b"a b c d e\n", b"nan 0 0 1 25\n", b"\xff\n"):
        with pytest.raises(DatasetError, match="m is missing or no metadata"):
            read_cameras(bad, "m")


def test_what_cannot_be_read_is_named_and_counted(tmp_path: Path, published: Any) -> None:
    names = published.r2n2(tmp_path)
    voxels, pictures = (tmp_path / kind / published.chair for kind in ("ShapeNetVox32", "ShapeNetRendering"))
    (voxels / names[0] / "model.binvox").write_bytes((voxels / names[1] / "model.binvox").read_bytes()[:-8])
    (voxels / names[1] / "model.binvox").unlink()
    (voxels / names[1]).rmdir()
    (pictures / names[2] / "rendering" / "01.png").write_bytes(b"no picture")
    (pictures / names[3] / "rendering" / "00.png").unlink()
    (tmp_path / "secret.binvox").write_bytes((voxels / names[4] / "model.binvox").read_bytes())
    (voxels / names[4] / "model.binvox").unlink()
    (voxels / names[4] / "model.binvox").symlink_to(tmp_path / "secret.binvox")
    source = make_source("r2n2", folder=tmp_path)
    dataset = build_dataset(source, tmp_path / "d", BuildOptions(views=2, split="train"), 1, progress=False)
    assert dataset.ids() == ["03001627_model5"]
    told = {item["name"]: item["reason"] for item in dataset.manifest["unreadable"]}
    assert len(told) == 5
    assert "not the 32768" in told["03001627_model0"]
    assert "ShapeNetVox32" in told["03001627/model1"]
    assert "00.png" in told["03001627_model3"]
    assert "outside" in told["03001627_model4"]


def test_other_folders_and_variants_are_refused(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(DatasetError, match="ShapeNetRendering"):
        make_source("r2n2", folder=tmp_path)
    with pytest.raises(DatasetError, match=r"no such folder: .*gone"):
        make_source("r2n2", folder=folder, shapenet=tmp_path / "gone")
    with pytest.raises(UserError, match="without --variants"):
        build_dataset(make_source("r2n2", folder=folder), tmp_path / "d", BuildOptions(variants=1), progress=False)


def test_training_keeps_a_published_grid_as_small_as_it_is(built: Dataset) -> None:
    pytest.importorskip("torch", reason="needs the extra `train`")
    from shapeshot.lab.loading.training_set import training_object

    sample = built.sample("03001627_model0")
    item = training_object(sample)
    assert item.solid.resolution == 32
    np.testing.assert_array_equal(item.occupancy, downsample_occupancy(sample.solid))
    points = np.random.default_rng(0).uniform(-0.6, 0.6, (5000, 3)).astype(np.float32)
    np.testing.assert_array_equal(item.solid.at(points), PackedSolid.pack(sample.solid).at(points))
