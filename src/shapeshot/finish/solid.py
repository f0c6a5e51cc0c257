"""What a maker asks of a solid: how heavy, where it balances, how thin its thinnest wall is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.errors import MeshError
from shapeshot.geometry import Mesh
from shapeshot.geometry.sample import sample_surface

if TYPE_CHECKING:
    from jaxtyping import Bool, Float64, Int, Int64

_NUM_RAYS = 2048
_PAIRS_AT_ONCE = 2_000_000  # of rays and clusters of faces, and of rays and faces: bounds the memory to some 200 MB
_CLUSTER = 32  # faces that lie together, looked at together
_STRAIGHT = 0.5**0.5  # cosine of 45 degrees
_SEED = 0  # the same mesh gives the same numbers


@dataclass(frozen=True)
class WallThickness:
    """Lengths in the mesh's unit. thinnest: the least of all; percentile_5: 5 % of the surface is thinner."""

    thinnest: float
    percentile_5: float


def center_of_mass(mesh: Mesh) -> Float64[np.ndarray, " 3"]:
    """Find the centre of mass of the solid inside a closed mesh, at one density; float64 [3].

    The sum over faces of signed volume times centroid of the tetrahedra that they make with one point, divided by the
    volume: Lien and Kajiya, "A Symbolic Method for Calculating the Integral Properties of Arbitrary Nonconvex
    Polyhedra" (1984). Raises MeshError for a mesh that is not closed or encloses nothing.
    """
    if not mesh.is_closed:
        raise MeshError("only a closed mesh has a centre of mass; this one has open edges")
    # About the middle of the mesh and not the origin, which may be far away and cost digits.
    middle = mesh.bounds.astype(np.float64).mean(axis=0)
    a, b, c = (mesh.triangles.astype(np.float64) - middle).transpose(1, 0, 2)
    volumes = np.einsum("ij,ij->i", a, np.cross(b, c)) / 6
    if not volumes.sum() > 0:
        raise MeshError("the mesh encloses no volume; its faces must look outwards")
    centroid: np.ndarray = middle + (volumes[:, None] * (a + b + c) / 4).sum(axis=0) / volumes.sum()
    return centroid


