"""Folders of small photos and the model that ships with shapeshot."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageEnhance

from shapeshot.folders import Target, plan_targets
from shapeshot.folders.work import PhotoJob
from shapeshot.model.field_model import FieldModel


class Poison:
    """Kills the process that unpickles it, as the kernel does when memory runs out."""

    def __reduce__(self) -> tuple[Callable, tuple]:
        return os._exit, (9,)


EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="session")
def shipped_model() -> FieldModel:
    return FieldModel.load(num_threads=1)


@pytest.fixture
def make_photos(tmp_path: Path) -> Callable[[int], Path]:
    """Makes `tmp_path/photos` with so many different small photos, 000.jpg, 001.jpg ..., and returns the folder."""

    def make(count: int) -> Path:
        folder = tmp_path / "photos"
        folder.mkdir()
        originals = [Image.open(EXAMPLES / f"{name}.jpg").resize((192, 192)) for name in ("armchair", "bed")]
        for index in range(count):
            photo = ImageEnhance.Brightness(originals[index % 2]).enhance(1 - 0.01 * (index // 2))
            photo.save(folder / f"{index:03d}.jpg")
        return folder

    return make


@pytest.fixture
def plan(tmp_path: Path) -> Callable[..., list[Target]]:
    """The targets of a run over a folder of photos into `tmp_path/out`: voxels alone, unless told otherwise."""

    def targets(photos: Path, form: str = "voxels") -> list[Target]:
        return plan_targets([photos], f"{tmp_path / 'out'}/", form, preview=False)

    return targets


@pytest.fixture
def contents() -> Callable[[Path], dict[str, Any]]:
    """Every file of a run's output folder by its path, but the manifest; result.json without the timings."""

    def read(out: Path) -> dict[str, Any]:
        files: dict[str, Any] = {}
        for path in sorted(out.rglob("*")):
            if path.is_file() and not path.name.startswith("manifest"):
                files[str(path.relative_to(out))] = path.read_bytes()
            if path.name == "result.json":
                files[str(path.relative_to(out))] = {**json.loads(path.read_text()), "timings": None}
        return files

    return read


@pytest.fixture(scope="session")
def poisoned() -> Callable[[PhotoJob], PhotoJob]:
    """A job that kills every worker process that it is sent to."""
    return lambda job: replace(job, recipe={**job.recipe, "poison": Poison()})
