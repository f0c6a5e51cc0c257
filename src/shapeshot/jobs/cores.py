"""How many processors this process may use."""

from __future__ import annotations

import os


def usable_cores() -> int:
    """The number of processors that this process may use.

    It follows the affinity mask where the system has one: a container or `taskset` may allow fewer than there are.
    """
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
