"""From a training run to a model folder: the best checkpoint as ONNX, and a card that says where it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from shapeshot import __version__
from shapeshot.data.dataset import Dataset
from shapeshot.errors import DatasetError, ModelError
from shapeshot.files import atomic_write
from shapeshot.lab.checkpoint import Checkpoint
from shapeshot.lab.config import TrainConfig, from_json, to_json
from shapeshot.lab.model import SingleViewModel, build_model
from shapeshot.lab.representations import REPRESENTATIONS
from shapeshot.lab.runs import open_checkpoint
from shapeshot.lab.to_onnx import export_model

LICENSES = "LICENSES.md"


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
    export_model(model_of(checkpoint), card, out)
    atomic_write(Path(out) / LICENSES, licences_text(card))
    return card


def model_of(checkpoint: Checkpoint) -> SingleViewModel:
    """The network of a best checkpoint, in evaluation mode. Raises ModelError where its weights do not fit."""
    try:
        config: TrainConfig = from_json(TrainConfig, checkpoint.values["config"])
        # The checkpoint holds every weight: there are none to fetch for the encoder. Older ones know no architecture.
        model = build_model(replace(config.model, encoder_weights="none"), checkpoint.values.get("architecture"))
        model.load_state_dict(checkpoint.tensors["model"])
    except (KeyError, RuntimeError) as error:
        raise ModelError(f"the checkpoint's weights do not fit its configuration ({error}); train again") from error
    return model.eval()


def card_of(checkpoint: Checkpoint) -> dict[str, Any]:
    """What a checkpoint knows about itself. Raises ModelError for one never validated, which has no threshold."""
    values = checkpoint.values
    if "threshold" not in values:
        raise ModelError("this checkpoint has no threshold; export the run folder, or its best checkpoint")
    config: TrainConfig = from_json(TrainConfig, values["config"])
    settings = to_json(config) | {"data": [Path(folder).name for folder in config.data]}
    return {
        "shapeshot": __version__,
        "threshold": values["threshold"],
        "training": {
            "steps": values["step"],
            "seconds": round(float(values["seconds"]), 1),
            "validation_score": values["best"],
            "validated_by": REPRESENTATIONS[config.model.type].score_name,
            "data": data_of(config.data),
            "config": settings,
        },
    }


def data_of(folders: Sequence[str]) -> list[dict[str, Any]]:
    """Name, source, size, licences and creators of each dataset; the name alone for one that is gone by now."""
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
    """LICENSES.md of a model: whose 3D objects, under which licences, it was trained on."""
    lines = [f"# Licences of the training data of {card['name']}", ""]
    for row in card["training"]["data"]:
        lines += [f"## {row['name']}", ""]
        if "source" not in row:
            lines += ["Not at hand when the model was exported; its manifest names licences and creators.", ""]
            continue
        lines += [f"{row['objects']} objects of the source {row['source']}.", ""]
        lines += [f"- Licences: {', '.join(row['licences'])}", f"- Creators: {', '.join(row['creators'])}", ""]
    return "\n".join(lines)
