"""What a result depends on, and whether the one on disk still is what a run would make."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapeshot import __version__
from shapeshot.folders.targets import RESULT, Target
from shapeshot.photo.finder import finder_card
from shapeshot.pipeline.json_values import from_json
from shapeshot.pipeline.options import Options
from shapeshot.pipeline.result import Result

if TYPE_CHECKING:
    from shapeshot.model.field_model import FieldModel


def recipe_of(target: Target, model: FieldModel, options: Options) -> dict[str, Any]:
    """All that a result depends on but the photo itself: version, model, finder and options, as JSON values."""
    wishes = asdict(options) | {"forms": target.forms, "preview": target.preview}
    recipe = {"shapeshot": __version__, "model": _digest(json.dumps(model.card, sort_keys=True).encode())}
    recipe["finder"] = _digest(finder_card())
    return recipe | {"options": json.loads(json.dumps(wishes))}


def photo_facts(content: bytes, modified_ns: int) -> dict[str, Any]:
    """What tells one photo from another: {"bytes", "modified_ns", "sha256"}."""
    return {"bytes": len(content), "modified_ns": modified_ns, "sha256": _digest(content)}


def current_result(target: Target, recipe: Mapping[str, Any]) -> Result | None:
    """The result of a target whose files are all there, whole, and made from this photo by this recipe, else None.

    A photo counts as unchanged by its length and time of modification, as rsync judges it, or by its SHA-256.
    """
    try:
        result = from_json(Result, json.loads((target.path / RESULT).read_bytes()))
        made_from = result.made_from or {}
        photo = made_from["photo"]
        same = {name: value for name, value in made_from.items() if name not in ("photo", "files")} == recipe
        if same and _is_same_photo(target.photo, photo) and _are_whole(target, made_from["files"]):
            return result
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
    ):  # none there, or not one of ours: it will be made
        pass
    return None


def _is_same_photo(path: Path, photo: Mapping[str, Any]) -> bool:
    status = path.stat()
    if status.st_size != photo["bytes"]:
        return False
    return bool(status.st_mtime_ns == photo["modified_ns"] or _digest(path.read_bytes()) == photo["sha256"])


def _are_whole(target: Target, sizes: Mapping[str, int]) -> bool:
    """Whether the target's files, and those beside them, are as long as they were written."""
    if not {path.name for path in target.files.values()} <= set(sizes):
        return False
    return all((target.path / Path(name).name).stat().st_size == size for name, size in sizes.items())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
