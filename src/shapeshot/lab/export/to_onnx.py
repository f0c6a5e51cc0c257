"""A trained model as ONNX graphs and a card in one folder: the boundary between the lab and the runtime.

What lies in a model folder is defined by `shapeshot.model.folder`, which writes it, and checked by running both sides
on the same photo. Field models have the graphs that `shapeshot.model.network` runs; the other kinds have one graph,
from pixels to their output.

The graphs are traced with torch's TorchScript exporter: it writes opset 17, the newest that onnxruntime 1.17 reads in
full, and needs no further package.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from shapeshot.errors import ModelError
from shapeshot.lab.kinds import KINDS
from shapeshot.lab.kinds.graphs import Graph
from shapeshot.lab.model import SingleViewModel
from shapeshot.lab.settings import to_json
from shapeshot.model.folder import FORMAT_VERSION, LICENSES, ModelFolder, require_replaceable
from shapeshot.onnx_runtime import PROVIDERS, import_onnxruntime

OPSET = 17


def export_model(
    model: SingleViewModel, card: Mapping[str, Any], folder: str | Path, licences: str | None = None
) -> ModelFolder:
    """Write the graphs of the model's kind and its card to `folder`: all of it or nothing.

    card: what is known about the model; must hold `threshold`, the occupancy probability of the surface, in (0, 1),
        for kinds that have one. Format, image size, architecture and each file's SHA-256 are added; of a mesh also
        the faces.
    licences: the text of LICENSES.md: whose objects the model was trained on.
    An existing model folder is replaced. Raises ModelError on a card without a threshold, ExportError where `folder`
    cannot be written or holds something else.
    """
    threshold = card.get("threshold")
    needs_threshold = bool(KINDS[model.kind].thresholds)
    if needs_threshold and (not isinstance(threshold, float) or not 0 < threshold < 1):
        raise ModelError(f"the card's threshold must be a probability between 0 and 1; got {threshold!r}")
    require_replaceable(folder)
    contents = graph_files(model)
    if licences is not None:
        contents[LICENSES] = licences.encode()
    return ModelFolder.write(folder, _full_card(model, card), contents)


def graph_files(model: SingleViewModel) -> dict[str, bytes]:
    """Make the ONNX files of a model's kind, by name."""
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            return {graph.file: _traced(graph) for graph in KINDS[model.kind].graphs(model)}
    finally:
        model.train(was_training)


def _traced(graph: Graph) -> bytes:
    with warnings.catch_warnings(), tempfile.TemporaryDirectory(prefix="shapeshot-") as room:
        # Deprecation of this exporter, and reminders that the image size is traced as a constant, as it should be.
        warnings.simplefilter("ignore")
        path = Path(room) / graph.file
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
        return _simplified(path)


def _simplified(path: Path) -> bytes:
    """The graph with its constants folded and dead nodes dropped: that halves the time a session takes to load.

    Only the basic optimisations: the graph stays plain ONNX, for any processor.
    """
    onnxruntime = import_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    simplified = path.with_suffix(".simplified.onnx")
    options.optimized_model_filepath = str(simplified)
    onnxruntime.InferenceSession(str(path), options, providers=list(PROVIDERS))
    return simplified.read_bytes()


def _full_card(model: SingleViewModel, card: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **card,
        "format": KINDS[model.kind].format,
        "format_version": FORMAT_VERSION,
        "kind": model.kind,
        "image_size": model.image_size,
        "architecture": to_json(model.config),
    } | KINDS[model.kind].card(model)
