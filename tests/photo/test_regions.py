from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from shapeshot.photo.regions import in_regions, label_regions, region_sizes, regions_at, touching_border


@pytest.mark.parametrize("density", [0.1, 0.5, 0.6, 0.9])
def test_labels_match_scipy(density: float) -> None:
    rng = np.random.default_rng(int(density * 10))
    for shape in ((1, 1), (1, 40), (37, 1), (61, 83)):
        mask = rng.random(shape) < density
        np.testing.assert_array_equal(label_regions(mask), ndimage.label(mask)[0])


def test_spiral_is_one_region() -> None:
    """The longest possible chain of runs."""
    mask = np.zeros((81, 81), bool)
    for ring in range(0, 40, 2):
        mask[ring, ring : -ring or None] = mask[-1 - ring, ring : 81 - ring] = True
        mask[ring : 81 - ring, -1 - ring] = mask[ring + 2 : 81 - ring, ring] = True
        mask[ring + 2, ring : ring + 3] = True
    np.testing.assert_array_equal(label_regions(mask), ndimage.label(mask)[0])
    assert label_regions(mask).max() == 1


def test_regions_are_found_and_chosen_as_numpy_does() -> None:
    rng = np.random.default_rng(0)
    labels = label_regions(rng.random((40, 50)) < 0.5)
    where = rng.random(labels.shape) < 0.05
    assert regions_at(labels, where) == [label for label in np.unique(labels[where]).tolist() if label]
    assert regions_at(labels, np.zeros_like(where)) == []
    chosen = rng.choice(labels.max(), 9, replace=False) + 1
    np.testing.assert_array_equal(in_regions(labels, chosen.tolist()), np.isin(labels, chosen))
    assert not in_regions(labels, []).any()


def test_sizes_and_border() -> None:
    mask = np.zeros((7, 9), bool)
    mask[0, 2:5] = mask[3, 4:6] = True
    labels = label_regions(mask)
    assert region_sizes(labels).tolist() == [0, 3, 2]
    assert touching_border(labels).tolist() == [False, True, False]
