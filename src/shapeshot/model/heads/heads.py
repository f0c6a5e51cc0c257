"""The heads of a model as one file of arrays beside its graphs: written by `shapeshot calibrate`, read at run time."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from shapeshot.errors import ModelError
from shapeshot.model.heads.calibration import Calibration
from shapeshot.model.heads.familiarity import Familiarity, FamiliarityHead
from shapeshot.model.heads.look import Look
from shapeshot.model.heads.points import PointHead
from shapeshot.model.heads.size import SizeEstimate, SizeHead

HEADS_FILE = "heads.npz"
VERSION = 1
_PARTS: Mapping[str, type[Any]] = {
    "look": Look,
    "size": SizeHead,
    "familiarity": FamiliarityHead,
    "calibration": Calibration,
    "points": PointHead,
}


@dataclass(frozen=True, eq=False)
class Heads:
    """What was fitted on top of a model; each part may be missing.

    look: what size and familiarity compare photos by; they are None without it.
    calibration: makes the field's probabilities honest. points: how sure points of the surface are.
    """

    look: Look | None = None
    size: SizeHead | None = None
    familiarity: FamiliarityHead | None = None
    calibration: Calibration | None = None
    points: PointHead | None = None

    def estimate_size(self, features: np.ndarray | None) -> SizeEstimate | None:
        """Of a photo with these features float [features]; None without features or a head."""
        if self.look is None or self.size is None or features is None:
            return None
        return self.size(self.look.directions(features))

    def judge(self, features: np.ndarray | None) -> Familiarity | None:
        """Whether a photo with these features float [features] is familiar; None without features or a head."""
        if self.look is None or self.familiarity is None or features is None:
            return None
        return self.familiarity(self.look.directions(features))

    def encode(self) -> bytes:
        """An npz of plain arrays named PART/FIELD; the same heads give the same bytes."""
        arrays: dict[str, Any] = {"version": np.int64(VERSION)}
        for name in _PARTS:
            head = getattr(self, name)
            if head is not None:
                arrays |= {f"{name}/{entry.name}": getattr(head, entry.name) for entry in fields(head)}
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)  # members are dated 1980, so nothing of the clock gets in
        return buffer.getvalue()

    @classmethod
    def decode(cls, content: bytes) -> Heads:
        """The inverse of `encode`; nothing in the file is executed. Raises ModelError where it is damaged or newer."""
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            version = int(arrays["version"])
            if version == VERSION:
                parts = {name: _part(arrays, name, kind) for name, kind in _PARTS.items()}
                return cls(**parts)
        except Exception as error:  # zipfile, zlib and numpy raise half a dozen unrelated types on damaged bytes
            raise ModelError(f"{HEADS_FILE} cannot be read ({error}); calibrate the model again") from None
        raise ModelError(f"{HEADS_FILE} has version {version}, not {VERSION}; calibrate the model with this shapeshot")


def _part(arrays: Mapping[str, np.ndarray], name: str, kind: type[Any]) -> Any:
    """One head from its arrays; None where it has none."""
    if not any(key.startswith(f"{name}/") for key in arrays):
        return None
    values = {entry.name: arrays[f"{name}/{entry.name}"] for entry in fields(kind)}
    return kind(**{key: value.item() if value.ndim == 0 else value for key, value in values.items()})
