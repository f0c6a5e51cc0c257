"""Everything that a report says, as plain values: what is written to results.json, and what the pages are made of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from shapeshot.evaluation.protocols import find_protocol
from shapeshot.study.answers import Answer, answers, compared
from shapeshot.study.gathered import Gathered
from shapeshot.study.report.curves import Curve, learning_curves
from shapeshot.study.report.ranking import (
    Cost,
    Effect,
    Interaction,
    Ranked,
    categories,
    costs,
    effects,
    interactions,
    ranking,
)

FORMAT, VERSION = "shapeshot-study-report", 1


@dataclass(frozen=True)
class Results:
    """A study's results. rankings: by split. answers: on the first split by the first score, with verdicts.

    further: the same differences by the other scores, without verdicts. missing: what is not finished yet.
    """

    title: str
    name: str
    protocol: str
    protocol_version: int
    data_sha256: str
    objects: int
    answers: tuple[Answer, ...]
    further: tuple[Answer, ...]
    rankings: Mapping[str, list[Ranked]]
    effects: tuple[Effect, ...]
    interactions: tuple[Interaction, ...]
    categories: Mapping[str, Mapping[str, float]]
    costs: tuple[Cost, ...]
    curves: tuple[Curve, ...]
    failed: Mapping[str, str]
    missing: tuple[str, ...]


def results_of(gathered: Gathered) -> Results:
    """All numbers of a report."""
    study = gathered.study
    protocol = find_protocol(study.options.protocol)
    some = next(gathered.finished())
    others = [
        compared(gathered, question, metric, gathered.split)
        for metric in study.options.metrics[1:]
        for question in study.questions
    ]
    return Results(
        title=study.options.title or study.name,
        name=study.name,
        protocol=protocol.name,
        protocol_version=protocol.version,
        data_sha256=some.result.data_sha256,
        objects=len(some.splits[gathered.split].objects),
        answers=tuple(answers(gathered)),
        further=tuple(answer for answer in others if answer.difference is not None),
        rankings={split: ranking(gathered, split) for split in study.data.splits},
        effects=tuple(effects(gathered)),
        interactions=tuple(interactions(gathered)),
        categories=categories(gathered),
        costs=tuple(costs(gathered)),
        curves=tuple(learning_curves(gathered)),
        failed={run.job.label: run.result.reason for run in gathered.finished() if run.has_failed},
        missing=gathered.missing,
    )


def results_json(results: Results) -> str:
    """The results as JSON; what is timed, and so differs from time to time, under "costs" and "curves"."""
    values: dict[str, Any] = asdict(results)
    values["interactions"] = [
        item | {"means": [[*levels, mean] for levels, mean in item["means"].items()]} for item in values["interactions"]
    ]
    for answer in values["answers"] + values["further"]:
        answer["first"], answer["second"] = (_number(answer[name]) for name in ("first", "second"))
    return json.dumps({"format": FORMAT, "version": VERSION} | values, indent=1, ensure_ascii=False) + "\n"


def _number(value: float) -> float | None:
    return value if value == value else None  # not a number: not answered
