"""The tiny study on the boxes of `helpers/box_datasets.py`, and made-up runs of studies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from box_datasets import boxes, boxes_folder, sized_boxes_folder
from tiny_studies import store_run, tiny_values

from shapeshot.study.declaration import Study
from shapeshot.study.expansion import expand, runs_of
from shapeshot.study.jobs import run_jobs
from shapeshot.study.reading import parse_study

__all__ = ["boxes", "boxes_folder", "sized_boxes_folder"]


@pytest.fixture
def tiny(boxes_folder: Path) -> Callable[..., Study]:
    """Makes the tiny study, with changes to the values of its file."""
    return lambda **changes: parse_study("tiny", tiny_values(str(boxes_folder), **changes))


@pytest.fixture
def stored(tmp_path: Path) -> Callable[..., Path]:
    """Stores made-up runs of a study: `scores(levels, seed)` gives metric -> a value an object, or None for no run."""

    def store(study: Study, scores: Callable[[Mapping[str, str], int], Mapping[str, np.ndarray] | None]) -> Path:
        runs = runs_of(study, expand(study))
        for run, job in zip(runs, run_jobs(study, runs, tmp_path), strict=True):
            values = scores(run.cell.levels, run.seed)
            if values is not None:
                store_run(job, values)
        return tmp_path

    return store