def wall_thickness(mesh: Mesh, num_rays: int = _NUM_RAYS) -> WallThickness:
    """Measure how thick the solid is under its surface, at points spread evenly over the surface.

    From each of num_rays random points (seeded) a ray runs against the face's normal to where it leaves the solid. It
    counts where it leaves within 45 degrees of straight: two sides of a wall look away from each other, the two of an
    edge or a ridge do not, and every edge is thin. Exact for plates and shells; on curved parts the chord. A thin spot
    smaller than about 1 / num_rays of the surface can be missed.
    Raises MeshError for a mesh that is not closed, or has no such walls.
    """
    if not mesh.is_closed:
        raise MeshError("only a closed mesh has walls to measure; this one has open edges")
    cloud = sample_surface(mesh, num_rays, np.random.default_rng(_SEED))
    assert cloud.normals is not None
    faces = _Faces(mesh)
    origins, directions = cloud.points.astype(np.float64), -cloud.normals.astype(np.float64)
    step = max(1, _PAIRS_AT_ONCE // faces.num_clusters)
    parts = [slice(first, first + step) for first in range(0, num_rays, step)]
    depths = np.concatenate([faces.first_exit(origins[part], directions[part]) for part in parts])
    depths = depths[np.isfinite(depths)]
    if not len(depths):
        raise MeshError("no ray went straight through the mesh; its faces must look outwards and enclose a solid")
    return WallThickness(float(depths.min()), float(np.percentile(depths, 5)))


class _Faces:
    """Triangles prepared for many rays, in float64, each in a cluster of neighbours with a sphere around it.

    A ray is compared with the clusters first, and with the faces of those alone that its line passes: rays times faces
    would be billions for a fine mesh.
    """

    def __init__(self, mesh: Mesh) -> None:
        triangles = mesh.triangles.astype(np.float64)
        order = np.argsort(_morton_codes(triangles.mean(axis=1)), kind="stable")
        self.triangles, self.normals = triangles[order], mesh.face_normals[order]
        self.centers = self.triangles.mean(axis=1)
        self.radii = np.linalg.norm(self.triangles - self.centers[:, None], axis=2).max(axis=1)
        self.tolerance = 1e-6 * float(np.linalg.norm(np.ptp(mesh.bounds, axis=0)))
        self._starts = np.arange(0, len(order), _CLUSTER)
        self._ends = np.append(self._starts[1:], len(order))
        low = np.minimum.reduceat(self.triangles.min(axis=1), self._starts)
        high = np.maximum.reduceat(self.triangles.max(axis=1), self._starts)
        self._cluster_centers, self._cluster_radii = (low + high) / 2, np.linalg.norm(high - low, axis=1) / 2

    @property
    def num_clusters(self) -> int:
        """How many clusters there are."""
        return len(self._starts)

    def first_exit(
        self, origins: Float64[np.ndarray, "rays 3"], directions: Float64[np.ndarray, "rays 3"]
    ) -> Float64[np.ndarray, " rays"]:
        """Distance to where each ray first leaves the solid, float64 [rays]; inf where it does not, or too aslant."""
        found = [self._hits(ray, face, origins, directions) for ray, face in self._pairs(origins, directions)]
        ray, distance, straightness = (np.concatenate(column) for column in zip(*found, strict=True))
        # Of each ray the nearest hit, and of several at one distance the straightest.
        hits = np.lexsort((-straightness, distance, ray))
        rays, first = np.unique(ray[hits], return_index=True)
        depths = np.full(len(origins), np.inf)
        depths[rays] = np.where(straightness[hits[first]] >= _STRAIGHT, distance[hits[first]], np.inf)
        return depths

    def _hits(
        self,
        ray: Int[np.ndarray, " pairs"],
        face: Int[np.ndarray, " pairs"],
        origins: Float64[np.ndarray, "rays 3"],
        directions: Float64[np.ndarray, "rays 3"],
    ) -> tuple[Int[np.ndarray, " hits"], Float64[np.ndarray, " hits"], Float64[np.ndarray, " hits"]]:
        """Keep the pairs of a ray and a face that meet where the solid ends: their ray, distance and straightness."""
        start, along = origins[ray], directions[ray]
        a, b, c = self.triangles[face].transpose(1, 0, 2)
        # Moller and Trumbore, "Fast, Minimum Storage Ray/Triangle Intersection" (1997).
        across = np.cross(along, c - a)
        determinant = np.einsum("ij,ij->i", b - a, across)
        with np.errstate(divide="ignore", invalid="ignore"):
            u = np.einsum("ij,ij->i", start - a, across) / determinant
            turned = np.cross(start - a, b - a)
            v = np.einsum("ij,ij->i", along, turned) / determinant
            distance = np.einsum("ij,ij->i", c - a, turned) / determinant
            edge = -1e-9  # a ray exactly between two faces hits both, not neither
            hits = (u >= edge) & (v >= edge) & (u + v <= 1 - edge) & (distance > self.tolerance)
        straightness = np.einsum("ij,ij->i", self.normals[face], along)
        hits &= straightness > 0
        return ray[hits], distance[hits], straightness[hits]

    def _pairs(
        self, origins: Float64[np.ndarray, "rays 3"], directions: Float64[np.ndarray, "rays 3"]
    ) -> Iterator[tuple[Int[np.ndarray, " pairs"], Int[np.ndarray, " pairs"]]]:
        """Yield every ray with every face whose sphere its line passes, int [pairs] each, some at a time."""
        ray, cluster = np.nonzero(
            _passes(origins, directions, self._cluster_centers, self._cluster_radii + self.tolerance)
        )
        step = _PAIRS_AT_ONCE // _CLUSTER
        for first in range(0, max(len(ray), 1), step):
            part = slice(first, first + step)
            faces = self._starts[cluster[part], None] + np.arange(_CLUSTER)
            is_face = faces < self._ends[cluster[part], None]
            rays, faces = np.broadcast_to(ray[part, None], faces.shape)[is_face], faces[is_face]
            away = self.centers[faces] - origins[rays]
            along = np.einsum("ij,ij->i", away, directions[rays])
            squared = np.einsum("ij,ij->i", away, away)
            near = squared - along**2 <= (self.radii[faces] + self.tolerance) ** 2
            yield rays[near], faces[near]


def _passes(
    origins: Float64[np.ndarray, "rays 3"],
    directions: Float64[np.ndarray, "rays 3"],
    centers: Float64[np.ndarray, "spheres 3"],
    radii: Float64[np.ndarray, " spheres"],
) -> Bool[np.ndarray, "rays spheres"]:
    """Whether each ray's line passes each sphere, bool [rays, spheres]; by matrix products alone."""
    along = directions @ centers.T - np.einsum("ij,ij->i", origins, directions)[:, None]
    squared = (centers**2).sum(axis=1) + (origins**2).sum(axis=1)[:, None] - 2 * origins @ centers.T
    passes: np.ndarray = squared - along**2 <= radii**2
    return passes


def _morton_codes(points: Float64[np.ndarray, "points 3"]) -> Int64[np.ndarray, " points"]:
    """Number points, float64 [n, 3], along a Z-order curve, int64 [n]: near numbers are near places.

    Morton, "A Computer Oriented Geodetic Data Base and a New Technique in File Sequencing" (1966).
    """
    extent = np.ptp(points, axis=0)
    cells = ((points - points.min(axis=0)) / np.where(extent > 0, extent, 1) * 1023).astype(np.int64)
    codes = np.zeros(len(points), np.int64)
    for bit in range(10):
        for axis in range(3):
            codes |= ((cells[:, axis] >> bit) & 1) << (3 * bit + axis)
    return codes
