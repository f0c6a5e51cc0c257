"""Studies' files: what is read, what is refused and in which words, and that those of this repository are sound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shapeshot.errors import UserError
from shapeshot.study.costs import probe_of
from shapeshot.study.expansion import expand, runs_of
from shapeshot.study.jobs import baseline_jobs
from shapeshot.study.reading import parse_study, read_study

STUDIES = sorted((Path(__file__).parents[2] / "studies").glob("*.toml"))


def values(**changes: Any) -> dict[str, Any]:
    sound: dict[str, Any] = {
        "seeds": [0, 1, 2],
        "data": {"train": ["d"]},
        "budget": {"steps": 5},
        "base": {"model": {"type": "point"}},
        "factors": {
            "optimizer": {"setting": "optimizer", "levels": ["adamw", "radam"]},
            "output": {"levels": {"tanh": {"model": {"tanh": True}}, "none": {"model": {"tanh": False}}}},
        },
        "questions": [{"ask": "?", "factor": "optimizer"}],
    }
    return sound | changes


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_the_studies_of_this_repository_are_sound(path: Path) -> None:
    study = read_study(path)
    runs = runs_of(study, expand(study))
    assert len({run.digest for run in runs}) == len(runs) >= 2 * len(study.seeds)
    assert study.questions
    assert {"mean", "retrieval", "oracle"} <= set(study.options.baselines)


def test_one_at_a_time_leaves_the_baseline_by_one_level() -> None:
    study = parse_study("s", values())
    cells = expand(study)
    assert [cell.label for cell in cells] == ["baseline", "optimizer radam", "output none"]
    assert [(cell.config.optimizer, cell.config.model.tanh) for cell in cells] == [  # type: ignore[attr-defined]
        ("adamw", True),
        ("radam", True),
        ("adamw", False),
    ]
    assert {(run.config.seed, run.config.max_iter, run.config.data) for run in runs_of(study, cells)} == {
        (seed, 5, ("d",)) for seed in (0, 1, 2)
    }


def test_full_combines_all_levels_the_baseline_first() -> None:
    cells = expand(parse_study("s", values(expansion="full")))
    assert [cell.label for cell in cells] == ["adamw, tanh", "adamw, none", "radam, tanh", "radam, none"]


def test_each_seed_has_encoder_weights_of_its_own_where_the_study_says_so() -> None:
    model = {"type": "point", "encoder": "resnet18", "encoder_weights": "w/{seed}", "image_size": 64}
    study = parse_study("s", values(base={"model": model}))
    runs = runs_of(study, expand(study))
    assert {(run.seed, run.config.model.encoder_weights) for run in runs} == {(0, "w/0"), (1, "w/1"), (2, "w/2")}
    assert len({run.digest for run in runs}) == len(runs)
    baselines = [job.features for job in baseline_jobs(study, runs, Path("out"))]
    assert baselines == [(), ("silhouette",), ("resnet18=w/0@64",), ()]
    assert probe_of(runs[0].cell, study, 1).config.model.encoder_weights == "w/0"


@pytest.mark.parametrize(
    ("model", "feature"),
    [
        ({}, "imagenet"),
        ({"image_size": 128}, "imagenet"),
        ({"image_size": 96}, "imagenet=pretrained@96"),
        ({"encoder": "clip"}, "clip"),
        ({"encoder": "clip", "encoder_weights": "w"}, "clip=w"),
    ],
)
def test_retrieval_sees_what_the_runs_see(model: dict[str, Any], feature: str) -> None:
    study = parse_study("s", values(base={"model": {"type": "point"} | model}))
    jobs = baseline_jobs(study, runs_of(study, expand(study)), Path("out"))
    assert [job.features for job in jobs] == [(), ("silhouette",), (feature,), ()]


def test_a_digest_is_of_all_that_determines_scores() -> None:
    def digests(**changes: Any) -> set[str]:
        study = parse_study("s", values(**changes))
        return {run.digest for run in runs_of(study, expand(study))}

    first = digests()
    assert digests(title="another", questions=[]) == first
    for change in (
        {"budget": {"steps": 6}},
        {"data": {"train": ["e"]}},
        {"data": {"train": ["d"], "views": 1}},
        {"data": {"train": ["d"], "splits": ["val"]}},
        {"protocol": "what3d", "metrics": ["f_score_1"]},
        {"base": {"model": {"type": "point"}, "lr": 1e-3}},
    ):
        assert not digests(**change) & first


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seeds": [0, 1]}, "2 seeds say nothing about chance; give at least 3"),
        ({"seeds": [0, 1, 1]}, "names one twice"),
        ({"seeds": [0, True, 2]}, "whole numbers"),
        ({"qestions": []}, "unknown entry 'qestions'.*Did you mean 'questions'"),
        ({"expansion": "half"}, "unknown expansion 'half'"),
        ({"protocol": "what4d"}, "unknown protocol 'what4d'.*Did you mean 'what3d'"),
        ({"metrics": ["f_score"]}, "unknown metric of the protocol shapeshot 'f_score'"),
        ({"metrics": []}, "names no score"),
        ({"baselines": ["mode"]}, "unknown baseline 'mode'"),
        ({"budget": {}}, "either steps or seconds"),
        ({"budget": {"steps": 1, "seconds": 1}}, "either steps or seconds"),
        ({"budget": {"step": 1}}, "unknown setting 'step'"),
        ({"data": {}}, "needs train"),
        ({"data": "d"}, "data must be a table"),
        ({"base": {"seed": 1}}, "base.seed is said by seeds"),
        ({"base": {"max_iter": 1}}, r"base.max_iter is said by \[budget\]"),
        ({"factors": {}}, "a study compares something"),
        ({"factors": {"a": {"setting": "lr", "levels": [0.1]}}}, "fewer than two levels"),
        ({"factors": {"a": {"levels": [0.1, 0.2]}}}, "say of which setting"),
        ({"factors": {"a": {"setting": "lr", "levels": [0.1, 0.1]}}}, "names a level twice"),
        ({"factors": {"a": {"setting": "lr", "level": [0.1]}}}, "unknown entry of factors.a 'level'"),
        ({"factors": {"a": {"levels": {"x": {"seed": 1}, "y": {}}}}}, "level a = x sets seed"),
        ({"factors": {"a": {"setting": "lr", "levels": [1, 2], "baseline": 3}}}, "unknown level of a '3'"),
        ({"questions": [{"ask": "?", "factor": "optimiser"}]}, "unknown factor 'optimiser'.*Did you mean 'optimizer'"),
        ({"questions": [{"factor": "optimizer", "compare": ["adam", "radam"]}]}, "unknown level of optimizer 'adam'"),
        ({"questions": [{"factor": "optimizer", "compare": ["radam"]}]}, "must compare two levels"),
        ({"questions": [{"factor": "optimizer", "compare": ["radam", "radam"]}]}, "compares radam with itself"),
        ({"questions": [{"factor": "optimizer", "at": {"output": "relu"}}]}, "unknown level of output 'relu'"),
        ({"questions": [{"factor": "optimizer", "at": {"optimizer": "radam"}}]}, "holds its own factor"),
        ({"questions": {"factor": "optimizer"}}, r"must be written as \[\[questions\]\]"),
        ({"questions": [{"factor": "optimizer", "vs": 1}]}, "unknown entry of a question 'vs'"),
    ],
)
def test_what_is_wrong_is_said(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        parse_study("s", values(**changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"base": {"model": {"type": "vox", "ico_level": 3}}, "factors": {
            "optimizer": {"setting": "optimizer", "levels": ["adamw", "radam"]}}},
         "study s, adamw: a vox model has no setting ico_level, which is one of mesh"),
        ({"factors": {"kind": {"setting": "model.type", "levels": ["vox", "mesh"]},
                      "level": {"setting": "model.ico_level", "levels": [2, 3]}}, "questions": []},
         "a vox model has no setting ico_level"),
        ({"factors": {"optimizer": {"setting": "optimizer", "levels": ["adamw", "sgd"]}}}, "unknown optimizer 'sgd'"),
        ({"factors": {"optimizer": {"setting": "optimiser", "levels": ["adamw", "radam"]}}},
         "unknown setting 'optimiser'"),
        ({"factors": {"optimizer": {"setting": "lr", "levels": [0.1, -1]}}}, "lr must be greater than 0"),
        ({"metrics": ["iou"]}, "a point model .* has no iou"),
        ({"factors": {"optimizer": {"levels": {"a": {"optimizer": "adamw"}, "b": {}}}}},
         "study s: a and b have the same settings"),
        ({"questions": [{"ask": "?", "factor": "optimizer", "at": {"output": "none"}}]},
         'no two runs differ in optimizer alone .* at output = none; give expansion = "full"'),
    ],
)  # fmt: skip
def test_what_cannot_be_trained_or_asked_is_said(changes: dict[str, Any], message: str) -> None:
    study = parse_study("s", values(**changes))
    with pytest.raises(UserError, match=message):
        expand(study)


@pytest.mark.parametrize("content", [b"seeds = [", b"\xff", b"seeds = 3\n[seeds]\n"])
def test_what_is_no_toml(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_bytes(content)
    with pytest.raises(UserError, match="must be a TOML file"):
        read_study(path)
    with pytest.raises(UserError, match="cannot read the study"):
        read_study(tmp_path / "other.toml")


def test_what_is_wrong_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text("seeds = [1, 2]\n[data]\ntrain = ['d']\n[factors.a]\nsetting = 'lr'\nlevels = [0.1, 0.2]\n")
    with pytest.raises(UserError, match=rf"study {path}: 2 seeds"):
        read_study(path)
