"""The report: which cases, what is on the page, and a whole run from dataset to files."""

import csv
import json
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from shapeshot.errors import DatasetError, EmptyShapeError, ExportError, UserError
from shapeshot.evaluation.cases import choose_rows
from shapeshot.evaluation.report import write_report
from shapeshot.evaluation.rows import Row
from shapeshot.evaluation.run import run_evaluation
from shapeshot.evaluation.scoring import evaluate
from shapeshot.evaluation.summary import summarise
from shapeshot.scores.aspects import SHAPE
from shapeshot.scores.metrics import MeshCheck
from shapeshot.tuning.charts import f_score_chart, iou_chart, score_histogram

FILES = ["objects.csv", "report.html", "rows.csv", "summary.json", "summary.md"]


class Page(HTMLParser):
    """Collects the tags that are open, every address that the page loads, and its text."""

    VOID = ("meta", "img", "br", "link")

    def __init__(self, text):
        super().__init__()
        self.open, self.addresses, self.words = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.open.append(tag)
        self.addresses += [value for key, value in attrs if key in ("src", "href", "xlink:href")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words += data


def row(name, view, iou):
    return Row(name, "chair", name, view, {"iou": iou}, MeshCheck(True, True, True), 0.0)


def test_cases_are_the_best_the_median_and_the_worst():
    ious = np.random.default_rng(0).permutation(31) / 31
    chosen = choose_rows([row(f"o{i}", 0, iou) for i, iou in enumerate(ious)], count=3)
    ranked = sorted(ious, reverse=True)
    assert [case.scores["iou"] for case in chosen["Best"]] == ranked[:3]
    assert [case.scores["iou"] for case in chosen["Median"]] == ranked[14:17]
    assert [case.scores["iou"] for case in chosen["Worst"]] == ranked[-3:]


def test_an_object_is_shown_by_its_middle_view_and_once():
    chosen = choose_rows([row("a", 0, 0.9), row("a", 1, 0.1), row("a", 2, 0.5)])
    assert [(title, case.view) for title, group in chosen.items() for case in group] == [("Best", 2)]


def test_near_duplicates_are_shown_once():
    rows = [replace(row(f"o{i}", 0, i / 10), group=f"g{i // 2}") for i in range(12)]
    groups = [case.group for group in choose_rows(rows).values() for case in group]
    assert sorted(groups) == sorted(set(groups))


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7])
def test_few_objects_are_never_shown_twice(count):
    chosen = choose_rows([row(f"o{i}", 0, i / 10) for i in range(count)])
    names = [case.object_id for group in chosen.values() for case in group]
    assert len(names) == len(set(names))
    assert f"o{count - 1}" in names


def test_charts_are_valid_svg_and_repeat():
    charts = f_score_chart({1: 0.1, 5: 0.6, 10: 0.9}), iou_chart({5: 0.2, 50: 0.6}), score_histogram([0.1, 0.4], "IoU")
    for chart in charts:
        assert ElementTree.fromstring(chart).tag.endswith("svg")
    assert score_histogram([0.1, 0.4], "IoU") == score_histogram([0.1, 0.4], "IoU")
    assert "mean 0.300" in score_histogram([0.1, 0.5], "IoU")


def test_a_baseline_from_dataset_to_report(boxes_folder, tmp_path):
    summary = run_evaluation(
        boxes_folder, tmp_path / "out", split="test", baseline="oracle", views_per_object=2, progress=False
    )
    out = tmp_path / "out"
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES)
    with (out / "rows.csv").open() as file:
        ious = [float(line["iou"]) for line in csv.DictReader(file)]
    assert len(ious) == 6
    assert summary.overall["iou"].mean == pytest.approx(np.mean(ious), abs=1e-6)
    assert json.loads((out / "summary.json").read_text())["predictor"] == "oracle"
    page = Page((out / "report.html").read_text())
    assert page.open == []
    assert "tower <tower-t>" in page.words  # names are escaped, not parsed as tags
    assert f"{summary.overall['iou'].mean:.3f}" in page.words
    assert "$" not in page.words


def test_a_model_from_dataset_to_report(boxes_folder, analytic_field, monkeypatch, tmp_path):
    monkeypatch.setattr("shapeshot.evaluation.model_predictor.load_model", lambda folder: analytic_field())
    summary = run_evaluation(boxes_folder, tmp_path, views_per_object=1, progress=False)
    assert summary.predictor == "model analytic"
    assert summary.details["threshold"] == 0.4
    assert (summary.views, summary.failures, summary.meshes.passed_all) == (3, 0, 3)
    assert 0 < summary.overall["iou"].mean < 1


def test_retrieval_tries_the_features_of_a_model_too(boxes_folder, analytic_field, monkeypatch, tmp_path):
    monkeypatch.setattr("shapeshot.evaluation.run.load_model", lambda folder: analytic_field())
    summary = run_evaluation(
        boxes_folder, tmp_path, baseline="retrieval", model=tmp_path, views_per_object=1, progress=False
    )
    tried = summary.details["validation_iou_by_features"]
    assert {"silhouette", "thumbnail", "imagenet", "model", "imagenet+model"} <= set(tried)
    assert len(tried) == 15
    assert tried["silhouette"] > tried["model"]  # this model's planes are the same for every view
    assert summary.failures == 0


def test_the_page_loads_nothing_from_elsewhere(boxes_folder, tmp_path):
    run_evaluation(boxes_folder, tmp_path, baseline="mean", views_per_object=1, progress=False)
    page = Page((tmp_path / "report.html").read_text())
    assert len(page.addresses) >= 15
    assert all(address.startswith(("data:image/", "#")) for address in page.addresses)


def test_a_predictor_that_always_fails_still_gets_a_report(boxes, tmp_path):
    class Failing:
        name, details, gives = "failing", {}, SHAPE

        def predict(self, view):
            raise EmptyShapeError("saw <nothing>")

    rows = evaluate(Failing(), boxes, "test", views_per_object=1, progress=False)
    summary = summarise(rows, predictor="failing", details={}, dataset="boxes", split="test", views_per_object=1)
    write_report(tmp_path, summary, rows, Failing(), boxes)
    page = Page((tmp_path / "report.html").read_text())
    assert summary.overall["iou"].mean == 0.0
    assert summary.failures == 3
    assert "saw <nothing>" in page.words
    assert "no shape" in page.words


def test_bad_requests_are_told_before_any_work(boxes_folder, tmp_path):
    with pytest.raises(DatasetError, match="no dataset"):
        run_evaluation(tmp_path / "nowhere", tmp_path / "out", progress=False)
    with pytest.raises(DatasetError, match="empty"):
        run_evaluation(boxes_folder, tmp_path / "out", split="test-unseen", baseline="mean", progress=False)
    with pytest.raises(UserError, match="unknown baseline"):
        run_evaluation(boxes_folder, tmp_path / "out", baseline="median", progress=False)
    assert not (tmp_path / "out").exists()


def test_an_output_that_is_a_file_is_refused_before_any_work(boxes_folder, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("mine")
    monkeypatch.setattr("shapeshot.evaluation.run.build_baseline", None)  # calling it would be a TypeError
    with pytest.raises(ExportError, match="is not a folder"):
        run_evaluation(boxes_folder, tmp_path / "file", baseline="mean", progress=False)
    assert (tmp_path / "file").read_text() == "mine"
