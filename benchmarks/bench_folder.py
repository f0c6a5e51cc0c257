"""How fast a folder of photos goes through, and whether its memory stays flat, as JSON lines.

    python benchmarks/bench_folder.py [--photos 1000] [--workers 2] [--warm-after 100] [--model FOLDER] [--quick]

The photos are the examples, cropped, mirrored and brightened by a fixed seed. The run is the real command with --as all
at 32^3 in processes of its own. Its rate is that of the photos after the first --warm-after, by the time at which their
result.json appeared; its memory is the resident set of the command and all its workers, at that photo and at the end.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from bench_reconstruct import machine
from PIL import Image, ImageEnhance, ImageOps

EXAMPLES = Path(__file__).parents[1] / "examples"
SAMPLE_SECONDS = 0.5


def main(argv: Sequence[str] | None = None) -> None:
    """Print one line about the machine and one about the run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=1000, help="how many (default 1000)")
    parser.add_argument("--workers", type=int, default=2, help="worker processes (default 2)")
    parser.add_argument("--warm-after", type=int, default=100, help="photos that do not count for the rate (100)")
    parser.add_argument("--model", type=Path, help="default: the shipped model")
    parser.add_argument("--quick", action="store_true", help="a dozen small photos: whether it runs, not how fast")
    args = parser.parse_args(argv)
    if args.quick:
        args.photos, args.warm_after = 12, 4
    with tempfile.TemporaryDirectory() as folder:
        photos, out = Path(folder) / "photos", Path(folder) / "out"
        make_photos(photos, args.photos, side=160 if args.quick else None)
        print(json.dumps(machine()), flush=True)
        command = [sys.executable, "-m", "shapeshot", "reconstruct", str(photos), "--out", str(out), "--as", "all"]
        command += ["--workers", str(args.workers)] + (["--model", str(args.model)] if args.model else [])
        print(json.dumps(measure(command, out, args.workers, args.warm_after)), flush=True)


def make_photos(folder: Path, count: int, side: int | None = None) -> None:
    """Write `count` JPEGs, all different, the same for the same count; side: of the square before it is cropped."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    originals = [Image.open(path).convert("RGB") for path in sorted(EXAMPLES.glob("*.jpg"))]
    if side is not None:
        originals = [image.resize((side, side)) for image in originals]
    for index in range(count):
        image = originals[index % len(originals)]
        left, top, right, bottom = (rng.uniform(0, 0.04, 4) * image.width).astype(int)
        image = image.crop((left, top, image.width - right, image.height - bottom))
        if rng.random() < 0.5:
            image = ImageOps.mirror(image)
        image = ImageEnhance.Brightness(image).enhance(rng.uniform(0.8, 1.1))
        image.save(folder / f"{index:05d}.jpg", quality=90)


def measure(command: list[str], out: Path, workers: int, warm_after: int) -> dict[str, Any]:
    """Run the command; RuntimeError where it fails."""
    start, cpu_before = time.time(), children_cpu()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    samples: list[tuple[float, float]] = []
    sampler = threading.Thread(target=sample_memory, args=(process, samples), daemon=True)
    sampler.start()
    if process.wait() not in (0, 3):
        raise RuntimeError(f"this command failed: {' '.join(command)}")
    seconds, cpu = time.time() - start, children_cpu() - cpu_before
    sampler.join()
    results = sorted(out.glob("*/result.json"), key=lambda path: path.stat().st_mtime)
    times = [path.stat().st_mtime for path in results]
    warm, end = times[warm_after - 1], times[-1]
    timings = [json.loads(path.read_text())["timings"] for path in results[warm_after:]]
    return {
        "bench": "folder: --as all at 32^3",
        "photos": len(times),
        "workers": workers,
        "seconds": round(seconds, 2),
        "images_per_s_warm": round((len(times) - warm_after) / (end - warm), 2),
        "warm_after": warm_after,
        "cpu_ms_per_photo": round(1000 * cpu / len(times), 1),
        "rss_mb_when_warm": memory_about(samples, warm),
        "rss_mb_at_end": memory_about(samples, end - SAMPLE_SECONDS),
        "median_ms": {
            stage: round(1000 * statistics.median(timing[stage] for timing in timings), 1) for stage in timings[0]
        },
    }


def children_cpu() -> float:
    """Processor seconds of ended children and theirs: a figure that other programs on the machine disturb little."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def sample_memory(process: subprocess.Popen, samples: list[tuple[float, float]]) -> None:
    """Append (time, megabytes) of the process and its descendants until it ends; none where there is no /proc."""
    while process.poll() is None:
        if memory := tree_memory(process.pid):
            samples.append((time.time(), memory))
        time.sleep(SAMPLE_SECONDS)


def tree_memory(root: int) -> float:
    """Resident megabytes of a process and its descendants, pages that they share counted once for each."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:  # gone meanwhile
            continue
    family, grown = {root}, True
    while grown:
        more = {child for child, parent in parents.items() if parent in family} - family
        family, grown = family | more, bool(more)
    total = 0
    for member in family:
        try:
            lines = Path(f"/proc/{member}/status").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
    return total / 1e3


def memory_about(samples: list[tuple[float, float]], moment: float) -> float | None:
    """The median of the five samples nearest to a moment; one alone may meet a process that starts or ends."""
    nearest = sorted(samples, key=lambda sample: abs(sample[0] - moment))[:5]
    return round(statistics.median(memory for _, memory in nearest), 1) if nearest else None


if __name__ == "__main__":
    main()
