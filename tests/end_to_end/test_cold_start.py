"""The installed command as a process of its own: what it loads, writes and prints, with a real ONNX model."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
# What one photo to one mesh does without: each would make every start slower.
NOT_FOR_ONE_MESH = {
    *("multiprocessing", "concurrent.futures", "asyncio", "socket", "ssl", "http", "email", "urllib.request"),
    *("importlib.metadata", "unittest", "pydoc", "tqdm", "shapeshot.preview", "shapeshot.service", "shapeshot.scores"),
    *("shapeshot.data", "shapeshot.jobs.processes", "shapeshot.jobs.ray", "shapeshot.pipeline.saving"),
    *("PIL.TiffImagePlugin", "PIL.WebPImagePlugin", "PIL.ImageDraw", "PIL.ImageFont", "numpy.testing", "numpy.f2py"),
    *("numpy.fft", "numpy.polynomial", "numpy.ctypeslib"),
}
REPORT_MODULES = (
    "import atexit, gc, sys\n"
    "atexit.register(lambda: print('LOADED', *sys.modules))\n"
    "atexit.register(lambda: print('FROZEN', gc.get_freeze_count() > 0, gc.isenabled()))\n"
    "from shapeshot.cli import main\n"
    "sys.exit(main())"
)


@pytest.fixture
def photo_file(tmp_path: Path, photo: np.ndarray) -> Path:
    path = tmp_path / "disc.png"
    Image.fromarray(photo).save(path)
    return path


def test_the_command_needs_neither_torch_nor_scipy(photo_file: Path, random_model_folder: Path, tmp_path: Path) -> None:
    words = ["reconstruct", str(photo_file), "--out", str(tmp_path / "out"), "--model", str(random_model_folder)]
    done = subprocess.run([sys.executable, "-c", REPORT_MODULES, *words], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    loaded = {name.partition(".")[0] for name in loaded_by(done)}
    assert "onnxruntime" in loaded
    assert not loaded & {"torch", "scipy", "trimesh", "onnx", "matplotlib", "mitsuba", "pandas"}
    facts = json.loads((tmp_path / "out/disc/result.json").read_text())
    assert facts["model"] == "random"
    assert facts["mesh"]["closed"] is True
    assert facts["mesh"]["volume"] > 0


def test_one_photo_to_one_mesh_loads_only_what_it_needs(
    photo_file: Path, random_model_folder: Path, tmp_path: Path
) -> None:
    words = ["reconstruct", str(photo_file), "--out", str(tmp_path / "a.glb"), "--model", str(random_model_folder)]
    done = subprocess.run([sys.executable, "-c", REPORT_MODULES, *words], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert {"onnxruntime", "shapeshot.export.glb", "PIL.PngImagePlugin"} <= loaded_by(done)
    assert not loaded_by(done) & NOT_FOR_ONE_MESH
    assert "FROZEN True True" in done.stdout  # modules are left out of the search for garbage, which goes on


def loaded_by(done: subprocess.CompletedProcess[str]) -> set[str]:
    return set(done.stdout.split("LOADED", 1)[1].split())


def test_python_dash_m(photo_file: Path, random_model_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "disc.glb"
    command = [
        sys.executable,
        "-m",
        "shapeshot",
        "reconstruct",
        photo_file,
        "--out",
        out,
        "--model",
        random_model_folder,
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert str(out) in done.stdout
    assert out.read_bytes()[:4] == b"glTF"


def test_a_broken_model_is_one_line(photo_file: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "shapeshot", "reconstruct", photo_file, "--out", tmp_path / "a.glb"]
    done = subprocess.run([*command, "--model", tmp_path], capture_output=True, text=True)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "no model in" in done.stderr


def test_the_benchmark_runs(random_model_folder: Path) -> None:
    command = [
        sys.executable,
        ROOT / "benchmarks" / "bench_reconstruct.py",
        "--runs",
        "1",
        "--model",
        random_model_folder,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    machine, *rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert machine["cores"] >= 1
    assert [row["bench"].split(":")[0] for row in rows] == ["cold", "cold", "warm"]
    assert all(0 < row["min_s"] <= row["median_s"] <= row["max_s"] for row in rows)
    assert 20 < rows[0]["peak_mb"] < 1000
