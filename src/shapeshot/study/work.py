"""One job, done where it is sent: a worker process of this machine, or a node of a cluster that shares its disk."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch

from shapeshot import __version__
from shapeshot.data.dataset import MANIFEST, Dataset
from shapeshot.errors import ModelError, NotFiniteError, UserError
from shapeshot.evaluation.baselines import build_baseline
from shapeshot.evaluation.checkpoint_predictor import CheckpointPredictor
from shapeshot.evaluation.predictor import Predictor, TruthSeer
from shapeshot.evaluation.rows import Row
from shapeshot.evaluation.scoring import evaluate, samples_of
from shapeshot.evaluation.tables import write_tables
from shapeshot.evaluation.threshold import fix_threshold
from shapeshot.jobs.folder_lock import FolderInUseError
from shapeshot.lab.kinds import KINDS
from shapeshot.lab.model import build_model
from shapeshot.lab.run_folder import LAST, log_lines
from shapeshot.lab.train import train
from shapeshot.scores.metrics import worst_scores
from shapeshot.study.jobs import Job
from shapeshot.study.pictures import write_pictures
from shapeshot.study.stored import DONE, FAILED, PICTURES, RESULT, Result, write_result

T = TypeVar("T")

STOPPED = "stopped"  # nothing was concluded: the job is done again when the study is run again
# A worker that was killed with its study, or with its node, may hold the folder for moments after.
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Report:
    """What a worker says of a job. status: "done", "failed" or "stopped"; reason: why not done."""

    status: str
    reason: str = ""


def begin_jobs() -> Callable[[Job, Job | None], Report]:
    """The work function of a worker process."""
    return lambda job, upcoming: do_job(job)


def do_remote_job(job: Job, prepared: None, version: str) -> Report:
    """On a node of a cluster: as `do_job`, from the same folder as the study was started in."""
    if version != __version__:
        fault = f"a node has shapeshot {__version__} and the driver {version}"
        return Report(STOPPED, f"{fault}; install the same everywhere")
    try:
        os.chdir(job.place)
    except OSError as error:
        return Report(STOPPED, f"a node has no {job.place} ({error.strerror}); all nodes must share the study's disk")
    return do_job(job)


def do_job(job: Job) -> Report:
    """Train where there is something to train, score, and finish the folder; what is finished is left as it is.

    Whatever a user can cause is the report: a run that diverged has failed, for good and with the worst scores; what
    the machine lacked, such as room on the disk, only stops it.
    """
    if (job.folder / RESULT).is_file():
        return Report(DONE)
    torch.set_num_threads(job.threads)
    try:
        dataset = Dataset.open(job.scoring.data)
        if job.config is None:
            return _finish(job, dataset, _baseline(job, dataset))
        config = job.config
        try:
            _when_free(lambda: train(config, job.folder, progress=False))
        except NotFiniteError as error:
            return _fail(job, dataset, str(error))
        try:
            predictor = CheckpointPredictor.load(job.folder)
        except ModelError as error:  # trained to the end, and nothing that is finite was ever validated
            return _fail(job, dataset, str(error))
        return _finish(job, dataset, predictor)
    except UserError as error:
        return Report(STOPPED, str(error))
    except (MemoryError, torch.OutOfMemoryError) as error:
        return Report(STOPPED, f"out of memory ({error}); give fewer --workers, or a smaller batch_size")


def data_digest(folder: str) -> str:
    """SHA-256 of a dataset's manifest, or "" where there is none."""
    path = Path(folder) / MANIFEST
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _finish(job: Job, dataset: Dataset, predictor: Predictor | TruthSeer) -> Report:
    start, scoring = time.monotonic(), job.scoring
    predictor, _ = fix_threshold(predictor, dataset, scoring.protocol, scoring.views, progress=False)
    for split in scoring.splits:
        rows = evaluate(
            predictor, dataset, split, protocol=scoring.protocol, views_per_object=scoring.views, progress=False
        )
        write_tables(job.folder / split, rows, scoring.protocol, "csv")
    write_pictures(job.folder / PICTURES, predictor, dataset, scoring.splits[0])
    _conclude(job, DONE, "", time.monotonic() - start, predictor)
    return Report(DONE)


def _fail(job: Job, dataset: Dataset, reason: str) -> Report:
    """Rows like those of every other run, with the worst score for every view."""
    assert job.config is not None
    metrics = job.scoring.protocol.metrics(KINDS[job.config.model.type].gives)
    for split in job.scoring.splits:
        samples = samples_of(dataset, split, job.scoring.views, job.scoring.protocol)
        rows = [
            Row(sample.id, sample.info.kind, sample.group, view, worst_scores(metrics), None, 0.0, reason)
            for sample in samples
            for view in samples.views(sample)
        ]
        write_tables(job.folder / split, rows, job.scoring.protocol, "csv")
    (job.folder / PICTURES).unlink(missing_ok=True)
    _conclude(job, FAILED, reason, 0.0, None)
    return Report(FAILED, reason)


def _conclude(
    job: Job, status: str, reason: str, score_seconds: float, predictor: Predictor | TruthSeer | None
) -> None:
    model = predictor.model if isinstance(predictor, CheckpointPredictor) else None
    seconds = max((float(line["seconds"]) for line in log_lines(job.folder)), default=0.0)
    result = Result(
        status=status,
        reason=reason,
        protocol=job.scoring.protocol.name,
        protocol_version=job.scoring.protocol.version,
        data_sha256=data_digest(job.scoring.data),
        train_seconds=seconds,
        score_seconds=score_seconds,
        parameters=sum(values.numel() for values in model.parameters()) if model else 0,
        cores=job.threads,
        details={} if predictor is None else _plain(predictor.details),
    )
    write_result(job, result)
    # All that it was needed for is to go on from; it is three times as large as what is kept.
    (job.folder / LAST).unlink(missing_ok=True)


def _plain(details: Any) -> dict[str, Any]:
    return dict(details)


def _baseline(job: Job, dataset: Dataset) -> Predictor | TruthSeer:
    more = [Dataset.open(folder) for folder in job.training_data if folder != job.scoring.data]
    return build_baseline(job.baseline, dataset, more_training=more, features=job.features, progress=False)


def _when_free(work: Callable[[], T]) -> T:
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return work()
        except FolderInUseError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def require_models(jobs: list[Job]) -> None:
    """Build every network once, so that missing weights are told before the first training. Raises ModelError."""
    seen = set()
    for job in jobs:
        if job.config is None or job.config.model in seen:
            continue
        seen.add(job.config.model)
        try:
            build_model(job.config.model)
        except ModelError as error:
            raise ModelError(f"{job.label}: {error}") from error
