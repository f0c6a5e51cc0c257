"""From stored rows to verdicts: made-up runs whose differences are known, and rows that must not be mixed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_studies import store_run

from shapeshot.errors import DatasetError, UserError
from shapeshot.evaluation import protocols
from shapeshot.scores.metrics import CUBE_DIAGONAL
from shapeshot.study.answers import BETTER, NEITHER, OPEN, WORSE, answers
from shapeshot.study.declaration import Study
from shapeshot.study.expansion import expand, runs_of
from shapeshot.study.gathered import gather
from shapeshot.study.jobs import run_jobs
from shapeshot.study.report import JSON, MARKDOWN, PAGE, write_study_report
from shapeshot.study.report.words import verdict
from shapeshot.study.stored import RESULT

Tiny = Callable[..., Study]
Stored = Callable[..., Path]
OBJECTS = 40


def noisy(gain: float, seed: int, salt: int, size: int = OBJECTS) -> dict[str, np.ndarray]:
    """Scores of one run: objects of their own difficulty, `gain` more than usual, and chance."""
    difficulty = np.random.default_rng(5).uniform(0.3, 0.7, size)
    f_score = difficulty + gain + 0.02 * np.random.default_rng([seed, salt]).standard_normal(size)
    return {"f_score_5": f_score, "chamfer_l1": 1 - f_score}


def by_optimizer(gain: float) -> Callable[[Mapping[str, str], int], dict[str, np.ndarray]]:
    return lambda levels, seed: noisy(gain * (levels["optimizer"] == "adamw"), seed, len(levels["optimizer"]))


@pytest.mark.parametrize(("gain", "expected"), [(0.05, BETTER), (-0.05, WORSE), (0.0, NEITHER)])
@pytest.mark.parametrize("metric", ["f_score_5", "chamfer_l1"])
def test_a_verdict_follows_the_truth(tiny: Tiny, stored: Stored, gain: float, expected: str, metric: str) -> None:
    study = tiny(metrics=[metric], baselines=[])
    [answer] = answers(gather(study, stored(study, by_optimizer(gain))))
    assert answer.verdict == expected
    assert (answer.seeds, answer.objects) == (3, OBJECTS)
    assert answer.difference is not None
    sign = 1 if metric == "f_score_5" else -1
    interval = answer.difference.interval
    assert interval.low - 0.002 <= sign * gain <= interval.high + 0.002
    assert (answer.better_on > 0.9) == (expected == BETTER)
    assert (answer.p_adjusted < 0.05) == (expected != NEITHER)


def test_pairing_by_object_finds_what_means_would_not(tiny: Tiny, stored: Stored) -> None:
    """Objects differ by 0.4 in difficulty and the recipes by 0.02: only the same objects side by side show it."""
    study = tiny(baselines=[])
    gathered = gather(study, stored(study, by_optimizer(0.02)))
    [answer] = answers(gathered)
    assert answer.verdict == BETTER
    first, second = (gathered.runs[label][0].splits["test"].scores["f_score_5"] for label in ("adamw", "radam"))
    assert first.std() > 5 * (first.mean() - second.mean())


def test_more_questions_ask_for_more(tiny: Tiny, stored: Stored) -> None:
    """A difference that one question would call real is not, when twelve were asked and eleven came to nothing."""
    one = tiny(baselines=[])
    gathered = gather(one, stored(one, by_optimizer(0.02)))
    [alone] = answers(gathered)
    many = replace(one, questions=one.questions * 12)
    together = answers(replace(gathered, study=many))
    assert together[0].p_adjusted == pytest.approx(min(1.0, 12 * alone.p_adjusted))


def test_a_failed_run_counts_with_the_worst_scores(tiny: Tiny, stored: Stored) -> None:
    study = tiny(baselines=[])
    out = stored(study, by_optimizer(0.0))
    worst = {"f_score_5": np.zeros(OBJECTS), "chamfer_l1": np.full(OBJECTS, CUBE_DIAGONAL)}
    runs = runs_of(study, expand(study))
    jobs = run_jobs(study, runs, out)
    store_run(jobs[1], worst, status="failed", reason="the loss is not finite")
    [answer] = answers(gather(study, out))
    assert (answer.failed, answer.verdict) == (1, NEITHER)
    assert answer.second < answer.first - 0.1
    text = write_study_report(study, out)
    assert "radam, seed 0: the loss is not finite" in text
    assert "3, 1 failed" in text


def test_too_few_seeds_are_no_answer(tiny: Tiny, stored: Stored) -> None:
    study = tiny(baselines=["mean"])
    out = stored(
        study, lambda levels, seed: None if seed == 2 and levels["optimizer"] == "radam" else noisy(0, seed, 0)
    )
    gathered = gather(study, out)
    [answer] = answers(gathered)
    assert (answer.verdict, answer.seeds) == (OPEN, 2)
    assert set(gathered.missing) == {"radam, seed 2", "mean"}
    assert "2 of at least 3 seeds" in write_study_report(study, out)


def test_too_few_objects_are_no_verdict(tiny: Tiny, stored: Stored) -> None:
    study = tiny(baselines=[])
    [answer] = answers(gather(study, stored(study, lambda levels, seed: noisy(len(levels["optimizer"]), seed, 0, 6))))
    assert answer.verdict == NEITHER
    assert "6 independent objects are too few" in verdict(answer)


def test_small_differences_ask_for_seeds_or_objects(tiny: Tiny, stored: Stored) -> None:
    study = tiny(baselines=[])

    def scores(levels: Mapping[str, str], seed: int) -> dict[str, np.ndarray]:
        shift = 0.01 * (levels["optimizer"] == "adamw") + 0.01 * (seed - 1) * (levels["optimizer"] == "radam")
        return {"f_score_5": 0.5 + shift + 1e-4 * np.arange(OBJECTS), "chamfer_l1": np.full(OBJECTS, 0.5)}

    [answer] = answers(gather(study, stored(study, scores)))
    assert answer.verdict == NEITHER
    assert answer.seeds_to_settle is not None
    assert 4 <= answer.seeds_to_settle <= 20
    assert f"about {answer.seeds_to_settle} seeds would settle" in verdict(answer)


def test_a_full_study_averages_over_the_other_factors(tiny: Tiny, stored: Stored) -> None:
    factors = {
        "optimizer": {"setting": "optimizer", "levels": ["adamw", "radam"]},
        "rate": {"setting": "lr", "levels": [0.1, 0.2]},
    }
    questions = [
        {"ask": "on the whole", "factor": "optimizer", "compare": ["adamw", "radam"]},
        {"ask": "slowly", "factor": "optimizer", "compare": ["adamw", "radam"], "at": {"rate": 0.1}},
    ]
    study = tiny(expansion="full", factors=factors, questions=questions, baselines=[])

    def scores(levels: Mapping[str, str], seed: int) -> dict[str, np.ndarray]:
        gain = 0.1 if levels == {"optimizer": "adamw", "rate": "0.1"} else 0.0
        return noisy(gain, seed, len("".join(levels.values())))

    out = stored(study, scores)
    whole, slowly = answers(gather(study, out))
    assert whole.difference is not None
    assert slowly.difference is not None
    assert whole.difference.interval.mean == pytest.approx(0.05, abs=0.02)
    assert slowly.difference.interval.mean == pytest.approx(0.1, abs=0.02)
    write_study_report(study, out)
    results = json.loads((out / JSON).read_text())
    [interaction] = results["interactions"]
    means = {tuple(entry[:2]): entry[2] for entry in interaction["means"]}
    assert means["adamw", "0.1"] - means["radam", "0.1"] == pytest.approx(0.1, abs=0.02)
    assert len(means) == 4


def test_rows_of_another_version_of_the_protocol_are_refused(
    tiny: Tiny, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = tiny(baselines=[])
    out = stored(study, by_optimizer(0.0))
    newer = replace(protocols.PROTOCOLS["shapeshot"], version=2)
    monkeypatch.setitem(protocols.PROTOCOLS, "shapeshot", newer)
    with pytest.raises(DatasetError, match=r"is of version 1 of the protocol shapeshot.*version 2.*not mixed"):
        gather(study, out)


def test_rows_on_another_state_of_the_data_are_refused(tiny: Tiny, stored: Stored) -> None:
    study = tiny(baselines=[])
    out = stored(study, by_optimizer(0.0))
    path = next(out.rglob(RESULT))
    path.write_text(json.dumps(json.loads(path.read_text()) | {"data_sha256": "another"}))
    with pytest.raises(DatasetError, match="state of the dataset"):
        gather(study, out)


def test_rows_of_other_views_are_refused(tiny: Tiny, stored: Stored) -> None:
    study = tiny(baselines=[])
    out = stored(study, by_optimizer(0.0))
    path = next(out.rglob("rows.csv"))
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:-1]) + "\n")
    with pytest.raises(DatasetError, match="different views of test"):
        gather(study, out)


@pytest.mark.parametrize("content", ["", "{}", '{"format": "shapeshot-study-result", "version": 9}'])
def test_a_damaged_result_is_told(tiny: Tiny, stored: Stored, content: str) -> None:
    study = tiny(baselines=[])
    out = stored(study, by_optimizer(0.0))
    next(out.rglob(RESULT)).write_text(content)
    with pytest.raises(DatasetError, match="run the study again"):
        gather(study, out)


def test_nothing_stored_is_told(tiny: Tiny, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="run the study first"):
        gather(tiny(), tmp_path)
    with pytest.raises(UserError, match="run the study first"):
        gather(tiny(budget={"seconds": 5}), tmp_path)


def test_a_report_is_made_of_stored_rows_alone(tiny: Tiny, stored: Stored) -> None:
    study = tiny(baselines=[])
    out = stored(study, by_optimizer(0.05))
    text = write_study_report(study, out)
    before = {name: (out / name).read_bytes() for name in (JSON, MARKDOWN, PAGE)}
    assert write_study_report(study, out) == text
    assert {name: (out / name).read_bytes() for name in before} == before
    page = (out / PAGE).read_text()
    assert "adamw is better than radam" in page
    assert re.findall(r'(?:src|href)="(?!data:|#)[^"]*', page) == []  # it loads nothing from anywhere
    assert "$" not in page
    table: Any = json.loads((out / JSON).read_text())
    assert [line["label"] for line in table["rankings"]["test"]] == ["adamw", "radam"]
    assert set(table["categories"]) == {"chair (20)", "table (20)"}
