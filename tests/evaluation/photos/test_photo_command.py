"""`shapeshot evaluate --photos` through the real command line, with the shipped model."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from photo_boxes import write_photo_set

from shapeshot.cli import main


def test_from_pictures_to_a_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pictures, out = tmp_path / "set", tmp_path / "out"
    pictures.mkdir()
    count = len(write_photo_set(pictures).entries)
    assert main(["evaluate", "--photos", str(pictures), "--out", str(out), "--quiet"]) == 0
    told = capsys.readouterr().out
    assert "| mask IoU |" in told
    assert "sheet-01.jpg" in told
    with (out / "rows.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == count
    summary = json.loads((out / "photos.json").read_text())
    assert summary["settings"]["room"]["pictures"] == 2
    found = {row["id"]: row for row in rows}
    assert float(found["tower-room"]["mask_iou"]) > 0.9  # a plain wall
    assert found["tower-scene"]["iou"] == ""
    assert 0 <= float(found["tower-room"]["iou"]) <= 1


@pytest.mark.parametrize(
    "flag",
    [
        ["--data", "x"],
        ["--baseline", "mean"],
        ["--load-checkpoint", "x"],
        ["--views", "2"],
        ["--split", "val"],
        ["--protocol", "what3d"],
    ],
)
def test_what_goes_with_a_dataset_alone_is_refused(
    flag: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "--photos", str(tmp_path), *flag]) == 2
    told = capsys.readouterr().err
    assert flag[0] in told
    assert len(told.strip().splitlines()) == 1


def test_a_folder_without_a_set_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--photos", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().err
    assert "photos.json" in told
    assert len(told.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()
