"""One line for a whole study: how many runs are done, at work and failed, and how much time is left."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from types import TracebackType

from shapeshot.lab.run_folder import LOG
from shapeshot.study.jobs import Job
from shapeshot.study.work import STOPPED, Report

SECONDS = 2.0  # between two looks at the runs' logs
SECONDS_WITHOUT_TERMINAL = 60.0
_TAIL_BYTES = 2000


class Progress:
    """A line on stderr that is renewed while a study works; it reads how far runs are from their logs.

    weights: of each job, its expected seconds, or whatever else says how large it is beside the others.
    """

    def __init__(self, jobs: Sequence[Job], kept: int, weights: Mapping[Job, float], shown: bool) -> None:
        self._jobs, self._kept, self._weights = jobs, kept, weights
        self._reports: dict[Job, Report] = {}
        self._is_terminal = sys.stderr.isatty()
        self._shown, self._end = shown, threading.Event()
        self._thread = threading.Thread(target=self._renew, daemon=True)
        self._started, self._first_share = time.monotonic(), self._share()

    def __enter__(self) -> Progress:
        if self._shown:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            self._end.set()
            self._thread.join()
            self._write(self.line() + ("\n" if self._is_terminal else ""))

    def take(self, job: Job, report: Report) -> None:
        """Note what became of a job; what did not get its scores is told on a line of its own."""
        self._reports[job] = report
        if self._shown and report.reason:
            self._write(f"{job.label}: {report.status}: {report.reason}" + ("\n" if self._is_terminal else ""))

    def line(self) -> str:
        """The line."""
        counts = Counter(report.status for report in self._reports.values())
        running = [job for job in self._jobs if job not in self._reports and self._step(job) > 0]
        parts = [f"{counts['done'] + self._kept} of {len(self._jobs) + self._kept} done", f"{len(running)} running"]
        parts += [f"{counts[name]} {name}" for name in ("failed", STOPPED) if counts[name]]
        at = ", ".join(f"{job.label}: {self._step(job)}/{job.config.max_iter}" for job in running[:4] if job.config)
        return f"study: {', '.join(parts)}, {self._left()}" + (f" ({at})" if at else "")

    def _left(self) -> str:
        share, seconds = self._share(), time.monotonic() - self._started
        if share >= 1:
            return f"took {duration(seconds)}"
        if share <= self._first_share:
            return "time left unknown"
        return f"{duration(seconds * (1 - share) / (share - self._first_share))} left"

    def _share(self) -> float:
        """How much of the work is done, 0 to 1."""
        total = sum(self._weights[job] for job in self._jobs)
        done = sum(
            self._weights[job] * (1.0 if job in self._reports else self._step(job) / max(1, _steps(job)))
            for job in self._jobs
        )
        return done / total if total else 1.0

    def _step(self, job: Job) -> int:
        """The last step that a run wrote to its log; 0 where there is none, and for a baseline."""
        try:
            with (job.folder / LOG).open("rb") as log:
                log.seek(0, 2)
                log.seek(max(0, log.tell() - _TAIL_BYTES))
                last = log.read().rpartition(b'"step": ')[2]
        except OSError:
            return 0
        digits = last.split(b",")[0]
        return int(digits) if digits.isdigit() else 0

    def _renew(self) -> None:
        every = SECONDS if self._is_terminal else SECONDS_WITHOUT_TERMINAL
        while not self._end.wait(every):
            self._write(self.line())

    def _write(self, line: str) -> None:
        if self._is_terminal:
            print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
        else:
            print(line, file=sys.stderr, flush=True)


def duration(seconds: float) -> str:
    """Seconds as people say them: "40 s", "12 min", "3 h 20 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def _steps(job: Job) -> int:
    return job.config.max_iter if job.config else 1
