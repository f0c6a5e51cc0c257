"""All that a study has stored, as arrays: scores by cell, seed and object, each the mean over the object's views."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from shapeshot.errors import DatasetError, UserError
from shapeshot.lab.run_folder import log_lines
from shapeshot.scores.aspects import ASPECTS
from shapeshot.study.costs import decided, undecided
from shapeshot.study.declaration import Study
from shapeshot.study.expansion import Cell, expand, runs_of
from shapeshot.study.jobs import Job, baseline_jobs, run_jobs
from shapeshot.study.stored import FAILED, Result, read_result, stored_rows
from shapeshot.study.work import data_digest

if TYPE_CHECKING:
    from jaxtyping import Float64


@dataclass(frozen=True, eq=False)
class SplitScores:
    """The scores of one job on one split. scores: metric -> a value for each object; without what its kind has not.

    seconds: of each view's prediction.
    """

    objects: tuple[str, ...]
    kinds: tuple[str, ...]
    groups: tuple[str, ...]
    views: frozenset[tuple[str, int]]
    scores: Mapping[str, Float64[np.ndarray, " objects"]]
    seconds: Float64[np.ndarray, " views"]


@dataclass(frozen=True, eq=False)
class Finished:
    """A finished job: its result, its scores by split, and the lines of its log."""

    job: Job
    result: Result
    splits: Mapping[str, SplitScores]
    log: tuple[Mapping[str, Any], ...]

    @property
    def has_failed(self) -> bool:
        """Whether its scores are the worst because it diverged."""
        return self.result.status == FAILED


@dataclass(frozen=True, eq=False)
class Gathered:
    """A study's finished runs, by cell and then by seed, and its baselines; missing: labels of what is not finished."""

    study: Study
    cells: tuple[Cell, ...]
    runs: Mapping[str, Mapping[int, Finished]]
    baselines: Mapping[str, Finished]
    missing: tuple[str, ...]

    @property
    def split(self) -> str:
        """The split on which the questions are answered."""
        return self.study.data.splits[0]

    def finished(self) -> Iterator[Finished]:
        """Every run and baseline that is finished."""
        for runs in self.runs.values():
            yield from runs.values()
        yield from self.baselines.values()

    def matrix(
        self, cells: Sequence[Cell], seeds: Sequence[int], metric: str, split: str
    ) -> Float64[np.ndarray, "seeds objects"]:
        """The mean over cells of a score, a row a seed and a column an object; all of those runs are finished."""
        scores = [[self.runs[cell.label][seed].splits[split].scores[metric] for seed in seeds] for cell in cells]
        mean: np.ndarray = np.mean(scores, axis=0)
        return mean

    def seeds_of(self, cells: Sequence[Cell]) -> tuple[int, ...]:
        """The seeds at which all of these cells are finished."""
        return tuple(seed for seed in self.study.seeds if all(seed in self.runs[cell.label] for cell in cells))


def gather(study: Study, out: Path) -> Gathered:
    """Read what is stored. Raises UserError where nothing is, and DatasetError for what must not be mixed."""
    cells = expand(study)
    if undecided(study, cells, out):
        raise UserError(f"nothing is stored in {out}; run the study first: shapeshot study run FILE")
    cells = decided(study, cells, out, {}, 1)
    runs, digest = runs_of(study, cells), data_digest(study.data.scored)
    by_cell: dict[str, dict[int, Finished]] = {cell.label: {} for cell in cells}
    missing: list[str] = []
    for run, job in zip(runs, run_jobs(study, runs, out), strict=True):
        finished = _read(job, digest)
        if finished is None:
            missing.append(job.label)
        else:
            by_cell[run.cell.label][run.seed] = finished
    baselines = {job.label: _read(job, digest) for job in baseline_jobs(study, runs, out)}
    missing += [label for label, finished in baselines.items() if finished is None]
    gathered = Gathered(
        study,
        tuple(cells),
        by_cell,
        {label: finished for label, finished in baselines.items() if finished is not None},
        tuple(missing),
    )
    _require_alike(list(gathered.finished()), out)
    return gathered


def _read(job: Job, digest: str) -> Finished | None:
    result = read_result(job, digest)
    if result is None:
        return None
    splits = {split: _scores(stored_rows(job, split), job) for split in job.scoring.splits}
    return Finished(job, result, splits, tuple(log_lines(job.folder)))


def _scores(rows: Sequence[Mapping[str, Any]], job: Job) -> SplitScores:
    by_object: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_object.setdefault(str(row["object_id"]), []).append(row)
    objects = tuple(sorted(by_object))
    metrics = [name for name in job.scoring.protocol.metrics(ASPECTS) if rows[0].get(name) not in (None, "")]
    try:
        return SplitScores(
            objects=objects,
            kinds=tuple(str(by_object[name][0]["kind"]) for name in objects),
            groups=tuple(str(by_object[name][0]["group"]) for name in objects),
            views=frozenset((str(row["object_id"]), int(row["view"])) for row in rows),
            scores={
                metric: np.array([np.mean([float(row[metric]) for row in by_object[name]]) for name in objects])
                for metric in metrics
            },
            seconds=np.array([float(row["seconds"]) for row in rows]),
        )
    except (KeyError, ValueError) as error:
        raise DatasetError(f"the rows in {job.folder} cannot be read ({error!r}); remove it and run again") from error


def _require_alike(finished: Sequence[Finished], out: Path) -> None:
    """DatasetError where two jobs were scored on other data or other views: their differences would mean nothing."""
    for other in finished[1:]:
        first = finished[0]
        if first.result.data_sha256 != other.result.data_sha256:
            raise DatasetError(
                f"{first.job.folder} and {other.job.folder} are on two states of the dataset; remove the older one"
            )
        for split, scores in first.splits.items():
            if scores.views != other.splits[split].views:
                raise DatasetError(
                    f"{first.job.folder} and {other.job.folder} were scored on different views of {split}; remove the "
                    "older one"
                )
    if not finished:
        raise UserError(f"nothing is stored in {out}; run the study first: shapeshot study run FILE")
