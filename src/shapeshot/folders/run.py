"""A run over many photos: what is there already is kept, the rest is done, and a manifest says what became of each."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from shapeshot.folders.fingerprint import current_result, recipe_of
from shapeshot.folders.manifest import write_manifest
from shapeshot.folders.targets import Target
from shapeshot.folders.work import LocalWorker, Outcome, PhotoJob, begin_photos, outcome_from
from shapeshot.jobs.cores import usable_cores
from shapeshot.jobs.folder_lock import only_run_in, only_writer_of
from shapeshot.jobs.interrupt import interrupts_come, interrupts_held
from shapeshot.jobs.pool import InThisProcess, Pool
from shapeshot.pipeline.options import Options

if TYPE_CHECKING:
    from shapeshot.model.field_model import FieldModel

MANIFEST_SECONDS = 30.0  # between two manifests of a run that goes on
MIN_PHOTOS_FOR_WORKERS = 16  # fewer are done before worker processes have started

Report = Callable[[Outcome], None]


def run_photos(
    targets: Sequence[Target],
    model: FieldModel,
    options: Options,
    *,
    num_workers: int | None = None,
    ray: str | None = None,
    report: Report = lambda outcome: None,
) -> list[Outcome]:
    """Reconstruct every photo into its target; one outcome each, in the targets' order.

    num_workers: processes; 1 is this one alone, None is one a core for a run that is long enough.
    ray: the address of a Ray cluster that does the work instead, see `jobs.ray.RayPool`.
    report: called with every outcome as it comes, first with those of the photos that were kept.
    Results that are there and were made from the same photo by the same model and options are kept. A run over more
    than one photo into a folder writes a manifest there: before the work, now and then, and at the end, also when it is
    interrupted.
    Raises FolderInUseError where another run writes there (into the folder, or to the target of the one photo), and
    what the workers as a whole may raise; a photo's own error is its outcome.
    """
    if len(targets) > 1:
        model = model.optimized()  # whatever the number of workers, so that it changes no bit of the results
    manifest = _Manifest(targets)
    # What is on the disk and what the manifest says of it stay the same, whenever Ctrl-C or SIGTERM comes.
    with interrupts_held(), _held_place(targets, manifest.folder):
        return _run(targets, manifest, model, options, num_workers, ray, report)


def _held_place(targets: Sequence[Target], folder: Path | None) -> AbstractContextManager[None]:
    """Of a run over many photos its folder; of one over a single photo its target, beside which others may write."""
    if folder is not None:
        return only_run_in(folder)
    return only_writer_of(targets[0].path, in_folder_of_runs=targets[0].is_folder)


def _run(
    targets: Sequence[Target],
    manifest: _Manifest,
    model: FieldModel,
    options: Options,
    num_workers: int | None,
    ray: str | None,
    report: Report,
) -> list[Outcome]:
    jobs: list[PhotoJob] = []

    def take(*outcomes: Outcome) -> None:
        manifest.outcomes.update({outcome.target: outcome for outcome in outcomes})
        with interrupts_come():
            for outcome in outcomes:
                report(outcome)

    try:
        for target in targets:
            with interrupts_come():
                job = plan_job(target, model, options, resume=manifest.folder is not None)
            jobs.append(job) if isinstance(job, PhotoJob) else take(job)
        manifest.write()  # before the work: a disk that is full or read-only is known now, and a killed run leaves one
        pool = _pool(jobs, model, options, num_workers, ray)
        try:
            for result in pool.results():
                take(outcome_from(result))
                manifest.write_now_and_then()
        finally:
            take(*map(outcome_from, pool.finish()))
    finally:
        manifest.write()
    return list(manifest.outcomes.values())


def plan_job(target: Target, model: FieldModel, options: Options, resume: bool) -> PhotoJob | Outcome:
    """The job of a target, or its outcome where a result is there that can be kept."""
    recipe = recipe_of(target, model, options)
    result = current_result(target, recipe) if resume else None
    return PhotoJob(target, recipe) if result is None else Outcome(target, "kept", result=result)


def _pool(
    jobs: Sequence[PhotoJob], model: FieldModel, options: Options, num_workers: int | None, ray: str | None
) -> Pool[PhotoJob, Outcome]:
    """Who does the jobs: a cluster, worker processes, or this process for a run that is not worth starting them."""
    if ray is not None and jobs:
        from shapeshot.folders.cluster import ray_pool

        return ray_pool(jobs, model, options, ray)
    if num_workers is None:
        num_workers = usable_cores() if len(jobs) >= MIN_PHOTOS_FOR_WORKERS else 1
    if num_workers == 1 or len(jobs) < 2:
        return InThisProcess(jobs, lambda: LocalWorker(model, options).run)
    begin = partial(begin_photos, os.fspath(model.folder.path), options)
    from shapeshot.jobs.processes import ProcessPool  # here: one photo needs no multiprocessing, which takes 10 ms

    return ProcessPool(jobs, begin, num_workers, what="photo", looks_ahead=True)


class _Manifest:
    """What became of every photo so far, in the order of the targets, and the file that says so.

    folder: where it goes, or None for a run that has none: of one photo, or into one file.
    """

    def __init__(self, targets: Sequence[Target]) -> None:
        self.outcomes = {target: Outcome(target, "pending") for target in targets}
        self.folder: Path | None = targets[0].path.parent if len(targets) > 1 else None
        self._written = time.monotonic()

    def write_now_and_then(self) -> None:
        if time.monotonic() - self._written > MANIFEST_SECONDS:
            self.write()

    def write(self) -> None:
        if self.folder is not None:
            write_manifest(self.folder, list(self.outcomes.values()))
            self._written = time.monotonic()
