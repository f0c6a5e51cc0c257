"""Fewer triangles: quadric edge collapse by fast-simplification, with what it leaves undone put right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shapeshot.errors import MeshError, UserError
from shapeshot.geometry import Mesh
from shapeshot.geometry.components import count_pieces, remove_small_components
from shapeshot.geometry.manifold import made_manifold

if TYPE_CHECKING:
    from jaxtyping import Float, Int

MIN_FACES = 4  # of a tetrahedron
# Shares of the collapses to take back until the result is closed; the last is all of them.
_TAKEN_BACK = (0.0, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.0)
_ATTEMPTS = 3
_SPECK_FRACTION = 1e-3  # of the largest piece's volume: slivers that came apart


def simplified(mesh: Mesh, num_faces: int, keep_whole: bool = False) -> Mesh:
    """A closed mesh of at most num_faces triangles where that can be had, never more than the mesh has.

    Quadric error metrics are Garland and Heckbert, "Surface Simplification Using Quadric Error Metrics" (1997). A
    vertex gets the mean colour of those that were merged into it. The library's collapses may fold faces onto each
    other; these are taken away (see geometry/manifold.py), and where that does not close the surface the last
    collapses are taken back. Where there are more faces than asked for then, fewer are asked for, a few times; the best
    of these is returned, which may have too many where a shape is all thin parts.
    keep_whole: take collapses back, too, that pinch thin parts off into pieces of their own; costs many more faces
    where a thin leg must not vanish.
    Raises UserError for fewer than 4 faces and without the extra `finish`, MeshError for a mesh that is not closed.
    """
    if num_faces < MIN_FACES:
        raise UserError(f"a closed mesh has at least {MIN_FACES} faces; got {num_faces} to simplify to")
    if not mesh.is_closed:
        raise MeshError("only a closed mesh can be simplified; this one has open edges")
    if num_faces >= len(mesh.faces):
        return mesh
    best, target = mesh, num_faces
    for _ in range(_ATTEMPTS):
        found = _simplified_to(mesh, target, keep_whole)
        best = min(found, best, key=lambda one: len(one.faces))
        target -= len(found.faces) - num_faces
        if len(best.faces) <= num_faces or target < MIN_FACES:
            break
    return best


def _simplified_to(mesh: Mesh, num_faces: int, keep_whole: bool) -> Mesh:
    """About num_faces triangles, in one attempt."""
    library = import_library()
    # Copies, as the library takes no read-only arrays.
    vertices, faces = mesh.vertices.astype(np.float64), mesh.faces.copy()
    *_, collapses = library.simplify(vertices, faces, target_count=num_faces, return_collapses=True)
    pieces = count_pieces(mesh)
    for share in _TAKEN_BACK:
        kept = collapses[: round(len(collapses) * (1 - share))]
        found = made_manifold(_collapsed(library, mesh, vertices, faces, kept))[0] if len(kept) else mesh
        found = remove_small_components(found, _SPECK_FRACTION)
        if found.is_closed and found.volume > 0 and (not keep_whole or count_pieces(found) <= pieces):
            return found
    return mesh


def _collapsed(
    library: Any,
    mesh: Mesh,
    vertices: Float[np.ndarray, "vertices 3"],
    faces: Int[np.ndarray, "faces 3"],
    collapses: Int[np.ndarray, "collapses 2"],
) -> Mesh:
    positions, triangles, merged_into = library.replay_simplification(vertices, faces, collapses)
    if mesh.colors is None:
        return Mesh(positions, triangles)
    used = merged_into >= 0
    into, count = merged_into[used], len(positions)
    sums = [np.bincount(into, mesh.colors[used, channel], count) for channel in range(3)]
    merged = np.maximum(np.bincount(into, minlength=count), 1)
    return Mesh(positions, triangles, np.stack(sums, axis=1) / merged[:, None])


def import_library() -> Any:
    """The module fast_simplification. UserError that names the extra where it is missing."""
    try:
        import fast_simplification
    except ModuleNotFoundError as error:
        raise UserError(
            "--simplify needs fast-simplification; install it with: pip install 'shapeshot[finish]'"
        ) from error
    return fast_simplification
