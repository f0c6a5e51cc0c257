"""Studies that really train: done once, killed anywhere, diverged, on a cluster; at toy scale on boxes."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ray_nodes import ray_cluster_of_two
from tiny_studies import TINY_MODEL, tiny_toml

from shapeshot.cli import main
from shapeshot.errors import DatasetError, ModelError, UserError
from shapeshot.evaluation import protocols
from shapeshot.jobs.folder_lock import only_run_in
from shapeshot.lab.run_folder import LAST
from shapeshot.lab.runs import BEST
from shapeshot.study import costs, preparing, work
from shapeshot.study.declaration import DataDeclaration, Study
from shapeshot.study.expansion import expand, runs_of
from shapeshot.study.gathered import gather
from shapeshot.study.jobs import Job, run_jobs
from shapeshot.study.pictures import PHOTOS, TRUTHS
from shapeshot.study.plan import plan_study, plan_text
from shapeshot.study.progress import Progress
from shapeshot.study.report import JSON, PAGE, write_study_report
from shapeshot.study.run import run_study
from shapeshot.study.stored import PICTURES, RESULT, stored_rows
from shapeshot.study.work import Report, do_job

Tiny = Callable[..., Study]
HERE = Path(__file__).parent
TIMED = ("costs", "curves")  # of results.json: what differs from time to time


def told(out: Path) -> dict[str, Any]:
    """The results of a study, less what is timed."""
    values = json.loads((out / JSON).read_text())
    return {key: value for key, value in values.items() if key not in TIMED}


def folders(out: Path) -> list[Path]:
    return sorted(path.parent for path in out.rglob(RESULT))


def test_a_study_is_done_once(tiny: Tiny, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study, out = tiny(), tmp_path / "out"
    outcome = run_study(study, out, workers=2)
    assert (outcome.kept, outcome.done, outcome.failed, outcome.stopped) == (0, 7, {}, {})
    assert "study: 7 of 7 done, 0 running, took" in capsys.readouterr().err
    assert len(folders(out)) == 7
    assert not list(out.rglob(LAST))
    assert len(list(out.rglob(BEST))) == 6
    assert len(list(out.rglob(PICTURES))) == 7
    assert (out / PHOTOS).is_file()
    assert (out / TRUTHS).is_file()
    times = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}
    again = run_study(study, out, workers=1, progress=False)
    assert (again.kept, again.done) == (7, 0)
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()} == times

    text = write_study_report(study, out)
    assert "3 independent objects are too few to conclude from" in text
    page = (out / PAGE).read_text()
    assert page.count("data:image/webp") == 2 + 7
    assert all(f"<code>{folder.name}</code>" in page for folder in folders(out) if "mean" not in folder.name)
    [curve, _] = json.loads((out / JSON).read_text())["curves"]
    assert curve["steps"] == [2, 4]

    more = replace(study, seeds=(0, 1, 2, 3))
    third = run_study(more, out, workers=1, progress=False)
    assert (third.kept, third.done) == (7, 2)
    with only_run_in(out), pytest.raises(UserError, match="is writing into"):
        run_study(study, out, progress=False)


def jobs_of(study: Study, out: Path) -> list[Job]:
    return run_jobs(study, runs_of(study, expand(study)), out)


def test_a_run_that_diverges_has_failed_and_the_rest_goes_on(tiny: Tiny, tmp_path: Path) -> None:
    factors = {"rate": {"setting": "lr", "levels": [1e-3, 1e30]}}
    base = tiny().base | {"model": TINY_MODEL | {"tanh": False}, "warmup": 0, "amp": False}
    questions = [{"ask": "slowly?", "factor": "rate", "compare": [0.001, 1e30]}]
    study = tiny(factors=factors, base=base, baselines=[], questions=questions)
    jobs = jobs_of(study, tmp_path)
    reports = [do_job(job) for job in jobs]
    assert [report.status for report in reports] == ["done", "failed"] * 3, reports[1].reason
    assert "hold NaN or infinite values" in reports[1].reason
    rows = stored_rows(jobs[1], "test")
    assert {(row["object_id"], row["view"]) for row in rows} == {
        (row["object_id"], row["view"]) for row in stored_rows(jobs[0], "test")
    }
    assert {float(row["f_score_5"]) for row in rows} == {0.0}
    assert {round(float(row["chamfer_l1"]), 3) for row in rows} == {1.732}
    assert do_job(jobs[1]) == Report("done")  # finished for good: it is not trained again
    [answer] = json.loads((write_study_report(study, tmp_path) and tmp_path / JSON).read_text())["answers"]
    assert answer["failed"] == 3
    assert set(json.loads((tmp_path / JSON).read_text())["failed"]) == {f"1e+30, seed {seed}" for seed in range(3)}


def test_what_the_machine_lacks_is_no_failure(tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = jobs_of(tiny(), tmp_path)[0]

    def train(*words: object, **options: object) -> None:
        raise MemoryError("no more")

    monkeypatch.setattr(work, "train", train)
    report = do_job(job)
    assert (report.status, "give fewer --workers" in report.reason) == ("stopped", True)
    assert not (job.folder / RESULT).exists()
    monkeypatch.setattr(work, "PATIENCE_SECONDS", 0.0)
    monkeypatch.undo()
    monkeypatch.setattr(work, "PATIENCE_SECONDS", 0.0)
    with only_run_in(job.folder):
        report = do_job(job)
    assert (report.status, "is writing into" in report.reason) == ("stopped", True)
    assert do_job(job).status == "done"


def test_what_is_not_there_is_told_before_the_first_run(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DatasetError):
        run_study(tiny(data={"train": [str(tmp_path / "nowhere")]}), tmp_path / "out", progress=False)
    base = tiny().base | {"model": TINY_MODEL | {"encoder_weights": str(tmp_path / "weights")}}
    with pytest.raises(ModelError, match="adamw, seed 0: no encoder weights"):
        run_study(tiny(base=base), tmp_path / "out", progress=False)
    unseen = tiny(data={"train": list(tiny().data.train), "splits": ["test-unseen"]})
    with pytest.raises(DatasetError, match="test-unseen"):
        run_study(unseen, tmp_path / "out", progress=False)
    assert not list(tmp_path.rglob(RESULT))


def test_rows_of_another_version_are_not_gone_on_with(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = tiny()
    assert do_job(jobs_of(study, tmp_path)[0]).status == "done"
    newer = replace(protocols.PROTOCOLS["shapeshot"], version=2)
    monkeypatch.setitem(protocols.PROTOCOLS, "shapeshot", newer)
    with pytest.raises(DatasetError, match="the two are not mixed"):
        run_study(study, tmp_path, progress=False)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_study_killed_three_times_ends_with_the_same_table(boxes_folder: Path, tmp_path: Path) -> None:
    script = subprocess.run(
        [sys.executable, HERE / "killed_study.py", boxes_folder, tmp_path, "3", "4"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path, str(HERE.parent / "helpers")])},
    )
    assert (script.returncode, script.stdout) == (0, "killed\n" * 3), script.stderr
    assert told(tmp_path / "killed") == told(tmp_path / "whole")
    assert [path.name for path in folders(tmp_path / "killed")] == [path.name for path in folders(tmp_path / "whole")]
    assert not list((tmp_path / "killed").rglob(".*"))


def started(study: Path, out: Path) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "shapeshot", "study", "run", study, "--out", out, "--workers", "2", "--quiet"]
    return subprocess.Popen(
        [str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip


@pytest.mark.slow
def test_a_study_killed_ten_times_ends_with_the_same_table(boxes_folder: Path, tmp_path: Path) -> None:
    """The command itself, with its worker processes, which leave with it."""
    study = tmp_path / "tiny.toml"
    study.write_text(tiny_toml(str(boxes_folder), steps=40))
    begun = time.monotonic()
    process = started(study, tmp_path / "whole")
    assert process.wait() == 0, process.stderr and process.stderr.read()
    whole, rng, kills = min(time.monotonic() - begun, 25.0), random.Random(3), 0  # a slow machine is not waited for
    # A start takes seconds of importing, so most of these moments lie after it; that is where work is to be lost.
    while kills < 10:
        process = started(study, tmp_path / "killed")
        time.sleep(rng.uniform(0.3, 0.9) * whole)
        kills += process.poll() is None
        with suppress(ProcessLookupError):  # it was done, and its workers with it
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        if kills < 10 and (tmp_path / "killed" / JSON).exists():
            (tmp_path / "killed" / JSON).unlink()
            for folder in folders(tmp_path / "killed")[:4]:  # it was done too soon: some work is there again
                (folder / RESULT).unlink()
    process = started(study, tmp_path / "killed")
    assert process.wait() == 0, process.stderr and process.stderr.read()
    assert told(tmp_path / "killed") == told(tmp_path / "whole")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")
def test_an_interrupt_ends_a_study_and_its_workers_at_once(boxes_folder: Path, tmp_path: Path) -> None:
    study = tmp_path / "tiny.toml"
    study.write_text(tiny_toml(str(boxes_folder), steps=100_000))
    process = started(study, tmp_path / "out")
    while not list((tmp_path / "out").rglob(LAST)):
        assert process.poll() is None
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    # The whole group is interrupted, and the tracker of shared memory, which is told as well, may have the last word.
    assert (process.returncode, b"shapeshot: interrupted" in errors.splitlines()) == (143, True)
    deadline = time.monotonic() + 30  # the tracker of shared memory cleans up after the others
    while str(process.pid) in _groups() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert str(process.pid) not in _groups()
    assert list((tmp_path / "out").rglob(LAST))


def _groups() -> set[str]:
    """The groups of all processes, those that have ended and wait to be noticed left out."""
    groups = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended
            state, _, group = path.read_text().rpartition(")")[2].split()[:3]
            groups |= {group} if state != "Z" else set()
    return groups


@pytest.fixture
def two_nodes() -> Iterator[Any]:
    pytest.importorskip("ray", reason="needs the extra `cluster`")
    with ray_cluster_of_two() as cluster:
        yield cluster


@pytest.mark.slow
def test_a_cluster_that_loses_a_node_does_every_run_once(
    two_nodes: Any, tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = tiny(budget={"steps": 20})
    taken: list[str] = []
    take = Progress.take

    def lose_a_node(self: Progress, job: Job, report: Report) -> None:
        take(self, job, report)
        taken.append(job.label)
        if len(taken) == 3:
            two_nodes.remove_node(two_nodes.worker_nodes.copy().pop(), allow_graceful=False)

    monkeypatch.setattr(Progress, "take", lose_a_node)
    outcome = run_study(study, tmp_path / "out", ray=two_nodes.address, progress=False)
    assert (outcome.done, outcome.failed, outcome.stopped) == (7, {}, {})
    assert len(taken) == len(set(taken)) == 7
    gathered = gather(study, tmp_path / "out")
    assert gathered.missing == ()
    assert len(folders(tmp_path / "out")) == 7


def test_the_command_plans_runs_and_reports(
    boxes_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    study, out = tmp_path / "tiny.toml", tmp_path / "out"
    study.write_text(tiny_toml(str(boxes_folder), steps=2))
    words = ["study", "plan", str(study), "--out", str(out), "--workers", "2", "--no-timing"]
    assert main(words) == 0
    planned = capsys.readouterr().out
    assert "6 runs, 0 done; beside them mean" in planned
    assert "cost: not timed (2 at a time" in planned
    assert not out.exists()
    assert main(["study", "report", str(study), "--out", str(out)]) == 2
    assert "run the study first" in capsys.readouterr().err
    assert main(["study", "run", str(study), "--out", str(out), "--workers", "2", "--quiet"]) == 0
    printed = capsys.readouterr()
    assert (printed.out.splitlines()[0], printed.err) == ("7 done, 0 kept, 0 failed, 0 stopped", "")
    assert "## Ranking on test" in printed.out
    assert main(["study", "report", str(study), "--out", str(out)]) == 0
    assert main(words) == 0
    assert "6 runs, 6 done" in capsys.readouterr().out
    assert main(["study", "run", str(tmp_path / "nothing.toml")]) == 2
    assert "cannot read the study" in capsys.readouterr().err


def test_a_plan_times_each_kind_of_run_once(tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = tiny()
    plan = plan_study(study, tmp_path, workers=1, progress=False)
    assert [cell.label for cell in plan.cells] == ["adamw", "radam"]
    assert all(cell.seconds and cell.seconds > 0 for cell in plan.cells)
    assert plan.seconds == pytest.approx(sum(3 * (cell.seconds or 0) for cell in plan.cells))
    assert "cost: about" in plan_text(plan)

    def measure_again(*words: object) -> None:
        raise AssertionError("timed twice")

    monkeypatch.setattr(costs, "ProcessPool", measure_again)
    assert plan_study(study, tmp_path, workers=1, progress=False) == plan
    longer = plan_study(tiny(budget={"steps": 4000}), tmp_path, workers=1, progress=False)
    assert longer.cells[0].seconds is not None
    assert plan.cells[0].seconds is not None
    assert longer.cells[0].seconds > plan.cells[0].seconds


def test_equal_compute_is_decided_once(tiny: Tiny, tmp_path: Path) -> None:
    study = tiny(budget={"seconds": 30})
    cells = expand(study)
    rates = {
        costs.probe_of(cell, study, 1).key: costs.Rates(1.0, step, 0.0, 0.0, 0.0)
        for cell, step in zip(cells, (0.1, 0.2), strict=True)
    }
    assert len(costs.undecided(study, cells, tmp_path)) == 2
    decided = costs.decided(study, cells, tmp_path, rates, 1)
    assert [cell.config.max_iter for cell in decided] == [300, 150]
    assert costs.undecided(study, cells, tmp_path) == []
    assert costs.decided(study, cells, tmp_path, {}, 8) == decided  # elsewhere, or later
    own = tiny(budget={"seconds": 30}, factors={"n": {"setting": "max_iter", "levels": [3, 5]}}, questions=[])
    assert [cell.config.max_iter for cell in costs.decided(own, expand(own), tmp_path, {}, 1)] == [3, 5]


def test_what_a_run_costs_is_the_sum_of_its_parts(tiny: Tiny) -> None:
    config = replace(expand(tiny())[0].config, max_iter=10, val_every=4, save_every=5)
    rates = costs.Rates(load=1.0, step=0.1, validate=10.0, save=100.0, score=1000.0)
    assert rates.seconds(config, 2) == pytest.approx(1 + 10 * 0.1 + 3 * 10 + 2 * 100 + 2 * 1000)


def test_data_are_built_where_they_are_missing(
    boxes_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[tuple[Any, ...]] = []

    def build(source: Any, folder: Path, options: Any, workers: int | None, progress: bool) -> None:
        built.append((type(source).__name__, source._count if hasattr(source, "_count") else None, options.views))
        folder.symlink_to(boxes_folder)

    monkeypatch.setattr(preparing, "build_dataset", build)
    how = {"source": "procedural", "count": 7, "views": 2}
    data = DataDeclaration((str(tmp_path / "data"),), build=how)
    preparing.prepare_data(data, 1, progress=False)
    preparing.prepare_data(data, 1, progress=False)
    assert [entry[0] for entry in built] == ["ProceduralSource"]
    assert built[0][2] == 2
    for wrong, message in (
        ({"source": "procedurel"}, "unknown source 'procedurel'"),
        ({"source": "procedural", "conut": 3}, "unknown entry of data.build 'conut'"),
        ({"source": "procedural", "views": 0}, "views must lie in"),
    ):
        with pytest.raises(UserError, match=message):
            preparing.prepare_data(DataDeclaration((str(tmp_path / "other"),), build=wrong), 1, progress=False)
