"""Feed strangers' bytes to what reads them, for some minutes: `make fuzz MINUTES=5`, or this file with --help.

An input whose harness raises anything but a UserError, or that takes longer than its budget, is written to --keep and
fails the run. The figures of docs/robustness.md are what this prints.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "helpers"))  # what makes the good files

from harness import Harness
from harnesses import HARNESSES

from shapeshot.errors import UserError


@dataclass
class Figures:
    """What a harness's inputs came to. slowest: seconds."""

    harness: str
    seed: int
    inputs: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    findings: list[str] = field(default_factory=list)


def fuzz(name: str, seconds: float, seed: int, keep: Path, most: int | None = None) -> Figures:
    """Run one harness for so many seconds, or inputs."""
    harness, figures, chance = HARNESSES[name](), Figures(name, seed), random.Random(seed)
    end = time.monotonic() + seconds
    try:
        with harness.started():
            while time.monotonic() < end and (most is None or figures.inputs < most):
                _feed(harness, harness.make(chance), figures, keep)
    except Exception as error:
        figures.findings.append(f"{type(error).__name__}: {error}")
    return figures


def _feed(harness: Harness, content: bytes, figures: Figures, keep: Path) -> None:
    begin, trouble = time.monotonic(), ""
    try:
        outcome = harness.feed(content)
    except UserError as error:
        outcome = type(error).__name__
    except Exception as error:
        outcome, trouble = "finding", f"{type(error).__name__}: {error}"
    took = time.monotonic() - begin
    if took > harness.seconds:
        outcome, trouble = "finding", trouble or f"took {took:.1f} s of {harness.seconds:g}"
    figures.inputs += 1
    figures.outcomes[outcome] += 1
    figures.slowest = max(figures.slowest, took)
    if trouble:
        keep.mkdir(parents=True, exist_ok=True)
        path = keep / f"{figures.harness}-{hashlib.sha256(content).hexdigest()[:12]}"
        path.write_bytes(content)
        figures.findings.append(f"{path}: {' '.join(trouble.split())[:300]}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the harnesses that are named, or all; 1 where there were findings."""
    parser = argparse.ArgumentParser(description="Fuzz what reads strangers' bytes.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(HARNESSES)} (all)")
    parser.add_argument("--minutes", type=float, default=5.0, help="shared by the harnesses (5)")
    parser.add_argument("--seed", type=int, help="of the inputs (another one each time)")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-findings"), help="where inputs go that did harm")
    args = parser.parse_args(argv)
    names = args.names or list(HARNESSES)
    seed = random.SystemRandom().randrange(2**32) if args.seed is None else args.seed
    figures = [fuzz(name, 60 * args.minutes / len(names), seed, args.keep) for name in names]
    for one in figures:
        print(json.dumps({**asdict(one), "outcomes": dict(one.outcomes.most_common())}))
    return int(any(one.findings for one in figures))


if __name__ == "__main__":
    sys.exit(main())
