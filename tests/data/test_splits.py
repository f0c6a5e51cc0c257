"""Near-duplicates and splits, by law and by naive loops."""

from collections import Counter

import numpy as np
import pytest

from shapeshot.data import splits
from shapeshot.data.splits import MAIN_KINDS, assign_splits, near_duplicate_groups
from shapeshot.errors import DatasetError


def iou(a, b):
    return max((a & c).sum() / max((a | c).sum(), 1) for c in (b, b[::-1]))


def naive_groups(grids, names, threshold, same_name):
    groups = list(range(len(grids)))
    for i in range(len(grids)):
        for j in range(i):
            if iou(grids[i], grids[j]) >= (same_name if names[i] == names[j] else threshold):
                old, new = max(groups[i], groups[j]), min(groups[i], groups[j])
                groups = [new if group == old else group for group in groups]
    return groups


@pytest.mark.parametrize("block", [7, 1024])
def test_groups_equal_naive_loops(block, monkeypatch):
    monkeypatch.setattr(splits, "_BLOCK", block)
    rng = np.random.default_rng(3)
    grids = [np.zeros((8, 8, 8), bool) for _ in range(2)]  # empty ones are nobody's duplicates
    for _ in range(8):
        base = rng.random((8, 8, 8)) < rng.uniform(0.1, 0.7)
        for noise in (0.0, 0.02, 0.05, 0.1):
            variant = base ^ (rng.random(base.shape) < noise)
            grids.append(variant[::-1] if rng.random() < 0.5 else variant)
    names = [str(rng.integers(12)) for _ in grids]
    expected = naive_groups(grids, names, 0.85, 0.7)
    assert near_duplicate_groups(np.stack(grids), names, 0.85, 0.7).tolist() == expected
    assert 2 < len(set(expected)) < len(grids)


def test_mirror_images_are_duplicates_and_upside_down_ones_are_not():
    grid = np.random.default_rng(0).random((8, 8, 8)) < 0.3
    groups = near_duplicate_groups(np.stack([grid, grid[::-1], grid[:, ::-1]]))
    assert groups.tolist() == [0, 0, 2]


def test_equal_names_lower_the_bar():
    grid = np.zeros((8, 8, 8), bool)
    grid[:, :4] = True
    larger = grid.copy()
    larger[:, 4] = True  # IoU 0.8
    assert near_duplicate_groups(np.stack([grid, larger]), ["a", "b"]).tolist() == [0, 1]
    assert near_duplicate_groups(np.stack([grid, larger]), ["a", "a"]).tolist() == [0, 0]


def test_wrong_shapes_are_refused():
    with pytest.raises(DatasetError, match="objects"):
        near_duplicate_groups(np.zeros((2, 8, 8), bool))
    with pytest.raises(DatasetError, match="names"):
        near_duplicate_groups(np.zeros((2, 8, 8, 8), bool), ["one"])
    assert near_duplicate_groups(np.zeros((0, 8, 8, 8), bool)).tolist() == []


def catalogue(count, seed, across_kinds=0.02):
    """Random ids, groups (some of several objects, a few across kinds) and kinds."""
    rng = np.random.default_rng(seed)
    kinds = [*sorted(MAIN_KINDS)[:6], *(f"kind{i}" for i in range(30))]
    groups = np.sort(rng.integers(0, max(1, int(count * 0.8)), count))
    kind_of_group = {group: kinds[rng.integers(len(kinds))] for group in set(groups.tolist())}
    objects = [
        kinds[rng.integers(len(kinds))] if rng.random() < across_kinds else kind_of_group[group]
        for group in groups.tolist()
    ]
    return [f"object-{seed}-{i}" for i in range(count)], groups.tolist(), objects


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("count", [3, 30, 1000])
def test_a_group_never_straddles_splits_and_unseen_kinds_are_unseen(count, seed):
    ids, groups, kinds = catalogue(count, seed)
    assigned = assign_splits(ids, groups, kinds, seed)
    assert list(assigned) == ids
    for group in set(groups):
        assert len({assigned[i] for i, g in zip(ids, groups, strict=True) if g == group}) == 1
    seen = {kind for i, kind in zip(ids, kinds, strict=True) if assigned[i] != "test-unseen"}
    unseen = {kind for i, kind in zip(ids, kinds, strict=True) if assigned[i] == "test-unseen"}
    assert not seen & unseen
    assert not unseen & MAIN_KINDS


def test_shares_are_about_as_announced():
    total = Counter()
    for seed in range(5):
        total.update(assign_splits(*catalogue(2000, seed, across_kinds=0), seed).values())
    shares = {split: count / total.total() for split, count in total.items()}
    assert shares["train"] == pytest.approx(0.72, abs=0.03)
    assert shares["val"] == pytest.approx(0.08, abs=0.02)
    assert shares["test"] == pytest.approx(0.10, abs=0.02)
    assert shares["test-unseen"] == pytest.approx(0.10, abs=0.02)


def test_added_objects_do_not_reshuffle_and_order_does_not_matter():
    ids = [f"chair-{i}" for i in range(300)]
    small = assign_splits(ids[:200], ids[:200], ["chair"] * 200)
    large = assign_splits(ids[::-1], ids[::-1], ["chair"] * 300)
    assert all(large[key] == split for key, split in small.items())
    assert assign_splits(ids, ids, ["chair"] * 300, seed=1) != large


def test_three_objects_fill_three_splits():
    for seed in range(20):
        assigned = assign_splits(["a", "b", "c"], [0, 1, 2], ["chair"] * 3, seed)
        assert set(assigned.values()) == {"train", "val", "test"}


def test_a_very_large_group_stays_in_train():
    ids = [f"plug-{i}" for i in range(100)] + [f"chair-{i}" for i in range(100)]
    groups = [0] * 100 + list(range(1, 101))
    for seed in range(20):
        assert assign_splits(ids, groups, ["plug"] * 100 + ["chair"] * 100, seed)["plug-0"] == "train"


def test_repeated_ids_are_refused():
    with pytest.raises(DatasetError, match="ids"):
        assign_splits(["a", "a"], [0, 1], ["chair", "chair"])
