"""Near-duplicate groups and the train, val, test and test-unseen splits.

`test` asks for held-out objects of known kinds, `test-unseen` for objects of kinds that training never saw. A group of
near-duplicates never straddles splits. Everything follows from hashes of ids and the seed, so that objects that come
or go do not reshuffle the others.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float32, Int64

from shapeshot.errors import DatasetError

SPLITS = ("train", "val", "test", "test-unseen")
UNSEEN_SHARE = 0.10
# Of what is not unseen: 72 / 90 train, 8 / 90 val, 10 / 90 test.
TRAIN_BELOW, VAL_BELOW = 72 / 90, 80 / 90
# Larger groups stay in train, larger kinds are not held out: a test split of one shape in 40 colours measures little.
MAX_HELD_OUT_SHARE = 0.03
MAX_HELD_OUT_COUNT = 3  # the least that MAX_HELD_OUT_SHARE comes to: small datasets need a test split, too
# What people photograph most: a model that never saw a chair would be of no use.
MAIN_KINDS = frozenset(
    (
        *("chair", "armchair", "stool", "sofa", "bench", "table", "desk", "nightstand", "bed"),
        *("cabinet", "wardrobe", "shelf", "box", "lamp", "monitor", "tv"),
        *("cup", "bottle", "vase", "planter", "plant"),
    )
)

IOU_THRESHOLD = 0.85
SAME_NAME_IOU_THRESHOLD = 0.7
_BLOCK = 1024  # rows of the overlap matrix at a time: 1024 grids of 32^3 as float32 are 128 MB


def near_duplicate_groups(
    occupancies: Bool[np.ndarray, " objects *cells"],
    names: Sequence[str] | None = None,
    threshold: float = IOU_THRESHOLD,
    same_name_threshold: float = SAME_NAME_IOU_THRESHOLD,
) -> Int64[np.ndarray, " objects"]:
    """The group of each object, int64 [objects]: the index of the group's first member.

    occupancies: bool [objects, n, n, n], canonical, indexed [x, y, z]. names: what equals for the colour variants of
    one design ("creator/name"). Two objects are near-duplicates when the intersection over union of their grids, one
    of them possibly mirrored in x, is at least `threshold`, or `same_name_threshold` under equal names; groups are
    what such pairs connect. An empty grid is nobody's duplicate.
    Raises DatasetError on wrong shapes.
    """
    occupancies = np.asarray(occupancies, bool)
    count = len(occupancies)
    if occupancies.ndim != 4 or (names is not None and len(names) != count):
        raise DatasetError(
            f"expected occupancies [objects, n, n, n] and as many names; got {list(occupancies.shape)} "
            f"and {'none' if names is None else len(names)}"
        )
    labels = np.unique(names, return_inverse=True)[1] if names is not None and count else np.arange(count)
    parent = np.arange(count)
    # Sorted by volume, a block's partners end where the volumes differ too much for any overlap to be enough.
    volumes = occupancies.sum(axis=(1, 2, 3))
    order = np.argsort(volumes, kind="stable")
    for start in range(0, count, _BLOCK):
        rows = order[start : start + _BLOCK]
        for other in range(start, count, _BLOCK):
            columns = order[other : other + _BLOCK]
            if volumes[rows[-1]] < volumes[columns[0]] * min(threshold, same_name_threshold):
                break
            iou = _iou(occupancies[rows], occupancies[columns])
            same_name = labels[rows][:, None] == labels[columns][None]
            near = iou >= np.where(same_name, same_name_threshold, threshold)
            for row, column in zip(*np.nonzero(near), strict=True):
                _join(parent, rows[row], columns[column])
    return np.array([_root(parent, index) for index in range(count)], np.int64)


def assign_splits(
    ids: Sequence[str], groups: Sequence[Hashable], kinds: Sequence[str], seed: int = 0
) -> dict[str, str]:
    """The split of each id: about 72 % train, 8 % val, 10 % test and, of whole kinds, 10 % test-unseen.

    Kinds are held out in a seeded order; never MAIN_KINDS, nor kinds that share a group with one that is not held out.
    Groups go by a seeded hash of their members. Where there are at least three groups, none of train, val and test is
    empty; where all kinds are main kinds, test-unseen is.
    Raises DatasetError on repeated ids or lists of different length.
    """
    if not len(ids) == len(groups) == len(kinds) or len(set(ids)) != len(ids):
        raise DatasetError(f"expected one group and kind for each of {len(ids)} different ids")
    members: defaultdict[Hashable, list[str]] = defaultdict(list)
    for object_id, group in zip(ids, groups, strict=True):
        members[group].append(object_id)
    unseen = _held_out_kinds(groups, kinds, seed)
    held_out = {group for group, kind in zip(groups, kinds, strict=True) if kind in unseen}
    splits = dict.fromkeys(held_out, "test-unseen")
    splits.update(_split_by_hash({g: m for g, m in members.items() if g not in held_out}, len(ids), seed))
    return {object_id: splits[group] for object_id, group in zip(ids, groups, strict=True)}


def with_validation(splits: Mapping[str, str], seed: int = 0) -> dict[str, str]:
    """Published splits, id -> split; where none is for validation, a seeded tenth of train (at least one of two)."""
    chosen = dict(splits)
    train = sorted(key for key, split in chosen.items() if split == "train")
    if "val" not in chosen.values() and len(train) > 1:
        order = sorted(train, key=lambda key: _hash(seed, "val", key))
        chosen.update(dict.fromkeys(order[: max(1, len(train) // 10)], "val"))
    return chosen


def _iou(
    a: Bool[np.ndarray, "first n n n"], b: Bool[np.ndarray, "second n n n"]
) -> Float32[np.ndarray, "first second"]:
    """IoU of each grid of a with each of b or its mirror image in x, the larger, float32 [a, b].

    Counts up to 2^24 are exact in float32, so a matrix product counts the common cells.
    """
    flat_a = a.reshape(len(a), -1).astype(np.float32)
    flat_b, mirrored_b = (grid.reshape(len(b), -1).astype(np.float32) for grid in (b, b[:, ::-1]))
    common = np.maximum(flat_a @ flat_b.T, flat_a @ mirrored_b.T)
    either = flat_a.sum(axis=1)[:, None] + flat_b.sum(axis=1)[None] - common
    iou: np.ndarray = common / np.maximum(either, 1)
    return iou


def _root(parent: Int64[np.ndarray, " objects"], index: int | np.int64) -> int:
    while parent[index] != index:
        parent[index] = index = parent[parent[index]]
    return int(index)


def _join(parent: Int64[np.ndarray, " objects"], a: int | np.int64, b: int | np.int64) -> None:
    first, second = sorted((_root(parent, a), _root(parent, b)))
    parent[second] = first


def _hash(seed: int, *words: str) -> float:
    """A number in [0, 1) that depends on nothing but the seed and the words."""
    text = "\0".join((str(seed), *words))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big") / 2**48


def _limit(count: int) -> float:
    return max(MAX_HELD_OUT_COUNT, MAX_HELD_OUT_SHARE * count)


def _held_out_kinds(groups: Sequence[Hashable], kinds: Sequence[str], seed: int) -> set[str]:
    sizes = Counter(kinds)
    clusters = _kind_clusters(groups, kinds)
    order = sorted(clusters, key=lambda cluster: min(_hash(seed, "kind", kind) for kind in cluster))
    held_out: set[str] = set()
    left = UNSEEN_SHARE * len(kinds)
    for cluster in order:
        size = sum(sizes[kind] for kind in cluster)
        if size <= min(left, _limit(len(kinds))) and not cluster & MAIN_KINDS:
            held_out |= cluster
            left -= size
    return held_out


def _kind_clusters(groups: Sequence[Hashable], kinds: Sequence[str]) -> list[set[str]]:
    """Kinds that share near-duplicates, transitively; they are held out together or not at all."""
    names = sorted(set(kinds))
    index = {kind: position for position, kind in enumerate(names)}
    parent = np.arange(len(names))
    first: dict[Hashable, int] = {}
    for group, kind in zip(groups, kinds, strict=True):
        _join(parent, first.setdefault(group, index[kind]), index[kind])
    clusters: defaultdict[int, set[str]] = defaultdict(set)
    for kind in names:
        clusters[_root(parent, index[kind])].add(kind)
    return list(clusters.values())


def _split_by_hash(members: dict[Hashable, list[str]], count: int, seed: int) -> dict[Hashable, str]:
    """train, val or test of each group. The member with the least hash speaks for its group, so that a group keeps
    its split when it grows, unless the newcomer happens to be that member."""
    chosen = {group: min(ids, key=lambda object_id: _hash(seed, "member", object_id)) for group, ids in members.items()}
    place = {group: _hash(seed, "split", object_id) for group, object_id in chosen.items()}
    splits = dict.fromkeys(members, "train")
    for group, ids in members.items():
        if len(ids) <= _limit(count) and place[group] >= TRAIN_BELOW:
            splits[group] = "val" if place[group] < VAL_BELOW else "test"
    if len(members) >= 3:
        _fill_empty(splits, sorted(place, key=place.__getitem__))
    return splits


def _fill_empty(splits: dict[Hashable, str], order: list[Hashable]) -> None:
    """Move groups into splits that came out empty, from the end of the largest: for datasets of a few dozen."""
    for wanted in ("test", "val", "train"):
        present = Counter(splits.values())
        if not present[wanted]:
            largest = present.most_common(1)[0][0]
            splits[[group for group in order if splits[group] == largest][-1]] = wanted
