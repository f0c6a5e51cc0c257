"""What the benchmarks of operators share: cases, interleaved timing, peak memory in fresh processes, JSON lines.

A benchmark defines a function `prepare(implementation, case, device)` at its top level, which returns the call to
measure, and hands it to `main` with its cases. Implementations are measured in turn within every repetition, so that
a disturbance of the machine meets all of them; ratios are between medians of one run.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch
from bench_reconstruct import processor

Call = Callable[[], Any]


@dataclass(frozen=True)
class Case:
    """`batch` items of `points` points (or whatever the benchmark counts), and the speed-up that the project asks for.

    bar: times as fast as the baseline, or None where nothing was asked. repeats: so many calls an implementation.
    """

    batch: int
    points: int
    bar: float | None = None
    repeats: int = 7


@dataclass(frozen=True)
class Benchmark:
    """An operator and those who compute it.

    implementations: the first is shapeshot's own as it is used, another is the `baseline` of the ratios.
    brute_force: those that look at all pairs; they are left out above `max_pairs`. cpu_only: left out on CUDA.
    """

    name: str
    prepare: Callable[[str, Case, str], Call]
    implementations: tuple[str, ...]
    baseline: str
    cases: tuple[Case, ...]
    quick: tuple[Case, ...] = (Case(2, 64, repeats=2), Case(1, 300, repeats=2))
    brute_force: tuple[str, ...] = ()
    max_pairs: float = 4.5e8
    cpu_only: tuple[str, ...] = ()


def main(benchmark: Benchmark, description: str | None, argv: Sequence[str] | None = None) -> None:
    """Print a line about the machine, then one a case."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: whether it runs, not how fast")
    parser.add_argument("--threads", type=int, default=2, help="torch threads (default 2)")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--no-memory", action="store_true", help="leave out peak memory, a process a figure")
    args = parser.parse_args(argv)
    torch.set_num_threads(args.threads)
    print(json.dumps(machine(args.device)), flush=True)
    for case in benchmark.quick if args.quick else benchmark.cases:
        row = measure(benchmark, case, args.device)
        if not args.no_memory:
            names = list(row["median_ms"])
            row["peak_mb"] = {name: peak_megabytes(benchmark, name, case, args) for name in names}
        print(json.dumps(row), flush=True)


def measure(benchmark: Benchmark, case: Case, device: str) -> dict[str, Any]:
    """Median, least and most milliseconds of every implementation, and how many times as fast the first one is."""
    calls = {name: benchmark.prepare(name, case, device) for name in implementations(benchmark, case, device)}
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call()  # memory, threads and kernels are there before the clock runs
    for _ in range(case.repeats):
        for name, call in calls.items():
            seconds[name].append(timed(call, device))
    figures: dict[str, Callable[[list[float]], float]] = {"median_ms": statistics.median, "min_ms": min, "max_ms": max}
    row: dict[str, Any] = {"bench": benchmark.name, "batch": case.batch, "points": case.points}
    row |= {key: {name: round(1e3 * pick(s), 3) for name, s in seconds.items()} for key, pick in figures.items()}
    if benchmark.baseline in calls:
        medians = row["median_ms"]
        row["ratio"] = round(medians[benchmark.baseline] / medians[benchmark.implementations[0]], 2)
    return row | {"baseline": benchmark.baseline, "bar": case.bar, "repeats": case.repeats}


def implementations(benchmark: Benchmark, case: Case, device: str) -> Iterator[str]:
    """Those that can finish this case on this device."""
    left_out = set(benchmark.cpu_only) if device == "cuda" else set()
    if case.batch * case.points**2 > benchmark.max_pairs:
        left_out |= set(benchmark.brute_force)
    yield from (name for name in benchmark.implementations if name not in left_out)


def timed(call: Call, device: str) -> float:
    """Wall-clock seconds of one call, the device's work included."""
    synchronize = torch.cuda.synchronize if device == "cuda" else lambda: None
    synchronize()
    start = time.perf_counter()
    call()
    synchronize()
    return time.perf_counter() - start


def peak_megabytes(benchmark: Benchmark, name: str, case: Case, args: argparse.Namespace) -> float:
    """Memory that one call adds at its peak, measured in a process of its own (on the device, for CUDA)."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_added_peak, benchmark.prepare, name, case, args.device, args.threads).result()


def _added_peak(prepare: Callable[[str, Case, str], Call], name: str, case: Case, device: str, threads: int) -> float:
    torch.set_num_threads(threads)
    prepare(name, Case(1, 64), device)()  # libraries and kernels load here
    call = prepare(name, case, device)
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
        allocated = torch.cuda.memory_allocated()
        call()
        return round((torch.cuda.max_memory_allocated() - allocated) / 1e6, 1)
    resident = resident_peak()
    call()
    return round((resident_peak() - resident) / 1e6, 1)


def resident_peak() -> float:
    """Peak resident bytes of this process. Linux's ru_maxrss will not do: it is handed down from the parent by exec."""
    status = Path("/proc/self/status")
    if status.is_file():
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return 1024.0 * int(fields["VmHWM"].split()[0])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak if sys.platform == "darwin" else 1024 * peak)


def machine(device: str) -> dict[str, Any]:
    """Where and with what this was measured."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    row = {"machine": processor(), "cores": usable, "threads": torch.get_num_threads(), "device": device}
    if device == "cuda":
        row["gpu"] = torch.cuda.get_device_name()
    versions = {name: _version(name) for name in ("shapeshot", "torch", "numpy", "scipy", "triton")}
    return row | {"python": platform.python_version()} | {name: text for name, text in versions.items() if text}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
