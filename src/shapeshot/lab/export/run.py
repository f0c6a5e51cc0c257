"""From a training run to a model folder: the best checkpoint as ONNX, and a card that says where it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from shapeshot import __version__
from shapeshot.data.dataset import Dataset
from shapeshot.errors import DatasetError
from shapeshot.lab.checkpoint import Checkpoint
from shapeshot.lab.export.to_onnx import export_model
from shapeshot.lab.kinds import KINDS
from shapeshot.lab.runs import config_of, model_of, open_checkpoint, threshold_of
from shapeshot.lab.settings import to_json


def export_run(run: str | Path, out: str | Path, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Export a run folder's best checkpoint (or the checkpoint file `run`) to the model folder `out`.

    more: further entries of the card (name, licence, scores ...), which take precedence.
    Returns what was put on the card. Raises ModelError where there is no sound checkpoint, ExportError where `out`
    cannot be written.
    """
    path = Path(run)
    checkpoint = open_checkpoint(path)
    name = path.name if path.is_dir() else path.parent.name
    card = {"name": name} | card_of(checkpoint) | dict(more or {})
    export_model(model_of(checkpoint), card, out, licences_text(card))
    return card


def card_of(checkpoint: Checkpoint) -> dict[str, Any]:
    """Gather what a checkpoint knows about itself. Raises ModelError for one that was never validated."""
    config = config_of(checkpoint)
    settings = to_json(config) | {"data": [Path(folder).name for folder in config.data]}
    return {
        "shapeshot": __version__,
        "threshold": threshold_of(checkpoint),
        "training": {
            **_course_of(checkpoint.values),
            "validated_by": KINDS[config.model.type].score_name,
            "data": data_of(config.data),
            "config": settings,
        },
    }


def _course_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """How long a run was and how well it validated; of averaged weights that of each run, as the mean has none of its
    own (`recipes/average_checkpoints.py`)."""
    if "averaged" not in values:
        seconds = round(float(values["seconds"]), 1)
        return {"steps": values["step"], "seconds": seconds, "validation_score": values["best"]}
    return {
        "average_of": _runs_of(values["averaged"]),
        "validation_score": None,
        "note": "the mean of two runs' weights, of which the second started from the first; config is the second's",
    }


def _runs_of(averaged: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What is known of each of two averaged runs; one that is a mean itself tells its own two."""
    columns = dict(averaged)
    share, runs = columns.pop("share_of_second"), []
    for place, part in enumerate((1 - share, share)):
        run = {name: column[place] for name, column in columns.items() if column[place] is not None}
        if "averaged" in run:
            run["average_of"] = _runs_of(run.pop("averaged"))
        runs.append({"share": round(part, 6), **run})
    return runs


def data_of(folders: Sequence[str]) -> list[dict[str, Any]]:
    """List name, source, size, licences and creators of each dataset; the name alone for one that is gone by now."""
    rows = []
    for folder in folders:
        row: dict[str, Any] = {"name": Path(folder).name}
        try:
            dataset = Dataset.open(folder)
        except DatasetError:
            rows.append(row)
            continue
        manifest = dataset.manifest
        row |= {"source": manifest["plan"]["source"], "objects": len(dataset)}
        rows.append(row | {key: manifest[key] for key in ("licences", "creators")})
    return rows


def licences_text(card: Mapping[str, Any]) -> str:
    """Write LICENSES.md of a model: whose 3D objects, under which licences, it was trained on."""
    lines = [f"# Licences of the training data of {card['name']}", ""]
    lines += ["Where there is a `memory.npz`, it holds outlines and 32^3 voxel grids made of these objects.", ""]
    for row in card["training"]["data"]:
        lines += [f"## {row['name']}", ""]
        if "source" not in row:
            lines += ["Not at hand when the model was exported; its manifest names licences and creators.", ""]
            continue
        lines += [f"{row['objects']} objects of the source {row['source']}.", ""]
        lines += [f"- Licences: {', '.join(row['licences'])}", f"- Creators: {', '.join(row['creators'])}", ""]
    return "\n".join(lines)
