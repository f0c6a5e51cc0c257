"""What every command shares: help, version, suggestions, extras, interruptions."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shapeshot import __version__
from shapeshot.cli import main
from shapeshot.cli.parser import UsageError, needs_extra

Run = Callable[..., Any]


def test_a_program_that_calls_the_command_line_keeps_its_search_for_garbage() -> None:
    assert main(["data"]) == 2
    assert (gc.isenabled(), gc.get_freeze_count()) == (True, 0)
    gc.disable()
    try:
        assert main(["data"]) == 2
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.mark.parametrize(("given", "told"), [({}, "4"), ({"OPENBLAS_THREAD_TIMEOUT": "26"}, "26")])
def test_openblas_is_told_before_it_loads_to_let_cores_rest(given: dict[str, str], told: str) -> None:
    code = (
        "import os, sys; from shapeshot.cli import main; before = 'numpy' in sys.modules; main(['data']); "
        "print(before, os.environ['OPENBLAS_THREAD_TIMEOUT'])"
    )
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_THREAD_TIMEOUT"}
    done = subprocess.run([sys.executable, "-c", code], env=environment | given, capture_output=True, text=True)
    assert done.stdout == f"False {told}\n"


@pytest.mark.parametrize(
    ("words", "suggested"),
    [
        (["recunstruct"], "'reconstruct'"),
        (["data", "biuld"], "'build'"),
        (["reconstruct", "--outt", "x"], "--out"),
        (["evaluate", "--splitt=test"], "--split"),
    ],
)
def test_the_nearest_name_is_suggested(shapeshot_command: Run, words: list[str], suggested: str) -> None:
    done = shapeshot_command(*words)
    assert done.code == 2
    assert f"Did you mean {suggested}?" in done.err
    assert len(done.err.splitlines()) == 1


def test_flags_are_not_abbreviated(shapeshot_command: Run) -> None:
    assert shapeshot_command("reconstruct", "a.jpg", "--out", "x", "--prev").code == 2


def test_what_comes_after_two_dashes_is_left_as_it_is(shapeshot_command: Run, tmp_path: Path) -> None:
    """Flags may be written with underscores, but after -- there are none: --my_photo.jpg is a file."""
    done = shapeshot_command("reconstruct", "--out", tmp_path / "a.glb", "--", "--my_photo.jpg")
    assert done.code == 1
    assert "--my_photo.jpg" in done.err
    done = shapeshot_command("reconstruct", "--out", tmp_path / "a.glb", "--no_such_flag", "--", "--my_photo.jpg")
    assert "unknown flag --no-such-flag" in done.err


@pytest.mark.parametrize("words", [[], ["data"]])
def test_no_command_shows_the_help(shapeshot_command: Run, words: list[str]) -> None:
    done = shapeshot_command(*words)
    assert done.code == 2
    assert "COMMAND" in done.err


@pytest.mark.parametrize(
    "words", [["--help"], ["reconstruct", "--help"], ["data", "build", "--help"], ["evaluate", "--help"]]
)
def test_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_info:
        main(words)
    assert exit_info.value.code == 0
    assert "usage: shapeshot" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"shapeshot {__version__}\n"


def test_a_missing_extra_says_how_to_install_it() -> None:
    with (
        pytest.raises(UsageError, match=r"needs torch; install it with: pip install 'shapeshot\[train\]'"),
        needs_extra("train"),
    ):
        raise ModuleNotFoundError(name="torch.nn")


def test_a_missing_module_of_our_own_is_not_hidden() -> None:
    with pytest.raises(ModuleNotFoundError), needs_extra("train"):
        raise ModuleNotFoundError(name="shapeshot.lab.modle")


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (MemoryError(), 1, "out of memory"),
        (OSError(28, "No space left on device", "/x"), 1, "/x: No space left on device"),
    ],
)
def test_what_ends_a_command(
    shapeshot_command: Run, monkeypatch: pytest.MonkeyPatch, raised: BaseException, code: int, said: str
) -> None:
    def fail(*_: object) -> None:
        raise raised

    monkeypatch.setattr("shapeshot.folders.plan_targets", fail)
    done = shapeshot_command("reconstruct", "a.jpg", "--out", "x")
    assert (done.code, done.err) == (code, f"shapeshot: {done.err.removeprefix('shapeshot: ')}")
    assert said in done.err


def test_a_reader_that_leaves_is_no_error() -> None:
    code = (
        "import sys, shapeshot.cli as c\n"
        "class A:\n def parse_args(self, argv): return self\n"
        " def run(self, args): print('x' * 100000); return 0\n"
        "c.build_parser = A\nsys.exit(c.main())"
    )
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run([sys.executable, "-c", code], stdout=write_end, stderr=subprocess.PIPE, text=True)
    os.close(write_end)
    assert (done.returncode, done.stderr) == (141, "")
