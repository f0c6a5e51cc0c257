"""Runs over folders in this process: what is kept, what is done again, and what the manifest says."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet
import pytest

from shapeshot.folders import Outcome, plan_targets, run_photos
from shapeshot.folders import manifest as manifest_module
from shapeshot.folders.manifest import COLUMNS
from shapeshot.jobs.folder_lock import FolderInUseError, only_run_in, only_writer_of
from shapeshot.model.field_model import FieldModel
from shapeshot.pipeline.options import Options


@pytest.fixture
def run(make_photos: Callable, plan: Callable, shipped_model: FieldModel) -> Callable[..., list[str]]:
    """Runs over three photos; what became of each, in order."""
    photos = make_photos(3)

    def statuses(**options: object) -> list[str]:
        return [outcome.status for outcome in run_photos(plan(photos), shipped_model, Options(**options))]

    return statuses


def rows(tmp_path: Path) -> list[dict]:
    return pyarrow.parquet.read_table(tmp_path / "out/manifest.parquet").to_pylist()


def test_a_second_run_keeps_everything(run: Callable, tmp_path: Path) -> None:
    assert run() == ["done"] * 3
    first = rows(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.json")}
    assert run() == ["kept"] * 3
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert [row | {"outcome": "done"} for row in rows(tmp_path)] == first  # kept photos keep their facts too


def test_only_what_is_missing_or_changed_is_done_again(run: Callable, tmp_path: Path) -> None:
    run()
    (tmp_path / "out/000/voxels.npz").unlink()
    (tmp_path / "photos/001.jpg").write_bytes((tmp_path / "photos/000.jpg").read_bytes())
    os.utime(tmp_path / "photos/002.jpg")  # touched, but the same
    assert run() == ["done", "done", "kept"]
    assert run() == ["kept"] * 3


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"made_from": 3}', '{"made_from": {"photo": {}}}', None])
def test_a_result_json_that_says_nothing_is_made_again(run: Callable, tmp_path: Path, damage: str | None) -> None:
    run()
    path = tmp_path / "out/001/result.json"
    path.unlink() if damage is None else path.write_text(damage)
    assert run() == ["kept", "done", "kept"]
    assert json.loads(path.read_text())["photo"] == "001.jpg"


def test_other_options_or_another_model_do_it_again(
    run: Callable, plan: Callable, shipped_model: FieldModel, tmp_path: Path
) -> None:
    run()
    assert run(num_points=99) == ["done"] * 3
    assert run(num_points=99, size="height=1m") == ["done"] * 3
    assert {row["unit"] for row in rows(tmp_path)} == {"metre"}
    assert [row["height"] for row in rows(tmp_path)] == pytest.approx([1, 1, 1])
    folder = replace(shipped_model.folder, card=shipped_model.card | {"name": "other"})
    other = FieldModel(folder, num_threads=1)
    again = run_photos(plan(tmp_path / "photos"), other, Options(num_points=99, size="height=1m"))
    assert [outcome.status for outcome in again] == ["done"] * 3


def test_the_total_is_all_of_the_time(run: Callable, tmp_path: Path) -> None:
    """Reading and writing, too: no stage is left out, and none is counted twice."""
    run()
    for path in (tmp_path / "out").glob("*/result.json"):
        timings = json.loads(path.read_text())["timings"]
        stages = sum(seconds for stage, seconds in timings.items() if stage != "total")
        assert stages <= timings["total"]
    row = rows(tmp_path)[0]
    assert row["seconds_read"] + row["seconds_encode"] + row["seconds_write"] < row["seconds_total"]


def test_failures_are_rows_and_are_tried_again(
    make_photos: Callable, plan: Callable, shipped_model: FieldModel, tmp_path: Path
) -> None:
    photos = make_photos(2)
    good = (photos / "000.jpg").read_bytes()
    (photos / "000.jpg").write_bytes(good[:500])
    seen: list[Outcome] = []
    run_photos(plan(photos), shipped_model, Options(), report=seen.append)
    assert Counter(outcome.status for outcome in seen) == {"done": 1, "failed": 1}
    bad, fine = rows(tmp_path)
    assert (bad["outcome"], bad["folder"], bad["faces"]) == ("failed", "000", None)
    assert "damaged" in bad["error"]
    assert (fine["outcome"], fine["error"], fine["closed"]) == ("done", None, True)
    assert fine["photo_bytes"] == (photos / "001.jpg").stat().st_size
    assert 0 < fine["seconds_encode"] < fine["seconds_total"]
    (photos / "000.jpg").write_bytes(good)
    assert [outcome.status for outcome in run_photos(plan(photos), shipped_model, Options())] == ["done", "kept"]


def test_an_interrupted_run_leaves_a_manifest(
    make_photos: Callable, plan: Callable, shipped_model: FieldModel, tmp_path: Path
) -> None:
    def interrupt(outcome: Outcome) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_photos(plan(make_photos(3)), shipped_model, Options(), report=interrupt)
    assert [row["outcome"] for row in rows(tmp_path)] == ["done", "pending", "pending"]


def test_without_pyarrow_the_manifest_is_csv(run: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run()
    expected = rows(tmp_path)
    monkeypatch.setattr(manifest_module, "find_spec", lambda name: None)
    run()
    assert not (tmp_path / "out/manifest.parquet").exists()
    with (tmp_path / "out/manifest.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert list(table[0]) == list(COLUMNS)
    assert [row["photo_sha256"] for row in table] == [row["photo_sha256"] for row in expected]
    assert {row["outcome"] for row in table} == {"kept"}


@pytest.mark.parametrize("form", ["all", "mesh"])
def test_a_file_that_was_cut_short_is_made_again(
    make_photos: Callable, plan: Callable, shipped_model: FieldModel, tmp_path: Path, form: str
) -> None:
    targets = plan(make_photos(2), form)
    run_photos(targets, shipped_model, Options())
    for path in sorted((tmp_path / "out/001").iterdir()):
        if path.name != "result.json":
            content = path.read_bytes()
            path.write_bytes(content[:-1])
            again = run_photos(targets, shipped_model, Options())
            assert [outcome.status for outcome in again] == ["kept", "done"], path.name
            assert path.stat().st_size == len(content)
    assert [outcome.status for outcome in run_photos(targets, shipped_model, Options())] == ["kept"] * 2


def test_a_result_json_without_an_end(run: Callable, tmp_path: Path) -> None:
    run()
    (tmp_path / "out/001/result.json").write_text("[" * 100_000)
    assert run() == ["kept", "done", "kept"]


def test_two_runs_into_one_folder_at_once(run: Callable, tmp_path: Path) -> None:
    with only_run_in(tmp_path / "out"), pytest.raises(FolderInUseError, match=f"process {os.getpid()} is writing"):
        run()
    assert run() == ["done"] * 3
    assert not list((tmp_path / "out").glob(".*"))


@pytest.mark.parametrize("out", ["out/", "out/chair.glb"])
def test_two_runs_of_one_photo_into_one_place_at_once(
    make_photos: Callable, shipped_model: FieldModel, tmp_path: Path, out: str
) -> None:
    first, second = sorted(make_photos(2).iterdir())

    def run(photo: Path) -> list[str]:
        targets = plan_targets([photo], f"{tmp_path}/{out}", "mesh", preview=False)
        return [outcome.status for outcome in run_photos(targets, shipped_model, Options())]

    place = tmp_path / (out if out.endswith("glb") else f"out/{first.stem}")
    with only_writer_of(place, in_folder_of_runs=out.endswith("/")):
        with pytest.raises(FolderInUseError, match=rf"process {os.getpid()} is writing into .*/{place.name};"):
            run(first)
        if out == "out/":  # another photo has a folder of its own
            assert run(second) == ["done"]
            with pytest.raises(FolderInUseError, match=r"another process is writing into .*/out;"):
                run_photos(plan_targets([first, second], f"{tmp_path}/{out}", "mesh", False), shipped_model, Options())
    assert run(first) == ["done"]
    assert not list(tmp_path.rglob(".*"))


def test_a_photo_that_cannot_be_read_leaves_no_folder(
    plan: Callable, shipped_model: FieldModel, tmp_path: Path
) -> None:
    (tmp_path / "photo.jpg").write_text("no photo")
    assert [one.status for one in run_photos(plan(tmp_path / "photo.jpg"), shipped_model, Options())] == ["failed"]
    assert [path.name for path in tmp_path.iterdir()] == ["photo.jpg"]
