"""Pictures of meshes, point clouds and voxel grids, all through one camera and one light."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.geometry import Mesh, PointCloud, VoxelGrid
from shapeshot.geometry.rasterize import Hits, rasterize_balls, rasterize_triangles
from shapeshot.geometry.voxel_boundary import voxel_boundary
from shapeshot.preview.shading import (
    CLAY,
    compose,
    ground_shadow,
    occlusion,
    seen_from_below,
    shade,
)
from shapeshot.preview.view import Framing, View

if TYPE_CHECKING:
    from jaxtyping import Float, Float32, Float64, Int, Int64, Num, UInt8

_SUPERSAMPLING = 2
_SHADOW_CELLS = 96
_SHADOW_STRENGTH = 0.6
_EDGE_DARKNESS = 0.22  # of the lines between voxels
_CREASE_COSINE = 0.77  # of 40 degrees: sharper edges are not smoothed over
_DEPTH_FADE = 0.3  # how much the farthest points fade into white


def render_mesh(
    mesh: Mesh,
    size: int = 320,
    azimuth_deg: float = 35.0,
    elevation_deg: float = 20.0,
    framing: Framing | None = None,
    shadow: bool | Float[np.ndarray, "size size"] = True,
    one_sided: bool = False,
) -> UInt8[np.ndarray, "size size 4"]:
    """A smoothly shaded mesh on a transparent ground, uint8 [size, size, 4], straight alpha.

    framing: what the picture shows; by default the mesh's own bounding sphere. shadow: draw a contact shadow on the
    ground under the lowest vertex, or one that `contact_shadow` made before. one_sided: leave out the inner sides of
    faces, which nobody sees of a closed mesh. An empty mesh gives an empty picture.
    """
    view = View(framing or Framing.around(mesh.vertices), azimuth_deg, elevation_deg, size * _SUPERSAMPLING)
    local = view.local(mesh.vertices)
    hits = rasterize_triangles(view.project(local)[mesh.faces], view.size, one_sided)
    hits, faces = _compacted(hits, len(mesh.faces))
    normals = _unit(_interpolated(_corner_normals(mesh, faces), hits))
    if mesh.texture is None:
        albedo = _interpolated(_colors(mesh.colors, len(mesh.vertices))[mesh.faces[faces]], hits)
    else:
        corners = mesh.texture.corners[faces]
        albedo = mesh.texture.colors_at(_interpolated(mesh.texture.places[corners], hits))
    colors = shade(albedo, normals, view) * occlusion(hits, view.size)[:, None]
    below = _shadow(shadow, lambda: _triangle_shadow(local, mesh.faces, view, size))
    return compose(hits, colors, below, size, _SUPERSAMPLING)


def render_points(
    cloud: PointCloud,
    size: int = 320,
    azimuth_deg: float = 35.0,
    elevation_deg: float = 20.0,
    framing: Framing | None = None,
    shadow: bool | Float[np.ndarray, "size size"] = True,
    point_radius: float | None = None,
) -> UInt8[np.ndarray, "size size 4"]:
    """Points as small shaded balls that fade with distance; arguments and result as in render_mesh.

    point_radius: in the cloud's units; by default such that most of a surface of the framing's size is covered.
    """
    view = View(framing or Framing.around(cloud.points), azimuth_deg, elevation_deg, size * _SUPERSAMPLING)
    local = view.local(cloud.points)
    radius = point_radius / view.framing.radius if point_radius else 1.05 / np.sqrt(max(len(cloud), 1))
    hits = _ball_hits(view, local, radius, size)
    normals = hits.weights @ view.axes
    if cloud.normals is not None:
        normals = _unit(0.5 * normals + cloud.normals[hits.owner])
    colors = shade(_colors(cloud.colors, len(cloud))[hits.owner], normals, view)
    behind = -(local @ view.axes[2])[hits.owner, None]
    fade = _DEPTH_FADE * np.clip(0.5 + 0.5 * behind, 0.0, 1.0)
    below = _shadow(shadow, lambda: _ball_shadow(local, radius, view, size))
    return compose(hits, colors * (1 - fade) + fade, below, size, _SUPERSAMPLING)


def render_voxels(
    grid: VoxelGrid,
    size: int = 320,
    azimuth_deg: float = 35.0,
    elevation_deg: float = 20.0,
    framing: Framing | None = None,
    shadow: bool | Float[np.ndarray, "size size"] = True,
) -> UInt8[np.ndarray, "size size 4"]:
    """Occupied cells as cubes with visible edges; arguments and result as in render_mesh."""
    mesh = voxel_boundary(grid)
    view = View(framing or Framing.around(mesh.vertices), azimuth_deg, elevation_deg, size * _SUPERSAMPLING)
    local = view.local(mesh.vertices)
    hits = rasterize_triangles(view.project(local)[mesh.faces], view.size, one_sided=True)
    albedo = _colors(mesh.colors, len(mesh.vertices))[mesh.faces[:, 0]]
    light = occlusion(hits, view.size) * (1 - _EDGE_DARKNESS * _edge_lines(hits, view, grid.cell_size))
    colors = shade(albedo, mesh.face_normals, view)[hits.owner] * light[:, None]
    below = _shadow(shadow, lambda: _triangle_shadow(local, mesh.faces, view, size))
    return compose(hits, colors, below, size, _SUPERSAMPLING)


def contact_shadow(
    mesh: Mesh,
    size: int = 320,
    azimuth_deg: float = 35.0,
    elevation_deg: float = 20.0,
    framing: Framing | None = None,
) -> Float32[np.ndarray, "size size"]:
    """The shadow that a closed mesh casts on the ground that it stands on, float32 [size, size], 0 for none.

    For the pictures of several forms of one shape, which all cast much the same. Arguments as in render_mesh.
    """
    view = View(framing or Framing.around(mesh.vertices), azimuth_deg, elevation_deg, size)
    return _triangle_shadow(view.local(mesh.vertices), mesh.faces, view, size, one_sided=True)


def turntable(
    mesh: Mesh, num_frames: int = 24, size: int = 320, elevation_deg: float = 20.0, shadow: bool = True
) -> list[UInt8[np.ndarray, "size size 4"]]:
    """Pictures all round a mesh, equally spaced from the front; each as render_mesh returns it."""
    framing = Framing.around(mesh.vertices)
    angles = [360.0 * frame / num_frames for frame in range(num_frames)]
    return [render_mesh(mesh, size, angle, elevation_deg, framing, shadow) for angle in angles]


def _ball_hits(view: View, local: Float64[np.ndarray, "points 3"], radius: float, size: int) -> Hits:
    projected = view.project(local)
    pixels = np.maximum(radius * view.pixels_per_unit(projected[:, 2]), 0.6 * _SUPERSAMPLING).astype(np.float32)
    return rasterize_balls(projected, pixels, radius * projected[:, 2] ** 2, view.size)


def _edge_lines(hits: Hits, view: View, cell_size: float) -> Float[np.ndarray, " hits"]:
    """1 on a quad's outline, 0 inside, float32 [hits]; lines are a pixel wide and vanish where cells get tiny."""
    _, second, third = hits.weights.T
    # voxel_boundary splits each square, going round, into (0, 1, 2) and (0, 2, 3): from weights back to its u and v.
    even = hits.owner % 2 == 0
    u, v = np.where(even, second + third, second), np.where(even, third, second + third)
    inset = np.minimum(np.minimum(u, 1 - u), np.minimum(v, 1 - v))
    cell_pixels = view.pixels_per_unit(hits.nearness) * cell_size / view.framing.radius
    visible = np.clip((cell_pixels / _SUPERSAMPLING - 2.5) / 3.0, 0.0, 1.0)
    lines: np.ndarray = (inset * cell_pixels < 0.5 * _SUPERSAMPLING) * visible
    return lines


