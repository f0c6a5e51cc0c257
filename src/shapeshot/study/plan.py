"""What a study will do and what that will cost, before anything of it starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from shapeshot.jobs.folder_lock import only_run_in
from shapeshot.study.costs import decided, measured_rates, probe_of, stored_rates, undecided
from shapeshot.study.declaration import Study
from shapeshot.study.expansion import Cell, expand, runs_of
from shapeshot.study.jobs import baseline_jobs, run_jobs
from shapeshot.study.preparing import prepare_data, prepare_features
from shapeshot.study.progress import duration
from shapeshot.study.run import Places
from shapeshot.study.stored import read_result
from shapeshot.study.work import require_models

HOW_TIMED = (
    "Each kind of run was timed on this machine (loading, a dozen steps or two seconds of them, a validation, a "
    "checkpoint, the scoring of four objects); the rates are kept in the study's folder."
)


@dataclass(frozen=True)
class CellPlan:
    """The runs of a cell: how many there are, how many are finished, and the seconds of one; None where not timed."""

    label: str
    steps: int | None
    runs: int
    finished: int
    seconds: float | None


@dataclass(frozen=True)
class Plan:
    """What there is to do. baselines: labels of what the runs stand beside, with those that are finished counted."""

    title: str
    cells: tuple[CellPlan, ...]
    baselines: tuple[str, ...]
    baselines_finished: int
    questions: tuple[str, ...]
    workers: int
    threads: int

    @property
    def seconds(self) -> float | None:
        """From the start to the last run, less the baselines; None where not all was timed."""
        left = [(cell.runs - cell.finished, cell.seconds) for cell in self.cells if cell.runs > cell.finished]
        if any(seconds is None for _, seconds in left):
            return None
        longest = max((seconds or 0.0 for _, seconds in left), default=0.0)
        return max(longest, sum(count * (seconds or 0.0) for count, seconds in left) / self.workers)


def plan_study(
    study: Study, out: Path, *, workers: int | None = None, timed: bool = True, progress: bool = True
) -> Plan:
    """Expand a study and estimate what is left of it.

    timed: whether rates that are not stored are measured now, for which the data are built and frozen encoders look at
    them; what that makes is kept for the runs. Raises UserError as `run_study` does.
    """
    places, cells = Places.on_this_machine(workers), expand(study)
    if not timed:
        return _plan(study, cells, out, places, None)
    with only_run_in(out):
        dataset = prepare_data(study.data, workers, progress)
        require_models(run_jobs(study, runs_of(study, cells)[: len(cells)], out))
        prepare_features([run.config for run in runs_of(study, cells)], progress)
        probes = [probe_of(cell, study, places.threads) for cell in cells]
        rates = measured_rates(out, probes, places.workers, _teller(progress))
        cells = decided(study, cells, out, rates, places.threads)
        return _plan(study, cells, out, places, len(_scored(study, dataset)))


def _scored(study: Study, dataset: object) -> list[str]:
    from shapeshot.data.dataset import Dataset

    assert isinstance(dataset, Dataset)
    return [object_id for split in study.data.splits for object_id in dataset.ids(split)]


def _plan(study: Study, cells: list[Cell], out: Path, places: Places, objects: int | None) -> Plan:
    rates, waiting = stored_rates(out), undecided(study, cells, out)
    if not waiting:
        cells = decided(study, cells, out, rates, places.threads)
    runs = runs_of(study, cells)
    baselines = baseline_jobs(study, runs, out)
    plans = []
    for cell in cells:
        own = run_jobs(study, [run for run in runs if run.cell is cell], out)
        rate = rates.get(probe_of(cell, study, places.threads).key)
        known = rate is not None and objects is not None and cell not in waiting
        plans.append(
            CellPlan(
                label=cell.label,
                steps=None if cell in waiting else cell.config.max_iter,
                runs=len(own),
                finished=sum(read_result(job) is not None for job in own),
                seconds=rate.seconds(cell.config, objects) if known and rate and objects else None,
            )
        )
    return Plan(
        title=study.options.title or study.name,
        cells=tuple(plans),
        baselines=tuple(job.label for job in baselines),
        baselines_finished=sum(read_result(job) is not None for job in baselines),
        questions=tuple(f"{question.ask} ({question.first} against {question.second})" for question in study.questions),
        workers=places.workers,
        threads=places.threads,
    )


def plan_text(plan: Plan) -> str:
    """The plan as people read it."""
    runs, finished = sum(cell.runs for cell in plan.cells), sum(cell.finished for cell in plan.cells)
    width = max(len(cell.label) for cell in plan.cells)
    lines = [plan.title, "", f"{'cell':{width}}  runs  done   steps  a run"]
    for cell in plan.cells:
        steps = "-" if cell.steps is None else str(cell.steps)
        seconds = "-" if cell.seconds is None else duration(cell.seconds)
        lines.append(f"{cell.label:{width}}  {cell.runs:4}  {cell.finished:4}  {steps:>6}  {seconds}")
    beside = f"; beside them {', '.join(plan.baselines)}" if plan.baselines else ""
    lines += ["", f"{runs} runs, {finished} done{beside}"]
    lines += [f"asked: {question}" for question in plan.questions]
    at_once = f"{plan.workers} at a time on {plan.threads} thread{'s' * (plan.threads != 1)} each"
    if plan.seconds is None:
        lines.append(f"cost: not timed ({at_once})")
    else:
        lines.append(
            f"cost: about {duration(plan.seconds)}, {at_once}, and some minutes for the baselines. {HOW_TIMED}"
        )
    return "\n".join(lines)


def _teller(progress: bool) -> Callable[[str], None]:
    return (lambda line: print(line)) if progress else (lambda line: None)
