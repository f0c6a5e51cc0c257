"""Results in words and in Markdown: the verdicts as sentences, and every table."""

from __future__ import annotations

from collections.abc import Sequence

from shapeshot.evaluation.summary import MISSING, interval_text
from shapeshot.scores.metrics import METRICS
from shapeshot.scores.statistics import Interval
from shapeshot.study.answers import BETTER, NEITHER, OPEN, WORSE, Answer
from shapeshot.study.declaration import MIN_SEEDS, Study
from shapeshot.study.progress import duration
from shapeshot.study.report.results import Results
from shapeshot.study.statistics import MIN_GROUPS, MOST_SEEDS

Table = tuple[Sequence[str], Sequence[Sequence[str]]]  # titles, and lines of as many cells

METHOD = (
    "Differences are paired by seed, object and view. Intervals are 95 %, by a hierarchical bootstrap over seeds and "
    "objects (near-duplicates count as one; the few seeds enter by Student's t). Verdicts are at 5 % over all "
    "questions together (Holm). Runs that diverged count with the worst scores."
)


def verdict(answer: Answer) -> str:
    """One sentence that answers a question."""
    first, second = answer.question.first, answer.question.second
    if answer.verdict == OPEN or answer.difference is None:
        return f"{OPEN}: {answer.seeds} of at least {MIN_SEEDS} seeds are finished on both sides"
    if answer.verdict in (BETTER, WORSE):
        return f"{first} is {answer.verdict} than {second}"
    if answer.difference.groups < MIN_GROUPS:
        return f"{NEITHER}: {answer.difference.groups} independent objects are too few to conclude from"
    if answer.seeds_to_settle is None:
        return f"{NEITHER} with this data; for so small a difference {MOST_SEEDS} seeds are too few: take more objects"
    return f"{NEITHER} with this data; about {answer.seeds_to_settle} seeds would settle a difference of this size"


def answers_table(answers: Sequence[Answer]) -> Table:
    """Questions with their answers; with_verdict: a line of the study's first score."""
    titles = ("question", "score", "first", "second", "difference", "effect size", "better on", "p (Holm)", "verdict")
    return titles, [_answer_line(answer, verdict(answer)) for answer in answers]


def further_table(answers: Sequence[Answer]) -> Table:
    """The same differences by other scores."""
    titles = ("question", "score", "first", "second", "difference", "effect size", "better on")
    return titles, [_answer_line(answer, "")[:7] for answer in answers]


def _answer_line(answer: Answer, words: str) -> list[str]:
    asked = f"{answer.question.ask} ({answer.question.first} - {answer.question.second})"
    title = METRICS[answer.metric].title
    if answer.difference is None:
        return [asked, title, *[MISSING] * 6, words]
    return [
        asked,
        title,
        f"{answer.first:.4f}",
        f"{answer.second:.4f}",
        signed(answer.difference.interval),
        f"{answer.effect_size:+.2f}",
        f"{100 * answer.better_on:.0f} % of {answer.objects}",
        f"{answer.p_adjusted:.3f}",
        words,
    ]


def signed(interval: Interval) -> str:
    """A difference with its interval."""
    return f"{interval.mean:+.4f} [{interval.low:+.4f}, {interval.high:+.4f}]"


def ranking_table(results: Results, study: Study, split: str) -> Table:
    """The ranking of one split, baselines among the runs."""
    titles = ("", "seeds", *(METRICS[metric].title for metric in study.options.metrics))
    lines = []
    for line in results.rankings[split]:
        name = f"{line.label} (baseline)" if line.is_baseline else line.label
        failed = f", {line.failed} failed" if line.failed else ""
        seeds = MISSING if line.is_baseline else f"{line.seeds}{failed}"
        lines.append([name, seeds, *(interval_text(line.scores.get(metric)) for metric in study.options.metrics)])
    return titles, lines


def costs_table(results: Results) -> Table:
    """What each cell costs, and whether it is worth that."""
    lines = [
        [
            cost.label,
            f"{cost.score:.4f}",
            duration(cost.train_seconds) + (" *" if cost.cheapest_training else ""),
            f"{1000 * cost.predict_seconds:.0f} ms" + (" *" if cost.cheapest_prediction else ""),
            f"{cost.parameters / 1e6:.2f} M",
        ]
        for cost in results.costs
    ]
    return ("", "score", "training", "prediction", "parameters"), lines


def curves_table(results: Results) -> Table:
    """Validation scores at equal steps and at equal compute."""
    lines = [
        [curve.label, curve.measured, _number(curve.at_equal_steps), _number(curve.at_equal_seconds)]
        for curve in results.curves
    ]
    return ("", "validated by", "at equal steps", "at equal compute"), lines


def categories_table(results: Results) -> Table:
    """Categories of objects, a column a cell or baseline."""
    labels = list(dict.fromkeys(label for row in results.categories.values() for label in row))
    lines = [[kind, *(_number(row.get(label)) for label in labels)] for kind, row in results.categories.items()]
    return ("category", *labels), lines


def markdown(results: Results, study: Study) -> str:
    """The report as a Markdown page."""
    parts = [f"# {results.title}", about(results, study), "## Answers", _table(answers_table(results.answers)), METHOD]
    if results.further:
        parts += ["By the other scores, without a verdict:", _table(further_table(results.further))]
    for split in study.data.splits:
        parts += [f"## Ranking on {split}", _table(ranking_table(results, study, split))]
    parts += ["## Costs", _table(costs_table(results)), COSTS_NOTE]
    parts += ["## Learning curves", _table(curves_table(results)), CURVES_NOTE]
    if results.categories:
        parts += [f"## By category ({METRICS[study.metric].title})", _table(categories_table(results))]
    if results.failed:
        parts += ["## Failed", "\n".join(f"- {label}: {reason}" for label, reason in results.failed.items())]
    if results.missing:
        parts += ["## Not finished", "\n".join(f"- {label}" for label in results.missing)]
    return "\n\n".join(parts) + "\n"


COSTS_NOTE = (
    "Of the quickest of each cell's runs, on the machine that they were made on; of a prediction the median. "
    "*: no other cell is both cheaper and better (the Pareto front)."
)
CURVES_NOTE = (
    "The best validation score that a cell had when the one with the fewest steps, or the quickest one, was through. "
    "Comparable among cells that are validated by the same score."
)


def about(results: Results, study: Study) -> str:
    """What was compared on what."""
    runs = max((line.seeds for line in results.rankings[study.data.splits[0]]), default=0)
    return (
        f"Protocol `{results.protocol}` (version {results.protocol_version}) on {study.data.scored}: {results.objects} "
        f"objects of {study.data.splits[0]}; up to {runs} seeds a cell. Questions are answered by "
        f"{METRICS[study.metric].title}."
    )


def _table(table: Table) -> str:
    titles, lines = table
    rows = [titles, ["---"] * len(titles), *lines]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)


def _number(value: float | None) -> str:
    return MISSING if value is None else f"{value:.4f}"
