"""What runs cost before they are started: a few steps of each cell are timed, and the rates kept in the study's folder.

A probe is a run like any other, in a folder of its own that is removed: loaded, a dozen steps, one validation, one
checkpoint, the scoring of a few objects. Runs work side by side, and so do probes. Rates of a machine are of no use on
another, so they are measured anew where the processor or the number of threads is another one.
"""

from __future__ import annotations

import json
import platform
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from shapeshot.data.dataset import Dataset
from shapeshot.data.truth import true_shape
from shapeshot.evaluation.checkpoint_predictor import CheckpointPredictor
from shapeshot.evaluation.scoring import samples_of, score_view
from shapeshot.files import atomic_write
from shapeshot.jobs.pool import Done
from shapeshot.jobs.processes import ProcessPool
from shapeshot.lab.loading.loader import batches
from shapeshot.lab.run_folder import LAST, own_run_folder
from shapeshot.lab.settings import to_json
from shapeshot.lab.train import Run
from shapeshot.lab.train_config import TrainConfig
from shapeshot.study.declaration import Study
from shapeshot.study.expansion import Cell, digest_of, seeded, with_steps
from shapeshot.study.jobs import Scoring

RATES, STEPS = "rates.json", "steps.json"
WARM_STEPS, TIMED_STEPS, TIMED_SECONDS, MOST_STEPS = 3, 12, 2.0, 200
SCORED_OBJECTS = 4


@dataclass(frozen=True)
class Rates:
    """Seconds: of loading everything, of a step, of a validation, of a checkpoint, of an object's scoring."""

    load: float
    step: float
    validate: float
    save: float
    score: float

    def seconds(self, config: TrainConfig, scored_objects: int) -> float:
        """What a run takes from its start to its last row."""
        steps = config.max_iter
        validations = steps // config.val_every + (steps % config.val_every > 0)
        saves = steps // config.save_every + (steps % config.save_every > 0)
        trained = steps * self.step + validations * self.validate + saves * self.save
        return self.load + trained + scored_objects * self.score


@dataclass(frozen=True)
class Probe:
    """What is timed: a cell's configuration and how it is scored. key: its name among the rates that are kept."""

    key: str
    config: TrainConfig
    scoring: Scoring
    threads: int


def probe_of(cell: Cell, study: Study, threads: int) -> Probe:
    """The probe of a cell. All that changes its speed is in its key."""
    config = replace(seeded(cell.config, study.seeds[0]), max_iter=1)  # the length of a run changes no rate
    config = replace(config, seed=0)  # nor does its seed
    machine = [platform.node(), platform.machine(), platform.processor(), threads, torch.cuda.is_available()]
    return Probe(digest_of([to_json(config), study.data.scored, machine]), config, Scoring.of(study), threads)


