"""Comparisons of reports: known differences come out, and what cannot be compared is refused."""

import json

import numpy as np
import pytest

from shapeshot.errors import DatasetError
from shapeshot.evaluation.compare import compare_reports, comparison_json, comparison_markdown, read_report
from shapeshot.evaluation.protocols import PROTOCOLS
from shapeshot.evaluation.rows import Row
from shapeshot.evaluation.summary import summarise, summary_json
from shapeshot.evaluation.tables import write_tables
from shapeshot.scores.metrics import MeshCheck
from shapeshot.scores.statistics import paired_difference

NOISE = np.random.default_rng(1).random(20) * 0.5


def write_report(folder, values, *, views=(0, 1), row_format="csv", protocol="shapeshot", missing=(), **summary):
    """Object i has the IoU and F-scores values[i] in every view; two objects are a group."""
    scores = {
        "iou": 0.0,
        "f_score_1": 0.0,
        "f_score_2": 0.0,
        "f_score_5": 0.0,
        "chamfer_l1": 0.0,
        "normal_consistency": 0,
    }
    rows = [
        Row(f"o{index}", "chair", f"g{index // 2}", view,
            {name: float(value) for name in scores if name not in missing}, MeshCheck(True, True, True), 0.1)
        for index, value in enumerate(values) for view in views
    ]  # fmt: skip
    facts = {"predictor": folder.name, "details": {}, "dataset": "d", "split": "test", "views_per_object": len(views)}
    rules = PROTOCOLS[protocol]
    folder.mkdir()
    write_tables(folder, rows, rules, row_format)
    (folder / "summary.json").write_text(summary_json(summarise(rows, protocol=rules, **(facts | summary))))
    return folder


def test_a_known_difference_comes_out_whatever_the_format(tmp_path):
    base = write_report(tmp_path / "base", NOISE)
    better = write_report(tmp_path / "better", NOISE + 0.1, row_format="parquet")
    compared = compare_reports(base, [better]).runs[0].metrics
    iou, chamfer = compared["iou"], compared["chamfer_l1"]
    assert iou.difference.mean == pytest.approx(0.1, abs=1e-5)
    assert (iou.better_on, iou.worse_on, iou.verdict) == (20, 0, "better")
    assert (chamfer.better_on, chamfer.worse_on, chamfer.verdict) == (0, 20, "worse")  # a distance: lower is better
    assert iou.run - iou.baseline == pytest.approx(iou.difference.mean)


def test_intervals_are_paired_and_by_group(tmp_path):
    other = NOISE + np.random.default_rng(2).normal(0.01, 0.1, 20)
    base, run = write_report(tmp_path / "a", NOISE), write_report(tmp_path / "b", other)
    found = compare_reports(base, [run]).runs[0].metrics["iou"].difference
    names = [f"o{index}" for index in range(20)]
    groups = {name: f"g{index // 2}" for index, name in enumerate(names)}
    direct = paired_difference(dict(zip(names, other, strict=True)), dict(zip(names, NOISE, strict=True)), groups)
    assert (found.mean, found.low, found.high) == pytest.approx((direct.mean, direct.low, direct.high), abs=1e-5)
    ungrouped = paired_difference(dict(zip(names, other, strict=True)), dict(zip(names, NOISE, strict=True)))
    assert (ungrouped.low, ungrouped.high) != pytest.approx((direct.low, direct.high), abs=1e-4)


def test_a_run_against_itself_is_undecided(tmp_path):
    base = write_report(tmp_path / "base", NOISE)
    comparison = compare_reports(base, [base, base])
    assert len(comparison.runs) == 2
    for compared in comparison.runs[0].metrics.values():
        assert (compared.difference.low, compared.difference.high, compared.verdict) == (0, 0, "undecided")


def test_two_groups_decide_nothing(tmp_path):
    base, run = write_report(tmp_path / "a", NOISE[:4]), write_report(tmp_path / "b", NOISE[:4] + 0.1)
    assert compare_reports(base, [run]).runs[0].metrics["iou"].verdict == "undecided"


def test_a_metric_that_one_of_them_lacks_is_a_dash(tmp_path):
    base = write_report(tmp_path / "base", NOISE)
    cloud = write_report(tmp_path / "cloud", NOISE, missing=("iou", "normal_consistency"))
    comparison = compare_reports(base, [cloud])
    assert comparison.runs[0].metrics["iou"] is None
    assert "| IoU 32³ | - | - | - | - | - |" in comparison_markdown(comparison)
    assert json.loads(comparison_json(comparison))["runs"][0]["metrics"]["iou"] is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"split": "val"}, "another split"),
        ({"dataset": "e"}, "another dataset"),
        ({"data_sha256": "ab"}, "another state of the dataset"),
        ({"protocol": "what3d"}, "another protocol"),
        ({"views": (0, 2)}, "views are in only one of them, for example view 1 of 'o0'"),
    ],
)
def test_what_was_not_scored_alike_is_refused(change, words, tmp_path):
    base, other = write_report(tmp_path / "base", NOISE), write_report(tmp_path / "other", NOISE, **change)
    with pytest.raises(DatasetError, match=words):
        compare_reports(base, [other])


def test_other_objects_are_refused(tmp_path):
    base, other = write_report(tmp_path / "base", NOISE), write_report(tmp_path / "other", NOISE[:-1])
    with pytest.raises(DatasetError, match="views are in only one of them"):
        compare_reports(base, [other])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("summary.json", "{"),
        ("summary.json", "[]"),
        ("summary.json", '{"format": "shapeshot-evaluation", "version": 99}'),
        ("summary.json", '{"format": "shapeshot-evaluation", "version": 1}'),
        ("rows.csv", ""),
        ("rows.csv", "object_id,group,view\na,b,c\n"),
    ],
)
def test_damaged_reports_are_refused(name, content, tmp_path):
    folder = write_report(tmp_path / "base", NOISE)
    (folder / name).write_text(content)
    with pytest.raises(DatasetError):
        read_report(folder)


def test_a_folder_without_a_report_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="no report"):
        read_report(tmp_path)
