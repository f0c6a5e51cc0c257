"""A study from its file to finished runs: what is finished is kept, the rest is done on the one pool of jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shapeshot import __version__
from shapeshot.jobs.cores import usable_cores
from shapeshot.jobs.folder_lock import only_run_in
from shapeshot.jobs.interrupt import interrupts_come, interrupts_held
from shapeshot.jobs.pool import Done, Lost, Pool, Result
from shapeshot.jobs.processes import ProcessPool
from shapeshot.jobs.ray import RayPool
from shapeshot.study.costs import Rates, decided, measured_rates, probe_of, stored_rates, undecided
from shapeshot.study.declaration import Study
from shapeshot.study.expansion import Cell, expand, runs_of
from shapeshot.study.jobs import Job, baseline_jobs, run_jobs
from shapeshot.study.pictures import TRUTHS, write_objects
from shapeshot.study.preparing import prepare_data, prepare_features
from shapeshot.study.progress import Progress
from shapeshot.study.stored import DONE, FAILED, read_result
from shapeshot.study.work import STOPPED, Report, begin_jobs, data_digest, do_remote_job, require_models

BASELINE_WEIGHT = 0.5  # of a run, in the progress line, where nobody timed anything


@dataclass(frozen=True)
class Outcome:
    """How many jobs a call kept and did, and for those that were not concluded, why: label -> reason."""

    kept: int
    done: int
    failed: Mapping[str, str]
    stopped: Mapping[str, str]


@dataclass(frozen=True)
class Places:
    """How many processes work side by side, and on how many threads each."""

    workers: int
    threads: int

    @classmethod
    def on_this_machine(cls, workers: int | None) -> Places:
        """All processors are used: by as many workers as asked for, or one each."""
        cores = usable_cores()
        count = workers or cores
        return cls(count, max(1, cores // count))


def run_study(
    study: Study, out: Path, *, workers: int | None = None, ray: str | None = None, progress: bool = True
) -> Outcome:
    """Do all that a study has left to do in folder `out`; called again after whatever end, it goes on from there.

    workers: processes on this machine, one a processor by default. ray: the address of a Ray cluster in their place,
    whose nodes share this machine's disk, see `jobs.ray.RayPool`. Raises UserError where the study, its data or its
    weights are not sound or the pool as a whole cannot work; what befalls a single run is in the outcome.
    """
    expand(study)  # what is wrong with the study is told before anything is built
    with interrupts_held(), only_run_in(out):
        with interrupts_come():
            dataset = prepare_data(study.data, workers, progress)
            places = Places.on_this_machine(workers) if ray is None else Places(1, 1)
            cells = cells_with_steps(study, out, places, lambda line: print(line) if progress else None)
            jobs = all_jobs(study, cells, out, places.threads)
            digest = data_digest(study.data.scored)
            left = [job for job in jobs if read_result(job, digest) is None]
            require_models(left)
            if not (out / TRUTHS).is_file():
                write_objects(out, dataset, study.data.splits[0])
            if ray is None:
                prepare_features([job.config for job in left if job.config], progress)
        weights = _weights(study, cells, left, stored_rates(out), len(dataset.ids(study.data.splits[0])), places)
        with Progress(left, len(jobs) - len(left), weights, progress) as shown:
            reports = _work(left, places, ray, shown)
    return Outcome(
        kept=len(jobs) - len(left),
        done=sum(report.status == DONE for report in reports.values()),
        failed={job.label: report.reason for job, report in reports.items() if report.status == FAILED},
        stopped={job.label: report.reason for job, report in reports.items() if report.status == STOPPED},
    )


def cells_with_steps(study: Study, out: Path, places: Places, tell: Callable[[str], None]) -> list[Cell]:
    """The cells of a study; where the budget is in seconds, at the rates of this machine, measured if need be."""
    cells = expand(study)
    probes = [probe_of(cell, study, places.threads) for cell in undecided(study, cells, out)]
    rates = measured_rates(out, probes, places.workers, tell) if probes else {}
    return decided(study, cells, out, rates, places.threads)


def all_jobs(study: Study, cells: list[Cell], out: Path, threads: int) -> list[Job]:
    """The baselines first: they take minutes, and show whether the data can be scored at all."""
    runs = runs_of(study, cells)
    return [*baseline_jobs(study, runs, out, threads), *run_jobs(study, runs, out, threads)]


def _work(jobs: Sequence[Job], places: Places, ray: str | None, shown: Progress) -> dict[Job, Report]:
    reports: dict[Job, Report] = {}
    if not jobs:
        return reports

    def take(result: Result[Job, Report]) -> None:
        report = result.value if isinstance(result, Done) else _lost(result)
        reports[result.task] = report
        shown.take(result.task, report)

    pool = _pool(jobs, places, ray)
    try:
        for result in pool.results():
            take(result)
    except BaseException:
        # Runs go on from their checkpoints: an interrupt need not wait for an hour's training to end.
        pool.abandon() if isinstance(pool, ProcessPool) else pool.finish()
        raise
    for result in pool.finish():
        take(result)
    return reports


def _pool(jobs: Sequence[Job], places: Places, ray: str | None) -> Pool[Job, Report]:
    if ray is not None:
        return RayPool(jobs, _nothing, do_remote_job, _received, ray, (__version__,))
    environment = {name: str(places.threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    return ProcessPool(jobs, begin_jobs, places.workers, what="run", environment=environment)


def _nothing(job: Job) -> None:
    """A node needs no more than the job itself: it has the disk."""


def _received(job: Job, report: Report) -> Report:
    return report


def _lost(lost: Lost[Job]) -> Report:
    return Report(STOPPED, f"{lost.reason}; run the study again, with fewer --workers or more memory")


def _weights(
    study: Study, cells: list[Cell], jobs: Sequence[Job], rates: Mapping[str, Rates], objects: int, places: Places
) -> dict[Job, float]:
    """How long each job will take beside the others: in seconds where all were timed, else in steps."""
    keys = {run.config: probe_of(run.cell, study, places.threads).key for run in runs_of(study, cells)}
    timed = all(key in rates for key in keys.values())
    weights: dict[Job, float] = {}
    for job in jobs:
        if job.config is None:
            continue
        rate = rates.get(keys[job.config])
        weights[job] = rate.seconds(job.config, objects) if timed and rate else float(job.config.max_iter)
    usual = sum(weights.values()) / len(weights) if weights else 1.0
    return {job: weights.get(job, BASELINE_WEIGHT * usual) for job in jobs}
