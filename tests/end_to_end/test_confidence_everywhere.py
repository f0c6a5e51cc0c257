"""One confidence and one set of warnings wherever somebody looks: the line, result.json, the manifest, Python, the API.

With the shipped model, on the examples and on a chair that lies on its back, which no training photo does.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import shapeshot
from shapeshot.pipeline.confidence import LOW

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = ("bed", "chair", "fallen")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two photos as they should be, and one that is not."""
    folder = tmp_path_factory.mktemp("photos")
    for name in ("bed", "chair"):
        shutil.copy(EXAMPLES / f"{name}.jpg", folder)
    with Image.open(EXAMPLES / "chair.jpg") as chair:
        chair.rotate(90).save(folder / "fallen.jpg", quality=95)
    return folder


@pytest.fixture(scope="module")
def run(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What the command printed, and where its folder is."""
    out = tmp_path_factory.mktemp("run")
    words = [sys.executable, "-m", "shapeshot", "reconstruct", photos, "--as", "mesh", "--workers", "1", "--out", out]
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done, out


def facts_of(folder: Path, name: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((folder / name / "result.json").read_text())
    return facts


def test_the_line_says_it(run: Any) -> None:
    done, out = run
    for name in NAMES:
        [line] = [line for line in done.stdout.splitlines() if f"{name}.jpg -> " in line]
        assert f", confidence {facts_of(out, name)['confidence']:.2f}" in line
        told = [line for line in done.stderr.splitlines() if f"{name}.jpg: " in line]
        assert [line.split(".jpg: ", 1)[1] for line in told] == facts_of(out, name)["warnings"]


def test_a_low_one_says_why_and_what_to_try(run: Any) -> None:
    _, out = run
    for name in ("bed", "chair"):
        assert facts_of(out, name)["confidence"] >= LOW
        assert not any("probably not right" in warning for warning in facts_of(out, name)["warnings"])
    facts = facts_of(out, "fallen")
    assert facts["confidence"] < LOW
    [why] = [warning for warning in facts["warnings"] if "probably not right" in warning]
    assert why.startswith(f"this shape is probably not right (confidence {facts['confidence']:.2f}): ")
    assert "; " in why.split(": ", 1)[1]  # the reason, and what to try


def test_the_manifest_has_both(run: Any) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs the extra `folders`")
    _, out = run
    rows = parquet.read_table(out / "manifest.parquet").to_pylist()
    assert [Path(row["photo"]).stem for row in rows] == list(NAMES)
    for row in rows:
        facts = facts_of(out, Path(row["photo"]).stem)
        assert row["confidence"] == facts["confidence"]
        assert (row["warnings"] or "").split("\n") == (facts["warnings"] or [""])


# Optimized graphs round otherwise than plain ones, and so does a session of two threads: hence the tolerance.
def test_python_has_both(run: Any, photos: Path) -> None:
    _, out = run
    model = shapeshot.load_model()
    for name in NAMES:
        shape = shapeshot.reconstruct(photos / f"{name}.jpg", model=model)
        assert shape.confidence == pytest.approx(facts_of(out, name)["confidence"], abs=2e-3)
        assert list(shape.warnings) == facts_of(out, name)["warnings"]


def test_the_api_has_both(run: Any, photos: Path) -> None:
    pytest.importorskip("fastapi", reason="needs the extra `studio`")
    from fastapi.testclient import TestClient

    from shapeshot.service.app import create_app
    from shapeshot.service.settings import Settings

    _, out = run
    app = create_app(Settings(workers=1, timeout=60.0), shapeshot.load_model())
    with TestClient(app, "http://localhost") as client:
        answers = {
            name: client.post("/v1/reconstructions", files={"image": (photos / f"{name}.jpg").read_bytes()})
            for name in NAMES
        }
    for name, answer in answers.items():
        told = answer.json()["result"]
        assert told["confidence"] == pytest.approx(facts_of(out, name)["confidence"], abs=2e-3)
        assert told["warnings"] == facts_of(out, name)["warnings"]
