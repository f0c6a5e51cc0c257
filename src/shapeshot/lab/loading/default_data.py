"""The embedded default: a small procedural dataset, so that training works where no data was named."""

from __future__ import annotations

from pathlib import Path

from accelerate import PartialState

from shapeshot.data.build import build_dataset
from shapeshot.data.build_options import BuildOptions
from shapeshot.data.sources import make_source

DEFAULT_DATA = Path("datasets/procedural-small")
NUM_OBJECTS = 160
OPTIONS = BuildOptions(views=6, size=128, samples=8)


def default_dataset(folder: Path = DEFAULT_DATA, progress: bool = True) -> Path:
    """Return the dataset in `folder`, built on first use in a few minutes, by the first of several processes."""
    with PartialState().main_process_first():
        build_dataset(make_source("procedural", count=NUM_OBJECTS), folder, OPTIONS, progress=progress)
    return folder
