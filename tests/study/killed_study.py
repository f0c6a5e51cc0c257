"""A study killed with SIGKILL again and again: `killed_study.py DATA OUT KILLS SEED`, then let through.

Each child is forked from this process, which has imported everything, and does the study's jobs itself. It is first
run without a kill in OUT/whole, and then in OUT/killed, where it is killed at random moments, wherever it is by then.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from tiny_studies import tiny_values

from shapeshot.jobs.pool import InThisProcess
from shapeshot.study import run
from shapeshot.study.jobs import Job
from shapeshot.study.reading import parse_study
from shapeshot.study.report import write_study_report
from shapeshot.study.work import Report, begin_jobs


def in_this_process(jobs: Sequence[Job], places: run.Places, ray: str | None) -> InThisProcess[Job, Report]:
    return InThisProcess(jobs, begin_jobs)


def start(data: str, out: Path) -> int:
    child = os.fork()
    if child == 0:
        torch.set_num_threads(1)
        study = parse_study("tiny", tiny_values(data))
        outcome = run.run_study(study, out, workers=1, progress=False)
        write_study_report(study, out)
        os._exit(int(bool(outcome.failed or outcome.stopped)))
    return child


run._pool = in_this_process  # type: ignore[assignment]
run.Places.on_this_machine = classmethod(lambda cls, workers: cls(1, 1))  # type: ignore[assignment, method-assign]
data, place, kills, rng = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), random.Random(int(sys.argv[4]))
begun = time.monotonic()
if os.waitpid(start(data, place / "whole"), 0)[1]:
    sys.exit("the study that was not killed did not end well")
whole = time.monotonic() - begun
for _ in range(kills):
    child = start(data, place / "killed")
    time.sleep(rng.uniform(0.2, 0.9) * whole / kills)
    os.kill(child, signal.SIGKILL)
    if os.WIFSIGNALED(os.waitpid(child, 0)[1]):
        print("killed")
sys.exit(os.waitpid(start(data, place / "killed"), 0)[1])
