"""Numbers of a report against direct computation, and the files that keep them."""

import json
from dataclasses import replace

import numpy as np
import pytest

from shapeshot.evaluation.protocols import PROTOCOLS
from shapeshot.evaluation.rows import Row
from shapeshot.evaluation.summary import interval_text, summarise, summary_json, summary_markdown
from shapeshot.evaluation.threshold import ThresholdFit
from shapeshot.scores.metrics import MeshCheck, worst_surface_scores
from shapeshot.scores.statistics import Interval


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


def test_what_a_kind_cannot_give_is_a_dash_and_never_a_zero():
    rows = [
        replace(row, scores={"f_score_1": 0.1, "f_score_5": 0.25}, check=None) for row in make_rows([0.2, 0.4, 0.6])
    ]
    summary = summarise_rows(rows)
    assert summary.missing == ("iou", "f_score_2", "chamfer_l1", "normal_consistency")
    assert summary.meshes is None
    assert summary.f_score_curve == {1: pytest.approx(0.1), 5: pytest.approx(0.25)}
    page = summary_markdown(summary)
    assert "| **all** | 3 | - | 0.100 | - | 0.250 | - | - |" in page
    assert "Meshes" not in page
    assert interval_text(None) == "-"
    assert "iou" not in json.loads(summary_json(summary))["overall"]


def test_the_page_names_protocol_and_threshold():
    rows = [replace(row, scores={"iou": row.scores["iou"]}, check=None) for row in make_rows([0.2, 0.4])]
    fit = ThresholdFit(0.42, 0.55, ((0.4, 0.5), (0.42, 0.55)))
    summary = summarise(
        rows, predictor="p", details={}, dataset="d", split="test", views_per_object=2,
        protocol=PROTOCOLS["r2n2-iou"], threshold=fit,
    )  # fmt: skip
    page = summary_markdown(summary)
    assert "`r2n2-iou`" in page
    assert "Threshold of occupancy 0.42, fixed on val (mean IoU 0.550 there)" in page
    assert json.loads(summary_json(summary))["threshold"]["threshold"] == 0.42
    assert summary.headlines == ("iou",)
