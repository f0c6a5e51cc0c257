"""The one place that decides which implementation of an operator runs, by device, size and dtype.

Every operator has a plain PyTorch version, the reference, which runs everywhere and defines what is right. Kernels
beside it find the same neighbours faster; they return indices only, so values and gradients always come from the same
few lines of PyTorch. The environment variable SHAPESHOT_OPS chooses: `auto` (default) or `reference` (no kernels).

A kernel is a module in `kernels/` that is imported when first needed and tried on a tiny input. One that fails to
import, to compile or to run there is reported in one warning, and the reference runs in its place from then on.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec

import torch
from torch import Tensor

from shapeshot.errors import unknown_name

MODES = ("auto", "reference")

# Which distribution each kernel needs besides torch, and on which kind of device it runs.
KERNELS: dict[str, tuple[str, str]] = {
    "nearest_matmul": ("numpy", "cpu"),
    "nearest_pykdtree": ("pykdtree", "cpu"),
    "nearest_kdtree": ("scipy", "cpu"),
    "nearest_triton": ("triton", "cuda"),
    "triangles_kdtree": ("scipy", "cpu"),
}

# Measured by benchmarks/bench_knn.py: below so many points in the searched cloud, on two threads, a matrix product
# over all pairs is no slower than building a tree. Lists of several neighbours would cost the product more.
MATMUL_MAX_POINTS = 256
# A k-d tree visits ever more of its leaves as dimensions grow; past this the product over all pairs is faster.
KDTREE_MAX_DIMS = 8
TRITON_MAX_NEIGHBORS = 16
TRITON_MAX_DIMS = 32  # its loop over dimensions is unrolled
# Below so many point-triangle pairs the search costs more than looking at all of them.
TRIANGLES_MIN_PAIRS = 20_000

# (p1, p2, lengths1, lengths2, K, norm) -> int64 [batch, points1, K]; entries of padding are arbitrary but in range.
NearestSearch = Callable[[Tensor, Tensor, Tensor, Tensor, int, int], Tensor]
# (points, triangles, points_lengths, triangles_lengths) -> int64 [batch, points]; likewise.
TriangleSearch = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


def ops_mode() -> str:
    """The value of SHAPESHOT_OPS, `auto` where it is not set. Raises UserError for an unknown one."""
    mode = os.environ.get("SHAPESHOT_OPS") or "auto"
    if mode not in MODES:
        raise unknown_name("value of SHAPESHOT_OPS", mode, MODES)
    return mode


def available_backends() -> tuple[str, ...]:
    """Names of what may run here: `reference`, then every kernel whose library and device are present.

    Looks without importing or compiling anything; a kernel that has failed to load in this process is left out.
    Honours SHAPESHOT_OPS, so `reference` alone remains under SHAPESHOT_OPS=reference.
    """
    kernels = KERNELS if ops_mode() == "auto" else {}
    return ("reference", *(name for name in kernels if _is_present(name) and name not in _broken))


def nearest_backend(device: str, num_points: int, num_dims: int, num_neighbors: int, norm: int) -> str:
    """Which of `available_backends()` answers `knn_points` for a searched cloud of that size."""
    if device == "cuda":
        fits = num_neighbors <= TRITON_MAX_NEIGHBORS and num_dims <= TRITON_MAX_DIMS
        chosen = "nearest_triton" if fits else "reference"
    elif device == "cpu":
        small = num_points <= MATMUL_MAX_POINTS or num_dims > KDTREE_MAX_DIMS
        if small and num_neighbors == 1 and norm == 2:
            chosen = "nearest_matmul"
        elif num_dims > KDTREE_MAX_DIMS:
            chosen = "reference"
        else:
            chosen = "nearest_pykdtree" if norm == 2 and _is_usable("nearest_pykdtree") else "nearest_kdtree"
    else:
        chosen = "reference"
    return chosen if _is_usable(chosen) else "reference"


def nearest_kernel(p1: Tensor, p2: Tensor, num_neighbors: int, norm: int) -> NearestSearch | None:
    """The kernel for these clouds, [batch, points, dims], or None for the reference."""
    name = nearest_backend(p1.device.type, p2.shape[1], p2.shape[2], num_neighbors, norm)
    return None if name == "reference" else _load_nearest(name, p1.device)


def triangles_backend(device: str, num_pairs: int) -> str:
    """Which of `available_backends()` finds nearest triangles for so many pairs of a point and a triangle."""
    wanted = device == "cpu" and num_pairs >= TRIANGLES_MIN_PAIRS
    return "triangles_kdtree" if wanted and "triangles_kdtree" in available_backends() else "reference"


def triangles_kernel(points: Tensor, triangles: Tensor) -> TriangleSearch | None:
    """The kernel for points [batch, points, 3] and triangles [batch, triangles, 3, 3], or None for the reference."""
    if triangles_backend(points.device.type, points.shape[1] * triangles.shape[1]) == "reference":
        return None
    return _load_triangles("triangles_kdtree", points.device)


_broken: set[str] = set()


@cache
def _load_nearest(name: str, device: torch.device) -> NearestSearch | None:
    def attempt() -> NearestSearch:
        search: NearestSearch = import_module(f"shapeshot.lab.ops.kernels.{name}").nearest_indices
        cloud, length = torch.zeros(1, 2, 3, device=device), torch.full((1,), 2, device=device)
        search(cloud, cloud, length, length, 1, 2)
        return search

    return _or_warn(name, attempt)


@cache
def _load_triangles(name: str, device: torch.device) -> TriangleSearch | None:
    def attempt() -> TriangleSearch:
        search: TriangleSearch = import_module(f"shapeshot.lab.ops.kernels.{name}").nearest_triangles
        triangle, length = torch.eye(3, device=device)[None, None], torch.ones(1, dtype=torch.long, device=device)
        search(triangle[:, 0], triangle, length * 3, length)
        return search

    return _or_warn(name, attempt)


def _or_warn(name: str, attempt: Callable[[], Callable[..., Tensor]]) -> Callable[..., Tensor] | None:
    """What `attempt` loads, or None, remembered, after one warning."""
    try:
        return attempt()
    except Exception as error:  # whatever a compiler or driver throws, the reference gives the same answer
        _broken.add(name)
        reason = str(error).strip().splitlines()[:1]
        warnings.warn(
            f"the kernel {name} failed to load ({type(error).__name__}: {''.join(reason)}); "
            "the slower reference runs in its place. SHAPESHOT_OPS=reference silences this.",
            RuntimeWarning,
            stacklevel=2,
        )
        return None


def _is_usable(name: str) -> bool:
    return name in available_backends()


def _is_present(name: str) -> bool:
    library, device = KERNELS[name]
    return find_spec(library) is not None and (device == "cpu" or torch.cuda.is_available())
