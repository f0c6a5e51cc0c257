"""Kill what may be killed, so many times each: `make kills KILLS=100`, or this file with --help.

Folder runs, data builds, trainings, studies and the server are started, killed with SIGKILL at random moments and
started again with the same words. Whatever is lost, half-written or left behind fails the run. The same call goes on
where an earlier one was cut off. The figures of docs/robustness.md are what this prints.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "helpers"))

from commands import COMMANDS
from figures import Figures
from killing import kill_command
from serving import kill_server

KINDS = (*COMMANDS, "server")


def main(argv: Sequence[str] | None = None) -> int:
    """Kill the kinds that are named, or all; 1 where there were findings."""
    parser = argparse.ArgumentParser(description="Kill commands at random moments, and look at what is left.")
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(KINDS)} (all)")
    parser.add_argument("--kills", type=int, default=100, help="of each kind (100)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (0)")
    parser.add_argument("--place", type=Path, default=Path("out/kills"), help="where it all happens (out/kills)")
    args = parser.parse_args(argv)
    if unknown := set(args.kinds) - set(KINDS):
        parser.error(f"unknown kinds {sorted(unknown)}; there are {', '.join(KINDS)}")
    failed = False
    for kind in args.kinds or KINDS:
        place = args.place.resolve() / kind
        figures = Figures.of(kind, args.seed, place)
        if kind in COMMANDS:
            kill_command(COMMANDS[kind](), figures, place, args.kills)
        else:
            kill_server(figures, place, args.kills)
        print(json.dumps(asdict(figures)), flush=True)
        failed |= bool(figures.findings)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
