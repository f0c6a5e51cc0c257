"""A trained model as ONNX graphs and a card in one folder: the boundary between the lab and the runtime.

What a field model's folder holds is defined by `shapeshot.model.field_model`, which loads it, and checked by running
both sides on the same photo. The other kinds have one graph, from pixels to their output.

The graphs are traced with torch's TorchScript exporter: it writes opset 17, the newest that onnxruntime 1.17 reads in
full, and needs no further package.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import onnxruntime
import torch

from shapeshot.errors import ExportError, ModelError
from shapeshot.files import replace_folder
from shapeshot.lab.graphs import Graph
from shapeshot.lab.model import SingleViewModel
from shapeshot.lab.representations import REPRESENTATIONS
from shapeshot.model.field_model import CARD, FORMAT_VERSION

OPSET = 17


def export_model(model: SingleViewModel, card: Mapping[str, Any], folder: str | Path) -> None:
    """Write the graphs of the model's kind and `card.json` to `folder`: all of it or nothing.

    card: what is known about the model; must hold `threshold`, the occupancy probability of the surface, in (0, 1),
        for kinds that have one. Format, image size, architecture and each file's SHA-256 are added; of a mesh also
        the faces.
    An existing model folder is replaced. Raises ModelError on a card without a threshold, ExportError where `folder`
    cannot be written or holds something else.
    """
    threshold = card.get("threshold")
    needs_threshold = bool(REPRESENTATIONS[model.kind].thresholds)
    if needs_threshold and (not isinstance(threshold, float) or not 0 < threshold < 1):
        raise ModelError(f"the card's threshold must be a probability between 0 and 1; got {threshold!r}")
    target = Path(folder)
    if target.exists() and not (target / CARD).is_file() and (not target.is_dir() or any(target.iterdir())):
        raise ExportError(f"{target} exists and is no model folder; choose another")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as room:
            new = Path(room) / "new"
            new.mkdir()
            _write_graphs(model, new)
            (new / CARD).write_text(json.dumps(_full_card(model, card, new), indent=2, ensure_ascii=False) + "\n")
            replace_folder(target, new, Path(room) / "old")
    except OSError as error:
        reason = error.strerror or error
        raise ExportError(f"cannot write {target}: {reason}; choose a folder you can write to") from error


def _write_graphs(model: SingleViewModel, folder: Path) -> None:
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            for graph in REPRESENTATIONS[model.kind].graphs(model):
                _export(graph, folder / graph.file)
    finally:
        model.train(was_training)


def _export(graph: Graph, path: Path) -> None:
    with warnings.catch_warnings():
        # Deprecation of this exporter, and reminders that the image size is traced as a constant, as it should be.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            graph.module.eval(),
            tuple(graph.inputs.values()),
            str(path),
            input_names=list(graph.inputs),
            output_names=list(graph.outputs),
            dynamic_axes={name: dict(axes) for name, axes in graph.free.items()},
            opset_version=OPSET,
            dynamo=False,
        )
    _simplify(path)


def _simplify(path: Path) -> None:
    """Fold constants and drop dead nodes now rather than at each start: halves the time a session takes to load.

    Only the basic optimisations: the graph stays plain ONNX, for any processor.
    """
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    simplified = path.with_suffix(".simplified.onnx")
    options.optimized_model_filepath = str(simplified)
    onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    simplified.replace(path)


def _full_card(model: SingleViewModel, card: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("*.onnx"))}
    faces = getattr(model.decoder, "faces", None)  # of a mesh: the graph gives its vertices alone
    return {
        **card,
        "format": REPRESENTATIONS[model.kind].format,
        "format_version": FORMAT_VERSION,
        "kind": model.kind,
        "image_size": model.image_size,
        "architecture": asdict(model.config),
        "sha256": files,
    } | ({} if faces is None else {"faces": faces.tolist()})