def _shadow(
    wanted: bool | Float[np.ndarray, "size size"], cast: Callable[[], Float[np.ndarray, "size size"]]
) -> Float[np.ndarray, "size size"] | None:
    if isinstance(wanted, np.ndarray):
        return wanted
    return cast() if wanted else None


def _triangle_shadow(
    local: Float64[np.ndarray, "points 3"],
    faces: Int[np.ndarray, "faces 3"],
    view: View,
    size: int,
    one_sided: bool = False,
) -> Float[np.ndarray, "size size"]:
    below = seen_from_below(local, _SHADOW_CELLS)
    hits = rasterize_triangles(below[faces[:, ::-1]], _SHADOW_CELLS, one_sided)  # the map is seen through the ground
    return _ground(hits, local, view, size)


def _ball_shadow(
    local: Float64[np.ndarray, "points 3"], radius: float, view: View, size: int
) -> Float[np.ndarray, "size size"]:
    cells = np.full(len(local), max(radius * _SHADOW_CELLS / 4, 1.0), np.float32)
    hits = rasterize_balls(seen_from_below(local, _SHADOW_CELLS), cells, np.zeros_like(cells), _SHADOW_CELLS)
    return _ground(hits, local, view, size)


def _ground(
    hits: Hits, local: Float64[np.ndarray, "points 3"], view: View, size: int
) -> Float[np.ndarray, "size size"]:
    lowest = float(local[:, 1].min()) if len(local) else 0.0
    small = View(view.framing, view.azimuth_deg, view.elevation_deg, size)
    return _SHADOW_STRENGTH * ground_shadow(hits, _SHADOW_CELLS, lowest, small)


