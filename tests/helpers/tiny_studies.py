"""Studies small enough for tests: declared as tables, and runs that were never made but are stored as if."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from shapeshot.evaluation.rows import Row
from shapeshot.evaluation.tables import write_tables
from shapeshot.study.jobs import Job
from shapeshot.study.stored import DONE, Result, write_result
from shapeshot.study.work import data_digest

TINY_MODEL = {"encoder_weights": "none", "image_size": 32, "latent": 8, "type": "point", "num_points": 32}


def tiny_values(folder: str, **changes: Any) -> dict[str, Any]:
    """The values of a study's file: AdamW and RAdam, three seeds, four steps of a small network each."""
    values: dict[str, Any] = {
        "title": "Tiny", "seeds": [0, 1, 2], "metrics": ["f_score_5", "chamfer_l1"], "baselines": ["mean"],
        "data": {"train": [folder], "views": 1},
        "budget": {"steps": 4},
        "base": {"batch_size": 2, "warmup": 1, "val_every": 2, "val_views": 1, "save_every": 1, "model": TINY_MODEL},
        "factors": {"optimizer": {"setting": "optimizer", "levels": ["adamw", "radam"]}},
        "questions": [{"ask": "AdamW?", "factor": "optimizer", "compare": ["adamw", "radam"]}],
    }  # fmt: skip
    return values | changes


def store_run(job: Job, scores: Mapping[str, np.ndarray], **changes: Any) -> None:
    """Finish a job with made-up scores, metric -> a value an object, and two views of each object."""
    count = len(next(iter(scores.values())))
    rows = [
        Row(
            f"object-{index:03d}", "chair" if index % 2 else "table", f"group-{index:03d}", view,
            {metric: float(values[index]) for metric, values in scores.items()}, None, 0.01,
        )
        for index in range(count)
        for view in range(2)
    ]  # fmt: skip
    for split in job.scoring.splits:
        write_tables(job.folder / split, rows, job.scoring.protocol, "csv")
    values: dict[str, Any] = {
        "status": DONE, "reason": "", "protocol": job.scoring.protocol.name,
        "protocol_version": job.scoring.protocol.version, "data_sha256": data_digest(job.scoring.data),
        "train_seconds": 10.0,
        "score_seconds": 1.0, "parameters": 1000, "cores": 1, "details": {},
    }  # fmt: skip
    write_result(job, Result(**values | changes))


def tiny_toml(data: str, steps: int) -> str:
    """The tiny study as a file, with another number of steps."""
    return f"""
title = "Tiny"
seeds = [0, 1, 2]
metrics = ["f_score_5", "chamfer_l1"]
baselines = ["mean"]
[data]
train = ["{data}"]
views = 1
[budget]
steps = {steps}
[base]
batch_size = 2
warmup = 1
val_every = 2
val_views = 1
save_every = 1
model = {{ type = "point", encoder_weights = "none", image_size = 32, latent = 8, num_points = 32 }}
[factors.optimizer]
setting = "optimizer"
levels = ["adamw", "radam"]
[[questions]]
ask = "AdamW?"
factor = "optimizer"
compare = ["adamw", "radam"]
"""
