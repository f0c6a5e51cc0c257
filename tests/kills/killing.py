"""A command that is started, killed with SIGKILL at a random moment, and started again with the same words."""

from __future__ import annotations

import atexit
import ctypes
import importlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType

from commands import Command
from contents import contents
from figures import Figures
from sessions import outlived

MOST_SECONDS = 20.0  # after which it is killed at the latest: a slow machine is not waited for
WITH_ALL = 0.25  # of the kills meet the workers, too, as when a terminal goes or memory runs out


def kill_command(command: Command, figures: Figures, place: Path, kills: int) -> None:
    """Kill it until so many kills have met it, then let it through; what may not be is noted in the figures."""
    whole, out = place / "whole", place / "killed"
    with _own_folders(place):
        importlib.import_module(command.imports)
        if not figures.usual:
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
            _undisturbed(command, figures, place, whole)
        expected, done = command.done(whole), command.done(out)
        while figures.kills < kills:
            done = _start_and_kill(command, figures, place, expected, done)
            figures.keep(place)
        _run(command, figures, place, None)
        figures.keep(place)


def _undisturbed(command: Command, figures: Figures, place: Path, whole: Path) -> None:
    command.prepare(place)
    (place / "temporary").mkdir()
    begun = time.monotonic()
    code = _wait(_start(command, place, whole), 3600)
    if code:
        raise RuntimeError(f"the undisturbed run ended with {code}: {(place / 'output').read_text()[-500:]}")
    figures.usual = time.monotonic() - begun
    figures.temporary = _temporary(place)
    figures.keep(place)


def _start_and_kill(
    command: Command, figures: Figures, place: Path, expected: Mapping[str, object], before: Mapping[str, object]
) -> Mapping[str, object]:
    """One start, killed somewhere within the seconds of the undisturbed run; what is done after it."""
    begun, out = time.monotonic(), place / "killed"
    chance = random.Random(f"{figures.seed} {figures.kind} {figures.starts}")
    if _run(command, figures, place, chance):
        shutil.rmtree(out)  # and from nothing again
    try:
        done = command.done(out)
    except Exception as error:
        figures.find(f"half-written: {type(error).__name__}: {error}")
        done = {}
    else:
        _look_at(figures, done, expected, before if out.exists() else {})
    figures.seconds += time.monotonic() - begun
    return done


def _look_at(
    figures: Figures, done: Mapping[str, object], expected: Mapping[str, object], before: Mapping[str, object]
) -> None:
    """What a killed run has done against what the one before it had, and against the undisturbed one."""
    figures.goings_on += 0 < len(done) < len(expected)
    for name in sorted(before.keys() - done.keys()):
        figures.find(f"{name} was done and is lost")
    for name in sorted(done):
        if done[name] != expected.get(name):
            figures.find(f"{name} is not as in the undisturbed run")


def _run(command: Command, figures: Figures, place: Path, chance: random.Random | None) -> bool:
    """Start it and kill it, or let it through; whether it came to its end, which is then compared."""
    out = place / "killed"
    figures.starts += 1
    leader = _start(command, place, out)
    code = _wait(leader, 0.02 + chance.random() * min(figures.usual, MOST_SECONDS) if chance else 3600)
    if code is None:
        with suppress(ProcessLookupError):  # it has no session of its own yet
            if chance and chance.random() < WITH_ALL:
                os.killpg(leader, signal.SIGKILL)
        os.kill(leader, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(leader, 0)[1])
    if left := outlived(leader):
        figures.find(f"{len(left)} processes outlived it")
    if code == -signal.SIGKILL:
        figures.kills += 1
        return False
    figures.ends += 1
    if code:
        figures.find(f"it ended with {code}: {(place / 'output').read_text()[-300:]}")
    _compare(figures, place)
    return True


def _compare(figures: Figures, place: Path) -> None:
    """The finished folder against the undisturbed one, and what is left in folders for temporary files."""
    whole, killed = contents(place / "whole"), contents(place / "killed")
    for name in sorted(whole.keys() | killed.keys()):
        if name not in killed:
            figures.find(f"{name} is missing")
        elif name not in whole:
            figures.find(f"{name} was left behind")
        elif killed[name] != whole[name]:
            figures.find(f"{name} differs")
    for name in _temporary(place):
        if name not in figures.temporary:
            figures.find(f"{name} was left behind")


def _temporary(place: Path) -> list[str]:
    paths = [path for folder in ("temporary", "cache") for path in (place / folder).rglob("*")]
    return sorted(str(path.relative_to(place)) for path in paths)


def _start(command: Command, place: Path, out: Path) -> int:
    """Fork a process, in a session of its own, in which the command line runs; its id."""
    words, runner = command.words(place, out), os.getpid()
    child = os.fork()
    if child:
        return child
    code = 99
    try:
        os.setsid()
        _leave_with(runner)
        output = os.open(place / "output", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        tempfile.tempdir = None  # asked for before TMPDIR was set
        sys.modules["__main__"] = ModuleType("__main__")  # workers import it: of the command itself it is as empty
        code = command.run(words)
        atexit._run_exitfuncs()
    finally:
        os._exit(code)


def _leave_with(runner: int) -> None:
    """End this process with the one that kills: left over, it would write beside the next start."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != runner:
            os._exit(1)


def _wait(child: int, seconds: float) -> int | None:
    """The exit code of a process, or None where it still runs after so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    return None


@contextmanager
def _own_folders(place: Path) -> Iterator[None]:
    """Temporary files and caches lie in the place, so that what is left there can be told; and one thread each."""
    own = {"TMPDIR": str(place / "temporary"), "SHAPESHOT_CACHE": str(place / "cache"), "OMP_NUM_THREADS": "1"}
    before = os.environ.copy()
    os.environ.update(own)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
