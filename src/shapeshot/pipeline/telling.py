"""What is told of a whole shape: few warnings, the most useful first, and notes, which ask for nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapeshot.pipeline.confidence import (
    DOUBTFUL,
    DOUBTS,
    LOW,
    STRANGERS,
    even_chances,
    low_confidence,
    unfamiliar,
)
from shapeshot.pipeline.options import MIRRORED
from shapeshot.pipeline.remarks import is_telling, size_remarks

if TYPE_CHECKING:
    from shapeshot.pipeline.reconstruct import Reconstruction

MIRRORED_DEPTH = (
    "its depth is mirrored, as asked for: the model sees it the other way round, and cannot say how sure this shape is"
)


class Told(NamedTuple):
    """warnings: what speaks against trusting a shape. notes: what is merely so. One sentence each."""

    warnings: tuple[str, ...]
    notes: tuple[str, ...]


def told_of(shape: Reconstruction) -> Told:
    """What is told of a shape: what was typed, what was taken for the object, the shape itself, its size.

    A photo unlike the training's is a note unless the confidence, which is made of that, too, is low, and so are
    proportions unlike those of a guess that is wide: on pictures of other things than the training's both spoke against
    shapes that looked right far more often than against others (docs/hands.md).
    """
    of_shape, of_size = _of_shape(shape), _of_size(shape)
    warnings = (*shape.remarks, *of_shape.warnings, *of_size.warnings)
    return Told(warnings, (*shape.found.notes, *of_shape.notes, *of_size.notes))


def _of_shape(shape: Reconstruction) -> Told:
    """The mask, the confidence and the familiarity, in one sentence where one follows from another."""
    masked, sure, doubt, known = shape.found.remarks, shape.confidence, shape.doubt, shape.familiarity
    strange = () if known is None or known.is_familiar else (unfamiliar(known),)
    if shape.depth == MIRRORED:
        return Told(masked, (*strange, MIRRORED_DEPTH))
    if sure is None or doubt is None:
        return Told((*masked, *(f"{one}: {STRANGERS}" for one in strange)), ())
    if sure >= DOUBTFUL:
        return Told(masked, (*strange, *((even_chances(sure, DOUBTS[doubt]),) if sure < LOW else ())))
    if doubt == "mask" and masked:
        return Told((low_confidence(sure, "; ".join((masked[0], *strange))), *masked[1:]), ())
    return Told((*masked, low_confidence(sure, "; ".join((DOUBTS[doubt], *strange)))), ())


def _of_size(shape: Reconstruction) -> Told:
    """Its proportions against those of the size estimate."""
    x, y, z = (shape.mesh.bounds[1] - shape.mesh.bounds[0]).tolist()
    unit = "metre" if shape.is_metric else "cube"
    apart = size_remarks((x, y, z), unit, shape.size_estimate, shape.given_size)
    is_known = shape.size_estimate is not None and is_telling(shape.size_estimate)
    return Told(apart, ()) if is_known else Told((), apart)
