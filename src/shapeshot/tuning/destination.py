"""Where a model goes that something was fitted to: where the user says, never into an installed package unasked."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from shapeshot.errors import UserError
from shapeshot.model.folder import require_replaceable
from shapeshot.model.registry import find_model, names_a_model


def destination(model: str | PathLike[str] | None, out: str | PathLike[str] | None) -> Path:
    """The folder to write: `out`, or in its absence the folder that `model` is.

    Raises UserError where neither is a folder that was asked for: a model's name stands for files of an installed
    package, which are not overwritten. Raises ExportError where `out` is something else than a model folder.
    """
    if out is not None:
        require_replaceable(out)
        return Path(out)
    if model is None or names_a_model(model):
        what = "the shipped model" if model is None else f"the model {model!r}"
        raise UserError(f"say where to write: {what} is part of an installed package; give --out FOLDER")
    return find_model(model)
