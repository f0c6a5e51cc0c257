"""Whether a whole shape is to be trusted: the evidence of one reconstruction, and its doubts in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shapeshot.model.heads import Evidence

if TYPE_CHECKING:
    from jaxtyping import Float

    from shapeshot.model.heads import Assessment, Familiarity, SizeEstimate
    from shapeshot.model.reading import Reading

LOW = 0.5  # below it a shape is more probably wrong than right
# Below it that is a warning. Of 13 shapes between the two, of pictures unlike the training's, 12 looked right from the
# photo's side; of 15 below 0.2, 4 did.
DOUBTFUL = 0.35
WORST = 10  # percent of the points
# What to make of a photo that is unlike those of the training, where nothing else says how sure the shape is.
STRANGERS = "the shape may mean nothing; give a photo of one whole household object on a plain background"
# What lowers the confidence -> why, and what to try.
DOUBTS = {
    "points": "the photo says little about much of its surface; a photo from another side may say more",
    "worst_points": "parts of its surface are guessed; a photo from another side may say more",
    "camera": "it is not clear from which side the photo was taken; try one from a little above, turned by a third",
    "familiarity": "the model has learnt from few things like it; try a photo from another side",
    "depth": "the model is not sure how deep it is; a photo that shows two of its sides may say more",
    "slender": "it is bulky, and most of its surface is hidden from this side; look at it from the others",
    "explained": "the model does not know how deep much of it is; a photo that shows two of its sides may say more",
    "proportions": "things that look like it have other proportions; try a photo from another side",
    "mask": "it is not certain which pixels are the object; point at it, or mark a region",
}


def evidence_of(
    known: Assessment,
    reading: Reading,
    occupied: float,
    extents: Float[np.ndarray, " 3"],
    mask_certainty: float | None,
) -> Evidence | None:
    """What speaks for a shape; None where the model cannot say how sure its points are.

    known: what the heads say. reading: what the network does. occupied: the share of the cube's cells that are inside.
    extents: of the shape along its axes. mask_certainty: None where the mask was not in doubt.
    """
    sure, familiarity, camera = known.point_confidence, known.familiarity, reading.camera
    if sure is None or not len(sure):
        return None
    return Evidence(
        points=float(sure.mean()) - 1,
        worst_points=float(np.percentile(sure, WORST)) - 1,
        camera=0.0 if camera is None else camera.certainty - 1,
        familiarity=0.0 if familiarity is None else -familiarity.score / familiarity.limit,
        explained=reading.explained - 1,
        depth=-reading.depth_doubt,
        slender=-occupied,
        proportions=0.0 if known.size_estimate is None else -stretch(extents, known.size_estimate),
        mask=0.0 if mask_certainty is None else mask_certainty - 1,
    )


def stretch(extents: Float[np.ndarray, " 3"], estimate: SizeEstimate) -> float:
    """By which logarithm a shape is stretched along one axis beside another, against an estimate of its size."""
    lengths = np.maximum(np.asarray(extents, np.float64), 1e-6)
    return float(np.ptp(np.log(lengths) - np.log(estimate.metres)))


def low_confidence(confidence: float, why: str) -> str:
    """The warning about a shape that is probably wrong. why: of DOUBTS, or what else speaks against it."""
    return f"this shape is probably not right (confidence {confidence:.2f}): {why}"


def even_chances(confidence: float, why: str) -> str:
    """The note about a shape that is somewhat more probably wrong than right. why: of DOUBTS."""
    return f"whether this shape is right is open (confidence {confidence:.2f}): {why}"


def unfamiliar(familiarity: Familiarity) -> str:
    """That a photo is unlike those of the training."""
    return (
        f"this photo is unlike anything the model was trained on (distance {familiarity.score:.2f}, limit "
        f"{familiarity.limit:.2f})"
    )
