"""Connected regions of small binary images, in numpy alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Bool, Int32, Int64


def label_regions(mask: Bool[np.ndarray, "height width"]) -> Int32[np.ndarray, "height width"]:
    """4-connected regions of a bool [height, width] image: int32 labels from 1 in reading order, 0 outside.

    Horizontal runs are the nodes of a graph whose edges join touching runs of neighbouring rows; labels flow along
    the edges and are shortened by pointer jumping (Shiloach and Vishkin, 1982), so the number of rounds grows with
    the logarithm of a region's length.
    """
    padded = np.pad(mask, ((0, 0), (1, 0)))
    starts = padded[:, 1:] & ~padded[:, :-1]
    runs = np.cumsum(starts.ravel(), dtype=np.int32).reshape(mask.shape) * mask
    touching = padded[1:] & padded[:-1]
    touching = touching[:, 1:] & ~touching[:, :-1]  # two runs touch along a stretch: its first pixel is enough
    above, below = runs[:-1][touching], runs[1:][touching]
    parents = _join(np.arange(int(starts.sum()) + 1, dtype=np.int32), above, below)
    roots = np.flatnonzero(parents == np.arange(len(parents)))
    labels: np.ndarray = np.searchsorted(roots, parents).astype(np.int32)[runs]
    return labels


def region_sizes(labels: Int32[np.ndarray, "height width"]) -> Int64[np.ndarray, " regions"]:
    """Pixels of each label, int64 [labels + 1]; entry 0, the outside, is set to 0."""
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return sizes


def regions_at(labels: Int32[np.ndarray, "height width"], where: Bool[np.ndarray, "height width"]) -> list[int]:
    """The labels that occur where a bool [height, width] image is True, ascending, without 0, the outside."""
    found: list[int] = np.flatnonzero(np.bincount(labels[where])).tolist()
    return [label for label in found if label]


def in_regions(labels: Int32[np.ndarray, "height width"], chosen: Iterable[int]) -> Bool[np.ndarray, "height width"]:
    """Whether each pixel's label is one of `chosen`, of which there may be none, bool [height, width]."""
    is_chosen = np.zeros(int(labels.max()) + 1, bool)
    is_chosen[list(chosen)] = True
    inside: np.ndarray = is_chosen[labels]
    return inside


def touching_border(labels: Int32[np.ndarray, "height width"]) -> Bool[np.ndarray, " regions"]:
    """Whether each label reaches the image's edge, bool [labels + 1]; entry 0, the outside, is False."""
    touching = np.zeros(int(labels.max()) + 1, bool)
    for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        touching[edge] = True
    touching[0] = False
    return touching


def grown(mask: Bool[np.ndarray, "height width"], pixels: int) -> Bool[np.ndarray, "height width"]:
    """A bool [height, width] image, and what lies within so many steps to the four sides of it."""
    for _ in range(pixels):
        padded = np.pad(mask, 1)
        mask = padded[1:-1, 1:-1] | padded[:-2, 1:-1] | padded[2:, 1:-1] | padded[1:-1, :-2] | padded[1:-1, 2:]
    return mask


def _join(
    parents: Int32[np.ndarray, " nodes"], first: Int32[np.ndarray, " pairs"], second: Int32[np.ndarray, " pairs"]
) -> Int32[np.ndarray, " nodes"]:
    """Union of all pairs (first[i], second[i]); each node's parent becomes the smallest node of its set."""
    while True:
        a, b = parents[first], parents[second]
        apart = a != b
        if not apart.any():
            return parents
        first, second = first[apart], second[apart]
        a, b = a[apart], b[apart]
        np.minimum.at(parents, np.maximum(a, b), np.minimum(a, b))
        while not np.array_equal(parents, shorter := parents[parents]):
            parents = shorter
