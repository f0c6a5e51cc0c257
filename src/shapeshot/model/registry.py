"""Models by name: those that come with shapeshot, and those of installed packages. A folder stays possible everywhere.

A package offers a model by an entry point of the group `shapeshot.models`, whose value is the package that the model
folder's files lie in (its pyproject.toml, for example):

    [project.entry-points."shapeshot.models"]
    chairs = "shapeshot_chairs"

Finding and loading such a model executes no code of the package.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from shapeshot.errors import ModelError, unknown_name

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "shapeshot.models"
DEFAULT = "default"
_WEIGHTS = Path(__file__).parents[1] / "weights"
SHIPPED: dict[str, Path] = {DEFAULT: _WEIGHTS / "default"}


def model_names() -> list[str]:
    """The names of all models that are there, the shipped ones first."""
    return [*SHIPPED, *sorted({point.name for point in _installed()} - SHIPPED.keys())]


def find_model(model: str | PathLike[str] | None = None) -> Path:
    """The folder of a model: of a name, of the folder itself, or of None, the default.

    A text that is both is taken as the name; ./NAME is the folder, as is whatever holds a separator. Raises ModelError
    for a name that is not known.
    """
    if model is None:
        return SHIPPED[DEFAULT]
    if not isinstance(model, str) or _has_separator(model):
        return Path(model)
    installed = [point for point in _installed() if point.name == model]
    if len(installed) + (model in SHIPPED) > 1:
        owners = ["shapeshot"] * (model in SHIPPED) + [point.value for point in installed]
        raise ModelError(f"several packages name a model {model!r} ({', '.join(owners)}); give the folder instead")
    if model in SHIPPED:
        return SHIPPED[model]
    if installed:
        return _folder_of(installed[0])
    if _is_a_path(model):
        return Path(model)
    unknown = unknown_name("model", model, model_names())
    raise ModelError(f"{unknown} Or give a folder that shapeshot exported: there is none of this name here")


def names_a_model(model: str | PathLike[str]) -> bool:
    """Tell whether a text is the name of a model and not the path of a folder."""
    return isinstance(model, str) and not _has_separator(model) and model in model_names()


def _is_a_path(model: str) -> bool:
    return Path(model).exists() or model in (os.curdir, os.pardir)


def _has_separator(model: str) -> bool:
    return any(mark in model for mark in (os.sep, os.altsep) if mark)


def _installed() -> list[EntryPoint]:
    from importlib.metadata import entry_points  # here: its import takes 20 ms, and the shipped model needs none of it

    return list(entry_points(group=GROUP))


def _folder_of(point: EntryPoint) -> Path:
    """Find the folder of an entry point's package without importing it: a model is data."""
    top, *inner = point.value.split(".")
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        spec = None
    folders = [] if spec is None or spec.submodule_search_locations is None else list(spec.submodule_search_locations)
    if not folders or not all(part.isidentifier() for part in (top, *inner)):
        raise ModelError(
            f"the model {point.name!r} should lie in the package {point.value!r}, which is not there; install it again"
        )
    return Path(folders[0], *inner)
