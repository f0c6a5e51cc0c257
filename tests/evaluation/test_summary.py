"""Numbers of a report against direct computation, and the files that keep them."""

import csv
import io
import json

import numpy as np
import pytest

from shapeshot.errors import DatasetError
from shapeshot.evaluation.metrics import MeshCheck, worst_surface_scores
from shapeshot.evaluation.protocol import Row
from shapeshot.evaluation.statistics import Interval
from shapeshot.evaluation.summary import (
    compare_runs,
    interval_text,
    rows_csv,
    summarise,
    summary_json,
    summary_markdown,
)


def make_rows(ious, views=2, kinds=("chair", "table")):
    """Object i has kind i mod 2 and, from view to view, an IoU 0.02 higher."""
    rows = []
    for index, iou in enumerate(ious):
        for view in range(views):
            scores = {"iou": iou + 0.02 * view} | worst_surface_scores() | {"f_score_5": iou}
            check = MeshCheck(True, index != 0, True)
            name = f"object-{index}"
            rows.append(
                Row(name, kinds[index % 2], name, view, scores, check, 0.1 * (index + 1), "" if iou else "no, shape")
            )
    return rows


def summarise_rows(rows):
    return summarise(rows, predictor="p", details={"a": 1}, dataset="d", split="test", views_per_object=2)


def test_overall_and_by_kind_are_means_over_objects():
    ious = np.random.default_rng(0).random(11) * 0.9
    summary = summarise_rows(make_rows(ious))
    assert summary.overall["iou"].mean == pytest.approx(ious.mean() + 0.01)
    assert summary.by_kind["chair"]["iou"].mean == pytest.approx(ious[::2].mean() + 0.01)
    assert summary.by_kind["table"]["iou"].mean == pytest.approx(ious[1::2].mean() + 0.01)
    assert list(summary.by_kind) == ["chair", "table"]
    assert (summary.objects, summary.views) == (11, 22)
    assert summary.f_score_curve[5] == pytest.approx(ious.mean())
    assert summary.overall["iou"].low < summary.overall["iou"].mean < summary.overall["iou"].high


def test_failures_and_mesh_checks_are_counted_per_view():
    summary = summarise_rows(make_rows([0.0, 0.3, 0.5]))
    assert summary.failures == 2
    assert summary.meshes.meshes == 6
    assert (summary.meshes.closed, summary.meshes.manifold, summary.meshes.passed_all) == (6, 4, 4)


def test_json_and_markdown_hold_the_numbers():
    summary = summarise_rows(make_rows([0.2, 0.4, 0.6]))
    values = json.loads(summary_json(summary))
    assert values["overall"]["iou"]["mean"] == summary.overall["iou"].mean
    assert values["by_kind"]["chair"]["iou"]["count"] == 2
    page = summary_markdown(summary)
    assert f"| **all** | 3 | {summary.overall['iou'].mean:.3f}" in page
    assert "Meshes: 4 of 6" in page
    table = [line for line in page.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in table}) == 1


def test_intervals_of_a_handful_of_objects_are_not_shown():
    assert interval_text(Interval(0.5, 0.4, 0.6, 4)) == "0.500"
    assert interval_text(Interval(0.5, 0.4, 0.6, 5)) == "0.500 [0.400, 0.600]"


def test_csv_reads_back():
    rows = make_rows([0.0, 0.25])
    read = list(csv.DictReader(io.StringIO(rows_csv(rows))))
    assert [line["object_id"] for line in read] == [row.object_id for row in rows]
    assert [float(line["iou"]) for line in read] == pytest.approx([row.scores["iou"] for row in rows])
    assert [line["manifold"] for line in read] == ["0", "0", "1", "1"]
    assert read[0]["failure"] == "no, shape"


def write_run(folder, ious):
    folder.mkdir()
    (folder / "rows.csv").write_text(rows_csv(make_rows(ious)))
    return folder


def test_two_runs_are_compared_by_object(tmp_path):
    base = np.random.default_rng(1).random(20) * 0.5
    better, worse = write_run(tmp_path / "better", base + 0.1), write_run(tmp_path / "worse", base)
    gain = compare_runs(better, worse, "iou")
    assert gain.mean == pytest.approx(0.1, abs=1e-5)
    assert gain.low == pytest.approx(gain.high, abs=1e-5)
    assert gain.count == 20


def test_runs_that_cannot_be_compared_are_refused(tmp_path):
    first, second = write_run(tmp_path / "a", [0.1, 0.2]), write_run(tmp_path / "b", [0.1])
    with pytest.raises(DatasetError, match="same objects"):
        compare_runs(first, second, "iou")
    with pytest.raises(DatasetError, match="no scores named 'beauty'"):
        compare_runs(first, first, "beauty")
    with pytest.raises(DatasetError, match=r"rows\.csv"):
        compare_runs(tmp_path / "nowhere", first, "iou")
