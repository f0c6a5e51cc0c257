"""The command line. Every error a user can cause becomes one line on stderr and an exit code.

Exit codes: 0 all done, 1 something failed while working, 2 the request itself cannot be carried out,
3 the model saw no object, 130 interrupted, 143 interrupted by SIGTERM.
"""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Sequence

from shapeshot import __version__
from shapeshot.cli import (
    calibrate,
    compare,
    data,
    evaluate,
    export,
    fit,
    pretrain,
    reconstruct,
    remember,
    serve,
    study,
    train,
    turntable,
)
from shapeshot.cli.flags import in_flags
from shapeshot.cli.loading import modules_loading
from shapeshot.cli.parser import Parser
from shapeshot.errors import UserError
from shapeshot.jobs.interrupt import Terminated, sigterm_interrupts
from shapeshot.names import shown

# In the order of --help.
COMMANDS = (
    reconstruct,
    turntable,
    serve,
    data,
    pretrain,
    train,
    export,
    remember,
    calibrate,
    evaluate,
    compare,
    study,
    fit,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line on `argv` (by default the process's own) and return its exit code."""
    _let_output_pass()
    _let_cores_rest()
    try:
        with modules_loading():
            args = build_parser().parse_args(argv)
        with sigterm_interrupts():
            code: int = args.run(args)
        sys.stdout.flush()
        return code
    except UserError as error:
        return _fail(str(error), error.exit_code)
    except Terminated:
        return _fail("interrupted", 143)
    except KeyboardInterrupt:
        return _fail("interrupted", 130)
    except BrokenPipeError:
        return _leave_broken_pipe()
    except MemoryError:
        return _fail("out of memory; try a lower resolution, smaller batches or fewer workers", 1)
    except OSError as error:
        return _fail(f"{error.filename or 'input/output'}: {error.strerror or error}", 1)
    finally:
        if argv is not None:  # in a program of someone else's
            gc.unfreeze()


def build_parser() -> Parser:
    """The parser of all commands."""
    parser = Parser(prog="shapeshot", description="One photo of an object in; voxels, a point cloud and a mesh out.")
    parser.add_argument("--version", action="version", version=f"shapeshot {__version__}")
    for command in COMMANDS:
        command.add_command(parser)
    return parser


def _fail(message: str, code: int) -> int:
    print(f"shapeshot: {shown(in_flags(' '.join(message.split())))}", file=sys.stderr)
    return code


def _let_output_pass() -> None:
    """What a terminal's encoding lacks is written as an escape: a name must not end a run."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _let_cores_rest() -> None:
    """Keep OpenBLAS's threads from turning in a loop for some 30 ms after each product, on cores that others need.

    numpy's OpenBLAS reads this where numpy is imported, which no command has done by now.
    """
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")  # 2^4 cycles


def _leave_broken_pipe() -> int:
    # The reader (head, less) has left: say nothing, and keep Python's own flush at exit from complaining.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 141  # 128 + SIGPIPE, as a shell reports it
