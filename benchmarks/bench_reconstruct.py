"""How long a photo takes: cold (the whole process, start to GLB on disk) and warm (per stage), as JSON lines.

    python benchmarks/bench_reconstruct.py [--photo FILE] [--model FOLDER] [--runs 10]

Cold peak memory is the child's largest resident set, as wait4(2) reports it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw


def main(argv: Sequence[str] | None = None) -> None:
    """Print one line about the machine, then one line per measurement."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photo", type=Path, help="default: a drawing of 1200 x 1600 pixels")
    parser.add_argument("--model", type=Path, help="default: the shipped model")
    parser.add_argument("--runs", type=int, default=10, help="the median of so many")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        photo = args.photo or draw_photo(Path(folder) / "photo.jpg")
        for row in (machine(), *measure(photo, args.model, args.runs, Path(folder))):
            print(json.dumps(row), flush=True)


def measure(photo: Path, model: Path | None, runs: int, folder: Path) -> Iterator[dict[str, Any]]:
    """One row per road: a process to a mesh, a process to everything, and reconstructions in this process."""
    yield {"bench": "cold: process start to GLB on disk"} | cold(photo, model, runs, folder / "mesh.glb")
    yield {"bench": "cold: process start to all forms and a preview"} | cold(photo, model, runs, folder / "all")
    yield {"bench": "warm: three forms at 32^3, mesh at 64^3"} | warm(photo, model, runs)


def cold(photo: Path, model: Path | None, runs: int, out: Path) -> dict[str, Any]:
    """Median, fastest and slowest wall-clock seconds of whole processes, and their largest peak memory.

    A process before them is not counted: it compiles the package, as pip does where it installs one.
    """
    command = [sys.executable, "-m", "shapeshot", "reconstruct", str(photo), "--out", str(out)]
    command += ["--model", str(model)] if model else []
    seconds, peaks = zip(*[run_process(command) for _ in range(runs + 1)][1:], strict=True)
    return spread(seconds) | {"peak_mb": round(max(peaks), 1)}


def run_process(command: Sequence[str]) -> tuple[float, float]:
    """Wall-clock seconds and peak megabytes of one child process; RuntimeError where it fails."""
    start = time.perf_counter()
    silence = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    child = os.posix_spawn(command[0], command, environment, file_actions=silence)
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status):
        raise RuntimeError(f"this command failed: {' '.join(command)}")
    unit = 1e6 if sys.platform == "darwin" else 1e3  # ru_maxrss is in bytes there, in kilobytes elsewhere
    return seconds, usage.ru_maxrss / unit


def warm(photo: Path, model: Path | None, runs: int) -> dict[str, Any]:
    """The same, for calls in this process with the model loaded; and the median of each stage."""
    from shapeshot.model.field_model import load_model
    from shapeshot.pipeline.reconstruct import reconstruct

    loaded = load_model(model)
    timings = [reconstruct(photo, model=loaded).timings for _ in range(runs + 1)][1:]  # the first starts the sessions
    stages = {name: round(statistics.median(timing[name] for timing in timings), 4) for name in timings[0]}
    return spread([timing["total"] for timing in timings]) | {"stages": stages}


def spread(seconds: Sequence[float]) -> dict[str, Any]:
    """Median, least and most."""
    figures = {"median_s": statistics.median(seconds), "min_s": min(seconds), "max_s": max(seconds)}
    return {"runs": len(seconds)} | {name: round(value, 4) for name, value in figures.items()}


def machine() -> dict[str, Any]:
    """Where and with what this was measured."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    packages = {name: version(name) for name in ("shapeshot", "numpy", "pillow", "onnxruntime")}
    return {"machine": processor(), "cores": usable, "python": platform.python_version()} | packages


def processor() -> str:
    """The processor's name."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def draw_photo(path: Path) -> Path:
    """A chair of three boxes on a light, slightly noisy backdrop: 1200 x 1600 pixels, JPEG."""
    rng = np.random.default_rng(0)
    image = Image.fromarray((225 + rng.normal(0, 2, (1600, 1200, 3))).clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for box in ((400, 300, 800, 900), (350, 850, 850, 1000), (370, 1000, 430, 1400), (770, 1000, 830, 1400)):
        draw.rectangle(box, fill=(120, 70, 40))
    image.save(path, quality=92)
    return path


if __name__ == "__main__":
    main()
