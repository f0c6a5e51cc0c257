"""From a training run to a model folder: the best checkpoint as ONNX, and a card that says where it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from shapeshot import __version__
from shapeshot.data.dataset import Dataset
from shapeshot.errors import DatasetError, ModelError, UserError
from shapeshot.lab.checkpoint import Checkpoint
from shapeshot.lab.train_config import to_json
from shapeshot.lab.model import SingleViewModel, build_model
from shapeshot.lab.representations import REPRESENTATIONS
from shapeshot.lab.runs import config_of, open_checkpoint
from shapeshot.lab.export.to_onnx import export_model


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


def model_of(checkpoint: Checkpoint) -> SingleViewModel:
    """The network of a best checkpoint, in evaluation mode. Raises ModelError where its weights do not fit."""
    config = config_of(checkpoint)
    try:
        # The checkpoint holds every weight: there are none to fetch for the encoder. Older ones know no architecture.
        model = build_model(replace(config.model, encoder_weights="none"), checkpoint.values.get("architecture"))
        model.load_state_dict(checkpoint.tensors["model"])
    except (UserError, KeyError, RuntimeError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise ModelError(f"the checkpoint's weights do not fit its configuration ({error}); train again") from error
    if not all(bool(weights.isfinite().all()) for weights in model.state_dict().values()):
        raise ModelError("the checkpoint holds weights that are not finite; train again, with a lower --lr")
    return model.eval()


def threshold_of(checkpoint: Checkpoint) -> float | None:
    """The probability at which its shapes are cut, fixed by validation; None for kinds that have no such thing.

    Raises ModelError for a checkpoint that was never validated, or has no sound threshold.
    """
    if "threshold" not in checkpoint.values:
        raise ModelError("this checkpoint has no threshold; give the run folder, or its best checkpoint")
    threshold, kind = checkpoint.values["threshold"], config_of(checkpoint).model.type
    if not REPRESENTATIONS[kind].thresholds:
        return None
    if not isinstance(threshold, float) or not 0 < threshold < 1:
        raise ModelError(f"this checkpoint's threshold must lie between 0 and 1; got {threshold!r}: train again")
    return threshold


def card_of(checkpoint: Checkpoint) -> dict[str, Any]:
    """What a checkpoint knows about itself. Raises ModelError for one never validated, which has no threshold."""
    config = config_of(checkpoint)
    settings = to_json(config) | {"data": [Path(folder).name for folder in config.data]}
    return {
        "shapeshot": __version__,
        "threshold": threshold_of(checkpoint),
        "training": {
            **_course_of(checkpoint.values),
            "validated_by": REPRESENTATIONS[config.model.type].score_name,
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
    averaged = dict(values["averaged"])
    share = averaged.pop("share_of_second")
    return {
        "average_of": [
            {"share": round(part, 6), **{name: column[place] for name, column in averaged.items()}}
            for place, part in enumerate((1 - share, share))
        ],
        "validation_score": None,
        "note": "the mean of two runs' weights, of which the second started from the first; config is the second's",
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
    lines += ["Where there is a `memory.npz`, it holds outlines and 32^3 voxel grids made of these objects.", ""]
    for row in card["training"]["data"]:
        lines += [f"## {row['name']}", ""]
        if "source" not in row:
            lines += ["Not at hand when the model was exported; its manifest names licences and creators.", ""]
            continue
        lines += [f"{row['objects']} objects of the source {row['source']}.", ""]
        lines += [f"- Licences: {', '.join(row['licences'])}", f"- Creators: {', '.join(row['creators'])}", ""]
    return "\n".join(lines)
