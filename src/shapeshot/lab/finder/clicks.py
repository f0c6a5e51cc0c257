"""A person who points: simulated clicks and strokes on the object and beside it."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float
from PIL import Image

from shapeshot.photo.hints import Hints

ERODING = (0.06, 0.03, 0.015, 0.007, 0.0)  # of the side, tried one after another


def inside_point(mask: Bool[np.ndarray, "height width"], rng: np.random.Generator) -> tuple[float, float] | None:
    """A pixel (x, y) of the mask, well inside where it is wide enough; None where it is empty."""
    for share in ERODING:
        reach = int(share * max(mask.shape))
        rows, columns = np.nonzero(_eroded(mask, reach) if reach else mask)
        if len(rows):
            index = int(rng.integers(len(rows)))
            return float(columns[index]) + 0.5, float(rows[index]) + 0.5
    return None


def simulated_hints(
    target: Bool[np.ndarray, "height width"],
    others: Bool[np.ndarray, "height width"],
    rng: np.random.Generator,
) -> Float[np.ndarray, "2 height width"]:
    """What a person might have pointed at: one to three places on the target, none or a few beside it.

    others: pixels of other objects, where people say most often what they do not mean.
    """
    hints = Hints(target.shape[1], target.shape[0])
    for _ in range(int(rng.choice([1, 2, 3], p=[0.75, 0.15, 0.1]))):
        point = inside_point(target, rng)
        if point is None:
            break
        if rng.random() < 0.15:
            end = inside_point(target, rng) or point
            hints.stroke((point, end), is_object=True)
        else:
            hints.point(*point, is_object=True)
    for _ in range(int(rng.choice([0, 1, 2], p=[0.75, 0.17, 0.08]))):
        elsewhere = others & ~target if (others & ~target).any() and rng.random() < 0.7 else ~target
        point = inside_point(elsewhere, rng)
        if point is not None:
            hints.point(*point, is_object=False)
    return hints.channels


def correcting_hints(
    found: Bool[np.ndarray, "height width"], truth: Bool[np.ndarray, "height width"], rng: np.random.Generator
) -> Float[np.ndarray, "2 height width"]:
    """What a person would point at who sees `found`: the middle of what was missed, at times of what is too much.

    Where nothing was missed, any place on the object.
    """
    hints = Hints(truth.shape[1], truth.shape[0])
    missed, surplus = worst_point(found, truth), worst_point(truth, found)
    point = missed or inside_point(truth, rng)
    if point is not None:
        hints.point(*point, is_object=True)
    if surplus is not None and rng.random() < 0.3:
        hints.point(*surplus, is_object=False)
    return hints.channels


def _eroded(mask: Bool[np.ndarray, "height width"], reach: int) -> Bool[np.ndarray, "height width"]:
    """The pixels whose square neighbourhood lies in the mask; beyond the frame counts as outside."""
    padded = np.pad(mask, reach)
    sums = np.pad(padded.astype(np.int32), ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    size = 2 * reach + 1
    full = sums[size:, size:] - sums[:-size, size:] - sums[size:, :-size] + sums[:-size, :-size]
    eroded: np.ndarray = full == size * size
    return eroded


def worst_point(
    found: Bool[np.ndarray, "height width"], truth: Bool[np.ndarray, "height width"]
) -> tuple[float, float] | None:
    """The middle of what was missed: where a person who sees `found` clicks first. None where nothing was missed.

    The deepest pixel of the missed part (Xu et al., "Deep interactive object selection", CVPR 2016), found by eroding.
    """
    missed = truth & ~found
    if not missed.any():
        return None
    scale = 128 / max(missed.shape)
    small = missed
    if scale < 1:
        size = (max(1, round(missed.shape[1] * scale)), max(1, round(missed.shape[0] * scale)))
        small = np.asarray(Image.fromarray(missed).resize(size, Image.Resampling.NEAREST))
        small = small if small.any() else missed
    deepest, reach = small, 1
    while (eroded := _eroded(small, reach)).any():
        deepest, reach = eroded, reach + 1
    rows, columns = np.nonzero(deepest)
    middle = len(rows) // 2
    return (
        (float(columns[middle]) + 0.5) * missed.shape[1] / small.shape[1],
        (float(rows[middle]) + 0.5) * missed.shape[0] / small.shape[0],
    )
