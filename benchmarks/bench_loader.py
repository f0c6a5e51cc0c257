"""How many samples a second the loader alone delivers, against what the fastest training step consumes; JSON lines.

    python benchmarks/bench_loader.py [--quick] [--threads 2] [--workers 2] [--batches 40]

"trained" decodes, disturbs and crops a view for every sample, as training with an encoder does; "frozen" reads what the
encoder saw from the cache. Each is the loader of training itself, with the kind's own targets, as fast as `workers`
processes deliver (0: in the loop). The step's rate is measured in the same run with batches that are already there,
and the last row is the ratio for the fastest of them, and for the slowest loader.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from bench_train_step import REGIMES, Training
from op_timing import machine
from training_objects import make_objects

from shapeshot.lab.loading.batches import batches
from shapeshot.lab.loading.training_set import TrainingObject

KINDS = ("vox", "point", "mesh", "field")


def loader_rate(training: Training, count: int, workers: int) -> float:
    """Samples a second over `count` batches, after the first ones, which wait for the workers to start."""
    size, ahead = training.config.batch_size, 4 * max(workers, 1)
    times = []
    for _ in batches(training.steps, 0, count + ahead, workers):
        times.append(time.perf_counter())
    return size * count / (times[-1] - times[-1 - count])


def step_rate(training: Training, count: int) -> float:
    """Samples a second of steps whose batches lie in memory."""
    training.batches = iter([training.steps[index] for index in range(count + 2)])
    seconds = []
    for _ in range(count + 2):
        start = time.perf_counter()
        training.step()
        seconds.append(time.perf_counter() - start)
    return training.config.batch_size / statistics.median(seconds[2:])


def rows(objects: Sequence[TrainingObject], args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """A row a kind and regime: what the loader delivers, what the step consumes."""
    for regime in REGIMES:
        for kind in args.kinds:
            with tempfile.TemporaryDirectory() as cache:
                training = Training("ours", kind, regime, objects, args.batch_size, Path(cache), start_loader=False)
                delivered = loader_rate(training, args.batches, args.workers)
                consumed = step_rate(training, args.steps)
            yield {
                "bench": "loader",
                "inputs": regime,
                "kind": kind,
                "batch": args.batch_size,
                "workers": args.workers,
                "samples_per_s": round(delivered, 1),
                "step_samples_per_s": round(consumed, 1),
                "ratio": round(delivered / consumed, 2),
            }


def main(argv: Sequence[str] | None = None) -> None:
    """Print a line about the machine, one a loader, and the ratio that the project asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: whether it runs, not how fast")
    parser.add_argument("--threads", type=int, default=2, help="torch threads of the step (2)")
    parser.add_argument("--workers", type=int, default=2, help="processes that prepare batches (2)")
    parser.add_argument("--batches", type=int, default=40, help="timed batches (40)")
    parser.add_argument("--steps", type=int, default=10, help="timed steps (10)")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    args = parser.parse_args(argv)
    if args.quick:
        args.batches, args.steps, args.batch_size, args.workers, args.kinds = 2, 1, 2, 0, ["point"]
    torch.set_num_threads(args.threads)
    print(json.dumps(machine("cpu")), flush=True)
    done = []
    for row in rows(make_objects(4 if args.quick else 64), args):
        print(json.dumps(row), flush=True)
        done.append(row)
    worst = min(done, key=lambda row: row["ratio"])
    summary = {"bench": "loader", "worst": f"{worst['inputs']} {worst['kind']}", "ratio": worst["ratio"], "bar": 5.0}
    print(json.dumps(summary), flush=True)


if __name__ == "__main__":
    main()