def _compacted(hits: Hits, count: int) -> tuple[Hits, Int64[np.ndarray, " visible"]]:
    """The hits with owners numbered over the visible ones alone, and those, int64 [visible], of `count` in all."""
    visible = np.zeros(count, bool)
    visible[hits.owner] = True
    return hits._replace(owner=(np.cumsum(visible) - 1)[hits.owner]), np.flatnonzero(visible)


def _corner_normals(mesh: Mesh, faces: Int64[np.ndarray, " chosen"]) -> Float32[np.ndarray, "chosen 3 3"]:
    """Normals for smooth shading at the corners of some faces (their numbers), float32 [faces, 3, 3].

    The vertex's normal, or the face's own where there is a crease.
    """
    a, b, c = mesh.triangles.transpose(1, 0, 2)
    cross = np.cross(b - a, c - a)  # as long as twice the area: the sums over a vertex are area-weighted
    index = mesh.faces.ravel()
    sums = [np.bincount(index, np.repeat(cross[:, axis], 3), len(mesh.vertices)) for axis in range(3)]
    smooth, flat = _unit(np.stack(sums, axis=1))[mesh.faces[faces]], _unit(cross[faces])[:, None, :]
    cosine = smooth[..., 0] * flat[..., 0] + smooth[..., 1] * flat[..., 1] + smooth[..., 2] * flat[..., 2]
    crease = cosine[..., None] < _CREASE_COSINE
    return np.where(crease, flat, smooth)


def _interpolated(
    corner_values: Float[np.ndarray, "faces 3 channels"], hits: Hits
) -> Float32[np.ndarray, "hits channels"]:
    """Values float [faces, 3, channels] at the corners, at each hit: float32 [hits, channels]."""
    first, second, third = (hits.weights[:, k, None] * corner_values[hits.owner, k] for k in range(3))
    values: np.ndarray = first + second + third
    return values


def _colors(colors: Float[np.ndarray, "count 3"] | None, count: int) -> Float[np.ndarray, "count 3"]:
    return np.broadcast_to(np.asarray(CLAY, np.float32), (count, 3)) if colors is None else colors


def _unit(vectors: Num[np.ndarray, "vectors 3"]) -> Float32[np.ndarray, "vectors 3"]:
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    normalised: np.ndarray = (vectors / np.maximum(lengths, 1e-30)[:, None]).astype(np.float32)
    return normalised
