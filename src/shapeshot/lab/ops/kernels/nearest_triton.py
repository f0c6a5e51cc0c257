"""Nearest neighbours on CUDA in Triton, which compiles the kernels itself when they are first run.

A program holds a block of rows of p1 and walks through p2 tile by tile, so distances live in registers only: memory
is linear in the points, and every pair costs a few fused operations per dimension.
"""

# Annotations of a kernel's parameters mean something to Triton: constants are compiled in.
# mypy: disable-error-code="no-untyped-def, untyped-decorator"

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

# Rows of p1 a program holds, columns of p2 a tile takes. The best distance and column of 64 x 32 pairs take half of the
# registers a thread can have at four warps, and nothing spills; 128 rows take nearly all of them.
_ROWS, _COLUMNS = 64, 32
_WARPS = 4


def nearest_indices(
    p1: Tensor, p2: Tensor, lengths1: Tensor, lengths2: Tensor, num_neighbors: int, norm: int
) -> Tensor:
    """As `knn.nearest_reference`, for float32 and float64; several neighbours come in no particular order."""
    batch, num_rows, dims = p1.shape
    found = torch.zeros(batch, num_rows, num_neighbors, dtype=torch.long, device=p1.device)
    blocks = triton.cdiv(num_rows, _ROWS)
    if not found.numel():
        return found
    clouds = (p1.contiguous(), p2.contiguous(), lengths1, lengths2, found, num_rows, p2.shape[1], blocks)
    sizes: dict[str, Any] = {"DIMS": dims, "NORM": norm, "ROWS": _ROWS, "COLUMNS": _COLUMNS, "num_warps": _WARPS}
    with torch.cuda.device_of(p1):
        if num_neighbors == 1:
            _nearest_one[(batch * blocks,)](*clouds, **sizes)
        else:
            sizes |= {"NEIGHBORS": num_neighbors, "SLOTS": triton.next_power_of_2(num_neighbors)}
            _nearest_several[(batch * blocks,)](*clouds, **sizes)
    return found


@triton.jit
def _tile_distances(
    p1_rows, p2_columns, rows, columns, count1, count2, DIMS: tl.constexpr, NORM: tl.constexpr
):  # fmt: skip
    """Distances [rows, columns]; infinite for columns past the end of p2. Zero for rows past the end of p1."""
    difference = (
        tl.load(p1_rows + rows * DIMS, mask=rows < count1, other=0.0)[:, None]
        - tl.load(p2_columns + columns * DIMS, mask=columns < count2, other=0.0)[None, :]
    )
    distances = difference * difference if NORM == 2 else tl.abs(difference)
    for axis in tl.static_range(1, DIMS):
        row = tl.load(p1_rows + rows * DIMS + axis, mask=rows < count1, other=0.0)
        column = tl.load(p2_columns + columns * DIMS + axis, mask=columns < count2, other=0.0)
        difference = row[:, None] - column[None, :]
        distances += difference * difference if NORM == 2 else tl.abs(difference)
    return tl.where((columns < count2)[None, :], distances, float("inf"))


@triton.jit
def _nearest_one(
    p1, p2, lengths1, lengths2, found, num_rows, num_columns, blocks,
    DIMS: tl.constexpr, NORM: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr,
):  # fmt: skip
    """The nearest column of each row, the lowest where several are equally near."""
    item = (tl.program_id(0) // blocks).to(tl.int64)
    rows = (tl.program_id(0) % blocks) * ROWS + tl.arange(0, ROWS)
    lanes = tl.arange(0, COLUMNS)
    count1 = tl.load(lengths1 + item).to(tl.int32)
    count2 = tl.load(lengths2 + item).to(tl.int32)
    p1_rows, p2_columns = p1 + item * num_rows * DIMS, p2 + item * num_columns * DIMS
    # Each lane keeps the best of the columns it saw; reducing over lanes once, at the end, keeps the loop short.
    best = tl.full([ROWS, COLUMNS], float("inf"), p1.dtype.element_ty)
    best_start = tl.zeros([ROWS, COLUMNS], tl.int32)
    for start in range(0, count2, COLUMNS):
        distances = _tile_distances(p1_rows, p2_columns, rows, start + lanes, count1, count2, DIMS, NORM)
        nearer = distances < best
        best = tl.where(nearer, distances, best)
        best_start = tl.where(nearer, start, best_start)
    tied = best == tl.min(best, axis=1)[:, None]
    nearest = tl.min(tl.where(tied, best_start + lanes[None, :], 2147483647), axis=1)
    nearest = tl.where(nearest < count2, nearest, 0)
    tl.store(found + item * num_rows + rows, nearest.to(tl.int64), mask=rows < count1)


@triton.jit
def _nearest_several(
    p1, p2, lengths1, lengths2, found, num_rows, num_columns, blocks,
    DIMS: tl.constexpr, NORM: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr,
    NEIGHBORS: tl.constexpr, SLOTS: tl.constexpr,
):  # fmt: skip
    """The nearest NEIGHBORS columns of each row, in any order; the first slots are filled first."""
    item = (tl.program_id(0) // blocks).to(tl.int64)
    rows = (tl.program_id(0) % blocks) * ROWS + tl.arange(0, ROWS)
    lanes, slots = tl.arange(0, COLUMNS), tl.arange(0, SLOTS)
    count1 = tl.load(lengths1 + item).to(tl.int32)
    count2 = tl.load(lengths2 + item).to(tl.int32)
    p1_rows, p2_columns = p1 + item * num_rows * DIMS, p2 + item * num_columns * DIMS
    # Slots beyond NEIGHBORS hold -inf, so that they are never the worst, which is the one to be replaced.
    empty = tl.where(slots < NEIGHBORS, float("inf"), -float("inf")).to(p1.dtype.element_ty)
    kept = tl.zeros([ROWS, SLOTS], p1.dtype.element_ty) + empty[None, :]
    kept_columns = tl.zeros([ROWS, SLOTS], tl.int32)
    worst = tl.max(kept, axis=1)
    for start in range(0, count2, COLUMNS):
        distances = _tile_distances(p1_rows, p2_columns, rows, start + lanes, count1, count2, DIMS, NORM)
        least = tl.min(distances, axis=1)
        # Most tiles hold nothing nearer and leave here at once.
        while tl.max((least < worst).to(tl.int32), axis=0) > 0:
            lane = tl.min(tl.where(distances == least[:, None], lanes[None, :], COLUMNS), axis=1)
            slot = tl.min(tl.where(kept == worst[:, None], slots[None, :], SLOTS), axis=1)
            replaced = (least < worst)[:, None] & (slots[None, :] == slot[:, None])
            kept = tl.where(replaced, least[:, None], kept)
            kept_columns = tl.where(replaced, (start + lane)[:, None], kept_columns)
            worst = tl.max(kept, axis=1)
            distances = tl.where(lanes[None, :] == lane[:, None], float("inf"), distances)
            least = tl.min(distances, axis=1)
    places = found + (item * num_rows + rows)[:, None] * NEIGHBORS + slots[None, :]
    inside = (rows < count1)[:, None] & (slots < NEIGHBORS)[None, :]
    tl.store(places, kept_columns.to(tl.int64), mask=inside)
