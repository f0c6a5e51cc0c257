"""Numbers that are none, too large or too small: one line that names the flag, exit code 2, never a traceback."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import pytest

from shapeshot.cli import build_parser
from shapeshot.limits import WORKERS

Run = Callable[..., Any]
DIGITS = "9" * 300
MANY_DIGITS = "9" * 5000  # more than Python turns into an integer
WHOLE = ["nan", "inf", "1e3", "0x10", "", DIGITS, "-" + DIGITS, MANY_DIGITS]
REAL = ["nan", "inf", "-inf", "ten", "", MANY_DIGITS]
REQUIRED = {
    "reconstruct": ["a.jpg", "--out", "a.glb"],
    "serve": [],
    "studio": [],
    "data build": ["procedural", "--out", "data"],
    "remember": ["--data", "data"],
    "calibrate": ["--data", "data"],
    "evaluate": [],
    "compare": ["a", "b"],
    "fit": ["a.glb", "--type", "mesh"],
}


def number_flags() -> list[tuple[str, str, str]]:
    """(command, flag, text) of every flag that takes a number, in every command but train's."""
    found = []
    for command in REQUIRED:
        parser = build_parser()
        for word in command.split():
            assert parser._commands
            parser = parser._commands.choices[word]
            if parser._declare:
                parser._declare(parser)
                parser._declare = None
        for action in parser._actions:
            if action.metavar in ("N", "FACES"):
                found += [(command, action.option_strings[0], text) for text in WHOLE]
            if action.metavar in ("P", "MIB", "SECONDS", "RATE", "W"):
                found += [(command, action.option_strings[0], text) for text in REAL]
    return found


FLAGS = number_flags()


def test_every_such_command_is_tried() -> None:
    assert {command for command, _, _ in FLAGS} == set(REQUIRED)
    assert len({flag for _, flag, _ in FLAGS}) > 20


@pytest.mark.parametrize(("command", "flag", "text"), FLAGS, ids=lambda value: str(value)[:20])
def test_no_number_of_that_flag(shapeshot_command: Run, command: str, flag: str, text: str) -> None:
    done = shapeshot_command(*command.split(), *REQUIRED[command], f"{flag}={text}")
    if (flag, text) == ("--simplify", DIGITS):  # more faces than the mesh has: it stays as it is
        assert (done.code, "a.jpg" in done.err) == (1, True)
        return
    assert done.code == 2
    [line] = done.err.splitlines()
    assert line.startswith("shapeshot: ")
    assert len(line) < 250
    named = {"--points": "points", "--smooth": "smoothing", "--simplify": "faces"}.get(flag, flag.removeprefix("--"))
    assert flag in line or named in line


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["reconstruct", "a.jpg", "--out", "a.glb", "--workers", "-1"], "must be at least 1; got -1"),
        (["reconstruct", "a.jpg", "--out", "a.glb", "--workers", "0"], "must be at least 1; got 0"),
        (["reconstruct", "a.jpg", "--out", "a.glb", "--workers", "100000"], f"must be at most {WORKERS}"),
        (["serve", "--workers", "-1"], "must be at least 1; got -1"),
        (["serve", "--workers", "0"], "must be at least 1; got 0"),
        (["serve", "--workers", "100000"], f"must be at most {WORKERS}"),
        (["serve", "--timeout", "1e300"], "timeout"),
        (["serve", "--ttl", "1e300"], "ttl"),
        (["data", "build", "procedural", "--out", "d", "--workers", "100000"], f"must be at most {WORKERS}"),
        (["reconstruct", "a.jpg", "--out", "a.glb", "--size", "height=1e308m"], "metres"),
        (["reconstruct", "a.jpg", "--out", "a.glb", "--size", f"height={DIGITS}"], "metres"),
        (["reconstruct", "a.jpg", "--out", "a.glb", "--region", "nan,0,1,1"], "region"),
        (["reconstruct", "a.jpg", "--out", "a.glb", "--region", f"0,0,{MANY_DIGITS},1"], "region"),
    ],
)
def test_numbers_out_of_range(shapeshot_command: Run, words: list[str], said: str) -> None:
    done = shapeshot_command(*words)
    assert done.code == 2
    [line] = done.err.splitlines()
    assert said in line


def test_a_count_is_read() -> None:
    from shapeshot.cli.flags import finite_number, whole_number

    assert whole_number(1, 5)("5") == 5
    assert finite_number("-1e3") == -1000
    with pytest.raises(argparse.ArgumentTypeError):
        whole_number(1, 5)("6")