def stored_rates(out: Path) -> dict[str, Rates]:
    """The rates that were measured before, by key; none where the file is missing or of something else."""
    try:
        return {key: Rates(**values) for key, values in json.loads((out / RATES).read_text(encoding="utf-8")).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def measured_rates(out: Path, probes: Sequence[Probe], workers: int, tell: Callable[[str], None]) -> dict[str, Rates]:
    """The rates of all probes: those that are stored, and the others measured now and stored.

    Raises UserError where a cell cannot be trained at all.
    """
    rates = stored_rates(out)
    missing = [probe for probe in probes if probe.key not in rates]
    if not missing:
        return rates
    tell(f"timing {TIMED_STEPS} steps of each of {len(missing)} kinds of run")
    # As many at a time as runs will be, on threads as they will have.
    side_by_side = [*missing, *missing[: -len(missing) % workers]]
    environment = {"OMP_NUM_THREADS": str(missing[0].threads)}
    pool: ProcessPool[Probe, Rates] = ProcessPool(side_by_side, _begin, workers, what="probe", environment=environment)
    try:
        for result in pool.results():
            if isinstance(result, Done):
                rates.setdefault(result.task.key, result.value)
    except BaseException:
        pool.abandon()
        raise
    pool.finish()
    atomic_write(out / RATES, json.dumps({key: asdict(value) for key, value in rates.items()}, indent=1))
    return rates


def decided(study: Study, cells: Sequence[Cell], out: Path, rates: Mapping[str, Rates], threads: int) -> list[Cell]:
    """The cells with their number of steps, where the budget is in seconds: at the rates of this machine.

    They are decided once and kept, so that a study that goes on elsewhere or later goes on with the same runs.
    """
    steps = stored_steps(out)
    for cell in cells:
        if _needs_steps(study, cell) and _steps_key(study, cell) not in steps:
            rate = rates[probe_of(cell, study, threads).key].step
            steps[_steps_key(study, cell)] = max(1, round(study.budget.seconds / rate))
    if study.budget.seconds and steps != stored_steps(out):
        atomic_write(out / STEPS, json.dumps(steps, indent=1))
    return [with_steps(cell, steps[_steps_key(study, cell)]) if _needs_steps(study, cell) else cell for cell in cells]


def undecided(study: Study, cells: Sequence[Cell], out: Path) -> list[Cell]:
    """The cells whose number of steps is still to be decided."""
    steps = stored_steps(out)
    return [cell for cell in cells if _needs_steps(study, cell) and _steps_key(study, cell) not in steps]


def stored_steps(out: Path) -> dict[str, int]:
    """The numbers of steps that were decided before, by key."""
    try:
        return {str(key): int(value) for key, value in json.loads((out / STEPS).read_text(encoding="utf-8")).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _needs_steps(study: Study, cell: Cell) -> bool:
    return study.budget.seconds > 0 and not cell.own_steps


def _steps_key(study: Study, cell: Cell) -> str:
    return digest_of([to_json(replace(cell.config, max_iter=1)), study.budget.seconds])


def _begin() -> Callable[[Probe, Probe | None], Rates]:
    return lambda probe, upcoming: measure(probe)


def measure(probe: Probe) -> Rates:
    """Time a few steps of a run and the scoring of a few objects."""
    torch.set_num_threads(probe.threads)
    config = replace(probe.config, max_iter=MOST_STEPS)
    with tempfile.TemporaryDirectory(prefix="shapeshot-probe-") as name:
        folder = Path(name)
        with own_run_folder(folder):
            start = time.perf_counter()
            run = Run(config, folder, progress=False)
            load = time.perf_counter() - start
            step = _step_seconds(run, config)
            validate = _seconds(run.validate)
            save = _seconds(lambda: run.save(folder / LAST))
        return Rates(load, step, validate, save, _score_seconds(folder, probe.scoring))


def _step_seconds(run: Run, config: TrainConfig) -> float:
    """Of a step with the making of its batch; the first ones, which plan and allocate, are left out."""
    start = time.perf_counter()
    for done, batch in enumerate(batches(run.steps, 0, MOST_STEPS, config.workers)):
        if done == WARM_STEPS:
            start = time.perf_counter()
        run.train_step(batch)
        seconds, timed = time.perf_counter() - start, done + 1 - WARM_STEPS
        if timed >= TIMED_STEPS and seconds > TIMED_SECONDS:
            break
    return seconds / timed


def _score_seconds(folder: Path, scoring: Scoring) -> float:
    dataset, predictor = Dataset.open(scoring.data), CheckpointPredictor.load(folder)
    samples = samples_of(dataset, scoring.splits[0], scoring.views, scoring.protocol)
    start, count = time.perf_counter(), 0
    for count, sample in enumerate(samples, start=1):
        truth = true_shape(sample, scoring.protocol.num_points)
        for view in samples.views(sample):
            score_view(predictor, sample, view, truth, scoring.protocol)
        if count == SCORED_OBJECTS:
            break
    return (time.perf_counter() - start) / count


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
