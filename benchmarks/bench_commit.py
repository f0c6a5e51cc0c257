"""What the code of this checkout costs beside that of another one, with one model and one cut-out, as JSON lines.

    git worktree add /tmp/before 43c3f2d
    python benchmarks/bench_commit.py /tmp/before --model /tmp/before/src/shapeshot/weights/default --photo cutout.png

Cold is a whole process from its start to a GLB; warm is `reconstruct` in a process with the model loaded. The two take
turns, so that what else the machine does meets both. Seconds are those of the clock and, as "cpu", of all cores, which
say more on a machine that others use.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parents[1]
WARM = """
import statistics, sys, time
from shapeshot import load_model, reconstruct
model = load_model(sys.argv[1])
times = []
for _ in range(22):
    start = time.perf_counter(), time.process_time()
    reconstruct(sys.argv[2], model=model)
    times.append((time.perf_counter() - start[0], time.process_time() - start[1]))
print(*map(statistics.median, zip(*times[2:])))
"""


def main() -> None:
    """Print one line for each turn of each checkout."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", type=Path, help="another checkout of this project")
    parser.add_argument("--model", type=Path, required=True, help="a model's folder that both read")
    parser.add_argument("--photo", type=Path, required=True, help="a cut-out on transparency, which needs no finder")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--runs", type=int, default=8, help="cold starts in a turn")
    args = parser.parse_args()
    for turn in range(args.turns):
        for name, checkout in (("other", args.other), ("this", HERE)):
            print(json.dumps({"turn": turn, "checkout": name} | measured(checkout, args)), flush=True)


def measured(checkout: Path, args: argparse.Namespace) -> dict[str, float]:
    """Medians for a cold start and a warm reconstruction; a start before them compiles the bytecode."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = str(checkout.resolve() / "src")
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "shapeshot", "reconstruct", str(args.photo), "--model", str(args.model)]
        command += ["--out", str(Path(folder) / "mesh.glb")]
        times = [seconds(command, environment) for _ in range(args.runs + 1)][1:]
    warm = subprocess.run(
        [sys.executable, "-c", WARM, str(args.model), str(args.photo)],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    cold = [statistics.median(part) for part in zip(*times, strict=True)]
    figures = [*cold, *map(float, warm.stdout.split())]
    names = ("cold_s", "cold_cpu_s", "warm_s", "warm_cpu_s")
    return {name: round(figure, 4) for name, figure in zip(names, figures, strict=True)}


def seconds(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Seconds of one process, by the clock and of all cores; an error where it fails."""
    start, before = time.perf_counter(), children()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return time.perf_counter() - start, children() - before


def children() -> float:
    """Processor seconds of all processes that this one started and that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
