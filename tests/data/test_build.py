"""The dataset builder: reproducible, resumable, complete, and honest about what it could not read."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from shapeshot.data.build import build_dataset
from shapeshot.data.build_options import BuildOptions
from shapeshot.data.dataset import Dataset, training_ids
from shapeshot.data.objects import Material, ObjectInfo, ObjectModel, Part, PublishedViews, Unreadable
from shapeshot.data.sources import make_source
from shapeshot.errors import DatasetError, MeshError, UserError

OPTIONS = BuildOptions(views=2, size=48, samples=2, seed=3)


@dataclass(frozen=True)
class BoxEntry:
    info: ObjectInfo
    size: tuple[float, float, float]
    defect: str = ""

    def load(self) -> ObjectModel:
        if self.defect == "unreadable":
            raise MeshError(f"{self.info.id} cannot be read")
        unit = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)])
        corners = (unit * self.size).astype(np.float32)
        quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
        faces = np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))], np.int32)
        if self.defect == "nan":
            corners[3] = np.nan
        if self.defect == "no faces":
            faces = faces[:0]
        return ObjectModel((Part(corners, faces, Material((0.8, 0.2, 0.1))),))


@dataclass(frozen=True)
class Boxes:
    items: tuple[BoxEntry, ...]
    name: str = "boxes"

    def entries(self) -> tuple[BoxEntry, ...]:
        return self.items

    def unreadable(self) -> tuple[Unreadable, ...]:
        return (Unreadable("lost", "its model file is missing"),)


def boxes(count: int = 3, **defects: str) -> Boxes:
    items = []
    for index in range(count):
        size = (1.0, 2.0, 3.0)
        info = ObjectInfo(f"box-{index}", f"Box {index}", "box", "boxes", "CC0-1.0", "tests", size_metres=size)
        items.append(BoxEntry(info, (1.0, 0.5 + index, 0.7), defects.get(f"box_{index}", "")))
    return Boxes(tuple(items))


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return build_dataset(boxes(), tmp_path_factory.mktemp("data") / "boxes", OPTIONS, workers=1, progress=False)


def test_everything_about_an_object_comes_back(built: Dataset) -> None:
    sample = built.sample("box-1")
    assert sample.info.name == "Box 1"
    assert sample.info.size_metres == (1.0, 2.0, 3.0)
    assert sample.num_views == 2
    assert sample.view(1).shape == (48, 48, 4)
    assert 0.1 < (sample.view(0)[..., 3] > 127).mean() < 0.9
    assert sample.points.shape == sample.normals.shape == (8192, 3)
    np.testing.assert_allclose(np.abs(sample.vertices).max(axis=0), [1 / 3, 0.5, 0.7 / 3], rtol=1e-5)
    assert sample.solid.mean() == pytest.approx((2 / 3) * (1.4 / 3), rel=0.05)


def test_level_cameras_see_the_same_object_from_lower(built: Dataset, tmp_path: Path) -> None:
    options = replace(OPTIONS, views=8, elevation="level")
    level = build_dataset(boxes(), tmp_path / "level", options, workers=1, progress=False)
    low = [camera.elevation_deg for key in level.ids() for camera in level.sample(key).cameras]
    assert max(low) < 25
    assert np.mean(low) < 9
    np.testing.assert_array_equal(level.sample("box-1").solid, built.sample("box-1").solid)
    with pytest.raises(UserError, match="other options"):
        build_dataset(boxes(), tmp_path / "level", replace(options, elevation="standing"), workers=1, progress=False)


def test_pictures_that_a_source_brings_have_the_cameras_that_they_have(tmp_path: Path) -> None:
    @dataclass(frozen=True)
    class Photographed(BoxEntry):
        def views(self, count: int, size: int) -> PublishedViews:
            raise AssertionError("refused before")

    source = Boxes(tuple(Photographed(item.info, item.size) for item in boxes().items))
    with pytest.raises(UserError, match="brings its own pictures; build it without --elevation"):
        build_dataset(source, tmp_path / "d", replace(OPTIONS, elevation="level"), workers=1, progress=False)
    assert not (tmp_path / "d").exists()


def test_an_unknown_elevation_is_refused() -> None:
    with pytest.raises(UserError, match="standing, level"):
        BuildOptions(elevation="flying")


def test_a_plan_lacks_what_came_later() -> None:
    assert {"rooms", "elevation"}.isdisjoint(BuildOptions().to_plan())
    assert BuildOptions(rooms=1, elevation="level").to_plan().items() >= {"rooms": 1, "elevation": "level"}.items()


def test_points_lie_on_the_canonical_box(built: Dataset) -> None:
    sample = built.sample("box-0")
    half = np.ptp(sample.vertices, axis=0) / 2
    distance = np.abs(np.abs(sample.points) - half).min(axis=1)
    assert distance.max() < 1e-5
    assert (np.einsum("ij,ij->i", sample.points, sample.normals) > 0).all()


def test_bytes_do_not_depend_on_the_number_of_workers(tmp_path: Path) -> None:
    source = make_source("procedural", count=3, seed=0)
    for workers in (1, 2):
        build_dataset(source, tmp_path / str(workers), OPTIONS, workers=workers, progress=False)
    assert digests(tmp_path / "1") == digests(tmp_path / "2")


def test_a_killed_build_resumes(built: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from shapeshot.data import build

    packed = []
    original = build.pack_object

    def dies_at_the_third(job: build.Job, options: BuildOptions) -> bytes:
        if len(packed) == 2:
            raise KeyboardInterrupt
        packed.append(job.id)
        return original(job, options)

    monkeypatch.setattr(build, "pack_object", dies_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        build_dataset(boxes(), tmp_path / "d", OPTIONS, workers=1, progress=False)
    with pytest.raises(DatasetError, match="has not finished"):
        Dataset.open(tmp_path / "d")
    packed.clear()
    monkeypatch.setattr(build, "pack_object", lambda job, options: packed.append(job.id) or original(job, options))
    build_dataset(boxes(), tmp_path / "d", OPTIONS, workers=1, progress=False)
    assert packed == ["box-2"]
    assert digests(tmp_path / "d") == digests(built.folder)


def test_a_finished_build_is_opened_and_another_is_refused(built: Dataset) -> None:
    again = build_dataset(boxes(), built.folder, OPTIONS, workers=1, progress=False)
    assert again.ids() == built.ids()
    with pytest.raises(DatasetError, match="other options"):
        build_dataset(boxes(), built.folder, replace(OPTIONS, seed=4), workers=1, progress=False)


def test_unreadable_objects_are_reported_by_name(tmp_path: Path) -> None:
    source = boxes(4, box_0="unreadable", box_1="nan", box_2="no faces")
    dataset = build_dataset(source, tmp_path / "d", OPTIONS, workers=1, progress=False)
    assert dataset.ids() == ["box-3"]
    reported = {item["name"]: item["reason"] for item in dataset.manifest["unreadable"]}
    assert set(reported) == {"lost", "box-0", "box-1", "box-2"}
    assert "NaN" in reported["box-1"]
    assert "no faces" in reported["box-2"]


def test_a_source_without_any_readable_object_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="none of the 1 objects"):
        build_dataset(boxes(1, box_0="nan"), tmp_path / "d", OPTIONS, workers=1, progress=False)


def test_variants_are_stretched_and_stay_in_training(tmp_path: Path) -> None:
    options = replace(OPTIONS, variants=2, split="train", views=1)
    dataset = build_dataset(boxes(2), tmp_path / "d", options, workers=1, progress=False)
    assert len(dataset) == 6
    assert dataset.counts() == {"train": 6, "val": 0, "test": 0, "test-unseen": 0}
    first, varied = dataset.sample("box-0"), dataset.sample("box-0-v1")
    assert varied.record.variant_of == "box-0"
    assert varied.group == first.group
    ratio = np.ptp(varied.vertices, axis=0) / np.ptp(first.vertices, axis=0)
    assert np.ptp(ratio) > 0.02
    assert varied.info.size_metres != first.info.size_metres


def test_everything_can_be_kept_for_validation(tmp_path: Path) -> None:
    options = replace(OPTIONS, variants=1, split="val", views=1)
    dataset = build_dataset(boxes(2), tmp_path / "d", options, workers=1, progress=False)
    assert dataset.counts() == {"train": 0, "val": 2, "test": 0, "test-unseen": 0}
    with pytest.raises(UserError, match="auto, train or val"):
        replace(OPTIONS, split="test")


def test_damaged_datasets_are_refused(built: Dataset, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="holds no dataset"):
        Dataset.open(tmp_path)
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(DatasetError, match="cannot be read"):
        Dataset.open(tmp_path)
    manifest = json.loads((built.folder / "manifest.json").read_text())
    (tmp_path / "manifest.json").write_text(json.dumps(manifest | {"version": 99}))
    with pytest.raises(DatasetError, match="version 99"):
        Dataset.open(tmp_path)
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    shard = (built.folder / "shard-00000.tar").read_bytes()
    (tmp_path / "shard-00000.tar").write_bytes(shard[: len(shard) // 2])
    with pytest.raises(DatasetError, match="truncated"):
        Dataset.open(tmp_path).sample("box-2")


def test_unknown_names_are_refused(built: Dataset) -> None:
    with pytest.raises(DatasetError, match="test-unseen"):
        built.ids("dev")
    with pytest.raises(DatasetError, match="no object"):
        built.sample("box-99")
    with pytest.raises(UserError, match="views"):
        BuildOptions(views=0)


def test_kinds_held_out_by_one_dataset_stay_out_of_all_training(built: Dataset, tmp_path: Path) -> None:
    row = built.manifest["objects"][0]

    def dataset(**splits: str) -> Dataset:
        rows = [row | {"kind": kind.replace("_", " "), "split": split} for kind, split in splits.items()]
        manifest = built.manifest | {"objects": [values | {"id": values["kind"]} for values in rows]}
        return Dataset(built.folder, manifest)

    real = dataset(chair="train", toilet="test-unseen", lamp="test")
    synthetic = dataset(toilet="train", table_lamp="train", bowl="train")
    chosen = [(source is real, key) for source, key in training_ids([real, synthetic])]
    assert chosen == [(True, "chair"), (False, "table lamp"), (False, "bowl")]
