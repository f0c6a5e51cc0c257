"""Putting something more into a model's folder: all of it or nothing."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapeshot.errors import ExportError
from shapeshot.files import replace_folder

if TYPE_CHECKING:
    from shapeshot.model.field_model import FieldModel


def add_to_model(model: FieldModel, file: str, content: bytes, facts: Mapping[str, Any], out: Path | None) -> None:
    """Write the model's folder anew with `file` in it, to `out` or in its own place.

    facts: entries of the card that are new or change. Raises ExportError where the folder cannot be written.
    """
    from shapeshot.model.field_model import CARD

    target = (out or model.folder).resolve()
    if out is not None and target.exists() and not (target / CARD).is_file():
        raise ExportError(f"{target} exists and is no model folder; choose another")
    sha256 = {**model.card["sha256"], file: hashlib.sha256(content).hexdigest()}
    card = {**model.card, **facts, "sha256": sha256}
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as room:
            new = Path(room) / "new"
            shutil.copytree(model.folder, new)
            (new / file).write_bytes(content)
            (new / CARD).write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
            replace_folder(target, new, Path(room) / "old")
    except OSError as error:
        reason = error.strerror or error
        raise ExportError(f"cannot write {target}: {reason}; choose a folder you can write to") from error
