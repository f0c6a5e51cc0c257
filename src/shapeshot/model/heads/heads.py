"""The heads of a model as one file of arrays beside its graphs: written by `shapeshot calibrate`, read at run time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from shapeshot.errors import ModelError
from shapeshot.model.arrays import number, pack, require_number, unpack
from shapeshot.model.folder import HEADS_FILE
from shapeshot.model.heads.calibration import Calibration
from shapeshot.model.heads.familiarity import Familiarity, FamiliarityHead
from shapeshot.model.heads.look import Look
from shapeshot.model.heads.points import PointHead
from shapeshot.model.heads.shape import ShapeHead
from shapeshot.model.heads.size import SizeEstimate, SizeHead

if TYPE_CHECKING:
    from jaxtyping import Float

VERSION = 2
# Files of version 1 do not hold these values; they were these.
EARLIER_VERSION = 1
EARLIER_VALUES: Mapping[str, Any] = {
    "size/floor": 0.1,
    "points/offsets": np.array([-4, -2, -1, -0.5, 0, 0.5, 1, 2, 4], np.float32) / 32,
    "points/max_logit": 6.0,
}
_PARTS: Mapping[str, type[Any]] = {
    "look": Look,
    "size": SizeHead,
    "familiarity": FamiliarityHead,
    "calibration": Calibration,
    "points": PointHead,
    "shape": ShapeHead,
}


@dataclass(frozen=True, eq=False)
class Heads:
    """What was fitted on top of a model; each part may be missing.

    look: what size and familiarity compare photos by; they are None without it.
    calibration: makes the field's probabilities honest. points: how sure points of the surface are.
    shape: how probable it is that the whole shape is right.
    """

    look: Look | None = None
    size: SizeHead | None = None
    familiarity: FamiliarityHead | None = None
    calibration: Calibration | None = None
    points: PointHead | None = None
    shape: ShapeHead | None = None

    def estimate_size(self, features: Float[np.ndarray, " features"] | None) -> SizeEstimate | None:
        """Estimate the real size of what a photo with these features shows; None without features or a head."""
        if self.look is None or self.size is None or features is None:
            return None
        return self.size(self.look.directions(features))

    def judge(self, features: Float[np.ndarray, " features"] | None) -> Familiarity | None:
        """Judge whether a photo with these features is like the training's; None without features or a head."""
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
        return pack(arrays)

    @classmethod
    def decode(cls, content: bytes) -> Heads:
        """The inverse of `encode`; nothing in the file is executed. Raises ModelError where it is damaged or newer."""
        arrays = unpack(content, HEADS_FILE, "calibrate the model again")
        try:
            version = number(arrays["version"])
            if version in (VERSION, EARLIER_VERSION):
                there = {key.partition("/")[0] for key in arrays}
                given = {**EARLIER_VALUES, **arrays} if version == EARLIER_VERSION else arrays
                heads = cls(**{name: _part(given, name, kind) for name, kind in _PARTS.items() if name in there})
                heads._check()
                return heads
        except (ModelError, KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{HEADS_FILE} cannot be read ({error}); calibrate the model again") from None
        raise ModelError(f"{HEADS_FILE} has version {version}, not {VERSION}; calibrate the model with this shapeshot")

    def _check(self) -> None:
        """ModelError unless every part is sound, and those that compare photos know the same components."""
        for name in _PARTS:
            if (head := getattr(self, name)) is not None:
                head.check()
        for head in (self.size, self.familiarity):
            if self.look is not None and head is not None:
                components = self.look.basis.shape[1]
                require_number("components", head.directions.shape[1], components - 1, components + 1)


def _part(arrays: Mapping[str, Any], name: str, kind: type[Any]) -> Any:
    """One head from its arrays."""
    values = {entry.name: np.asarray(arrays[f"{name}/{entry.name}"]) for entry in fields(kind)}
    return kind(**{key: number(value) if value.ndim == 0 else value for key, value in values.items()})
