"""What follows from a study for each question: the difference with its interval, and better, worse or neither."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.study.declaration import MIN_SEEDS, Question
from shapeshot.study.expansion import matched
from shapeshot.study.gathered import Gathered
from shapeshot.study.statistics import MIN_GROUPS, Estimate, estimate, holm

if TYPE_CHECKING:
    from jaxtyping import Float64

ALPHA = 0.05  # how often, of studies in which nothing differs, one at most calls anything better or worse
BETTER, WORSE, NEITHER, OPEN = "better", "worse", "not distinguishable", "not answered yet"


@dataclass(frozen=True)
class Answer:
    """The answer to one question by one score.

    first, second: means over seeds and objects. difference: first - second, paired by seed, object and view.
    effect_size: the mean difference in standard deviations of the objects' differences (Cohen's d of pairs).
    better_on: the share of objects on which the first is better. p_adjusted: Holm's, over all questions of the study.
    seeds_to_settle: where neither is better, how many seeds would tell, None for more than can be advised. failed:
    runs among those compared that diverged and count with the worst scores. seeds: that both sides have.
    """

    question: Question
    metric: str
    verdict: str
    seeds: int
    objects: int
    first: float = float("nan")
    second: float = float("nan")
    difference: Estimate | None = None
    effect_size: float = 0.0
    better_on: float = 0.0
    p_adjusted: float = 1.0
    seeds_to_settle: int | None = None
    failed: int = 0


def answers(gathered: Gathered) -> list[Answer]:
    """The answer to every question, on the first split and by the first score; all of them corrected together."""
    questions = gathered.study.questions
    found = [compared(gathered, question, gathered.study.metric, gathered.split) for question in questions]
    answered = [answer.difference for answer in found if answer.difference is not None]
    adjusted = iter(holm([difference.p_value for difference in answered]))
    # As many as are asked, answered yet or not: an answer must not be revised when others come.
    share = ALPHA / max(1, len(questions))
    return [
        answer if answer.difference is None else _judged(answer, next(adjusted), share, gathered.study.sign)
        for answer in found
    ]


def compared(gathered: Gathered, question: Question, metric: str, split: str) -> Answer:
    """The difference that a question is about, by any score and on any split, without a verdict."""
    pairs = matched(gathered.study, list(gathered.cells), question)
    firsts, seconds = [first for first, _ in pairs], [second for _, second in pairs]
    seeds = gathered.seeds_of([*firsts, *seconds])
    labels = {cell.label for cell in (*firsts, *seconds)}
    if len(seeds) < MIN_SEEDS or not _have(gathered, labels, seeds, metric, split):
        return Answer(question, metric, OPEN, len(seeds), 0)
    first, second = (gathered.matrix(cells, seeds, metric, split) for cells in (firsts, seconds))
    differences = first - second
    scores = gathered.runs[firsts[0].label][seeds[0]].splits[split]
    if len(set(scores.groups)) < 2:
        return Answer(question, metric, OPEN, len(seeds), len(scores.objects))
    return Answer(
        question=question,
        metric=metric,
        verdict=NEITHER,
        seeds=len(seeds),
        objects=len(scores.objects),
        first=float(first.mean()),
        second=float(second.mean()),
        difference=estimate(differences, scores.groups),
        effect_size=_effect_size(differences),
        better_on=float(np.mean(gathered.study.sign * differences.mean(axis=0) > 0)),
        failed=sum(gathered.runs[label][seed].has_failed for label in labels for seed in seeds),
    )


def _judged(answer: Answer, p_adjusted: float, share: float, sign: int) -> Answer:
    difference = answer.difference
    assert difference is not None
    if p_adjusted < ALPHA and difference.groups >= MIN_GROUPS:
        verdict = BETTER if sign * difference.interval.mean > 0 else WORSE
        return replace(answer, p_adjusted=p_adjusted, verdict=verdict)
    return replace(answer, p_adjusted=p_adjusted, seeds_to_settle=difference.seeds_to_settle(share))


def _have(gathered: Gathered, labels: Collection[str], seeds: Sequence[int], metric: str, split: str) -> bool:
    return all(metric in gathered.runs[label][seed].splits[split].scores for label in labels for seed in seeds)


def _effect_size(differences: Float64[np.ndarray, "seeds objects"]) -> float:
    by_object = differences.mean(axis=0)
    spread = float(by_object.std(ddof=1))
    return float(by_object.mean()) / spread if spread > 0 else 0.0
