"""The other depth of a photo through every door, on the shipped model: the same outline, told in the result."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import shapeshot
from shapeshot.geometry.rasterize import rasterize_triangles
from shapeshot.model.camera_estimate import PhotoCamera
from shapeshot.photo.crop import object_crop
from shapeshot.pipeline.reconstruct import Reconstruction

EXAMPLES = Path(__file__).parents[2] / "examples"
CHAIR = EXAMPLES / "chair.jpg"
CELLS = 128


@pytest.fixture(scope="module")
def mirrored() -> Reconstruction:
    return shapeshot.reconstruct(CHAIR, depth="mirrored")


def outline(shape: Reconstruction) -> np.ndarray:
    """Which cells of the crop the mesh covers from the camera that the result tells, bool [n, n]."""
    assert isinstance(shape.camera, PhotoCamera)
    u, v, depth = shape.camera.project(shape.mesh.vertices).T
    corners = np.stack([(u + 0.5) * CELLS, (0.5 - v) * CELLS, 1 / depth], axis=1)
    covered = np.zeros(CELLS * CELLS, bool)
    covered[rasterize_triangles(corners[shape.mesh.faces], CELLS).pixels] = True
    return covered.reshape(CELLS, CELLS)


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / (one | other).sum())


@pytest.mark.parametrize("name", ["bed", "chair"])
def test_the_outline_stays_that_of_the_photo(name: str) -> None:
    seen, other = (shapeshot.reconstruct(EXAMPLES / f"{name}.jpg", depth=depth) for depth in ("seen", "mirrored"))
    crop = object_crop(seen.rgba, seen.mask, seen.photo.box, CELLS)
    mask = np.asarray(crop.getchannel("A")) > 127
    assert overlap(outline(other), outline(seen)) > 0.95
    assert overlap(outline(other), mask) > overlap(outline(seen), mask) - 0.02 > 0.8


def test_python_says_that_nobody_knows_how_sure_it_is(mirrored: Reconstruction) -> None:
    assert (mirrored.depth, mirrored.confidence, mirrored.point_confidence) == ("mirrored", None, None)
    assert mirrored.size_estimate is not None
    assert any("its depth is mirrored" in note for note in mirrored.notes)
    assert mirrored.mesh.is_closed
    assert mirrored.camera is not None
    assert mirrored.camera.elevation_deg < 0


def test_the_command_makes_it_and_result_json_tells_it(mirrored: Reconstruction, tmp_path: Path) -> None:
    words = ["reconstruct", CHAIR, "--depth", "mirrored", "--out", tmp_path, "--as", "mesh"]
    done = subprocess.run(
        [sys.executable, "-m", "shapeshot", *map(str, words)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    facts: dict[str, Any] = json.loads((tmp_path / "chair/result.json").read_text())
    assert (facts["depth"], facts["confidence"], facts["point_confidence"]) == ("mirrored", None, None)
    assert facts["camera"]["elevation_deg"] == pytest.approx(mirrored.camera.elevation_deg, abs=0.1)  # type: ignore[union-attr]
    assert "confidence" not in done.stdout
    assert "its depth is mirrored" in " ".join(facts["notes"])


def test_the_api_takes_it_and_tells_it() -> None:
    pytest.importorskip("fastapi", reason="needs the extra `studio`")
    from fastapi.testclient import TestClient

    from shapeshot.service.app import create_app
    from shapeshot.service.settings import Settings

    app = create_app(Settings(workers=1, timeout=60.0), shapeshot.load_model())
    with TestClient(app, "http://localhost") as client:
        post = client.get("/openapi.json").json()["paths"]["/v1/reconstructions"]["post"]
        form = post["requestBody"]["content"]["multipart/form-data"]["schema"]
        assert form["properties"]["depth"]["enum"] == ["seen", "mirrored"]
        send = {"image": CHAIR.read_bytes()}
        told = client.post("/v1/reconstructions", files=send, data={"depth": "mirrored"}).json()["result"]
        plain = client.post("/v1/reconstructions", files=send).json()["result"]
        assert client.post("/v1/reconstructions", files=send, data={"depth": "deep"}).status_code == 422
    assert (told["depth"], told["confidence"]) == ("mirrored", None)
    assert "depth" not in plain
    assert plain["confidence"] > 0.5
    assert told["camera"]["elevation_deg"] == pytest.approx(-plain["camera"]["elevation_deg"])
