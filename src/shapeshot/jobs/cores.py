"""How many processors this process may use, and how many workers a user may ask for."""

from __future__ import annotations

import os

from shapeshot.errors import UserError

MAX_WORKERS = 512  # more than any one machine has cores; each takes 60 MB or more


def num_cores() -> int:
    """The number of processors that this process may use.

    It follows the affinity mask where the system has one: a container or `taskset` may allow fewer than there are.
    """
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def check_workers(count: int | None) -> None:
    """Raise UserError for a number of workers that no pool can have; None means one a core and is always right."""
    if count is not None and not 1 <= count <= MAX_WORKERS:
        raise UserError(f"--workers must lie in 1..{MAX_WORKERS}; got {count}")
