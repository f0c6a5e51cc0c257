"""Print the lowest version of every dependency that pyproject.toml allows, as pip takes constraints.

python recipes/floors.py studio > floors.txt; pip install --constraint floors.txt '.[studio]'

The runtime's dependencies come first, then those of the extras that are named. `make test-floors` runs the tests there.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tomllib

PROJECT = Path(__file__).parents[1] / "pyproject.toml"
FLOOR = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?\s*>=\s*([^,;\s]+)")


def floors(project: Mapping[str, Any], extras: Iterable[str]) -> list[str]:
    """NAME==VERSION of each dependency, of the extras' own extras, too. Raises ValueError for one without a floor."""
    pins: dict[str, str] = {}
    for requirement in _requirements(project, extras):
        found = FLOOR.match(requirement)
        if not found:
            raise ValueError(f"{requirement!r} has no lowest version; write NAME>=VERSION")
        pins[found[1]] = found[2]
    return [f"{name}=={version}" for name, version in pins.items()]


def _requirements(project: Mapping[str, Any], extras: Iterable[str]) -> list[str]:
    waiting, seen = [project["dependencies"], *(project["optional-dependencies"][extra] for extra in extras)], []
    while waiting:
        for requirement in waiting.pop(0):
            own = re.fullmatch(rf"{project['name']}\[(.+)\]", requirement)
            if own:
                waiting += [project["optional-dependencies"][extra.strip()] for extra in own[1].split(",")]
            else:
                seen.append(requirement)
    return seen


def main(argv: Sequence[str] | None = None) -> int:
    """Print the pins, one a line."""
    parser = argparse.ArgumentParser(description="Print the lowest versions that pyproject.toml allows.")
    parser.add_argument("extras", nargs="*", metavar="EXTRA")
    args = parser.parse_args(argv)
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    print("\n".join(floors(project, args.extras)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
