"""How often the other depth of a photo is the truer one, and whether its outline stays: `--depth mirrored`.

    python benchmarks/measure_mirrored_depth.py --objects 24

Objects of the generator, one of each kind, are drawn from above, from level and from below with the exact mask, and
each picture is reconstructed both ways with `front="photo"`. Both shapes are compared with the object as the camera saw
it, turned about the vertical alone and in a cube of side 1: F-score at 5 % of 2048 points. The outline is the
silhouette of the mesh from the camera that the result tells, against the mask: IoU. One JSON line an elevation with the
means.
"""

from __future__ import annotations

import argparse
import json

import numpy as np

from shapeshot.data.sources.procedural import GENERATORS, ProceduralSource
from shapeshot.geometry import Mesh
from shapeshot.geometry.rasterize import rasterize_triangles
from shapeshot.geometry.sample import sample_surface
from shapeshot.model.camera_estimate import PhotoCamera
from shapeshot.model.field_model import FieldModel, load_model
from shapeshot.photo import look_at
from shapeshot.photo.crop import object_crop
from shapeshot.pipeline.options import DEPTHS, MIRRORED, SEEN
from shapeshot.pipeline.reconstruct import Reconstruction, shape_in
from shapeshot.preview import render_mesh
from shapeshot.scores.metrics import f_score, nearest_pairs

ELEVATIONS_DEG = (25.0, 0.0, -25.0)
AZIMUTH_DEG = 35.0
PIXELS = 320
CELLS = 256  # of a silhouette
NEAR = 0.05  # of the longest side
NUM_POINTS = 2048


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", type=int, default=24, help="how many, of as many kinds (24)")
    parser.add_argument("--elevations", type=float, nargs="+", default=ELEVATIONS_DEG, help="degrees")
    parser.add_argument("--seed", type=int, default=5, help="of the generator; training saw 0, 11 and 23 (5)")
    args = parser.parse_args()
    model = load_model()
    meshes = [mesh_of(kind, args.seed) for kind in list(GENERATORS)[: args.objects]]
    for elevation in args.elevations:
        rows = np.array([measured(mesh, model, elevation) for mesh in meshes])  # [objects, ways, (F, IoU, elevation)]
        (seen, mirrored), outlines = rows[..., 0].T, rows[..., 1].mean(axis=0)
        print(
            json.dumps(
                {
                    "elevation_deg": elevation,
                    "taken_for_deg": round(float(np.median(rows[:, 0, 2])), 1),
                    "taken_for_above": int((rows[:, 0, 2] > 0).sum()),
                    "objects": len(meshes),
                    "f_score": dict(zip(DEPTHS, np.round([seen.mean(), mirrored.mean()], 3).tolist(), strict=True)),
                    "mirrored_is_truer": int((mirrored > seen).sum()),
                    "truer_by_0.05": int((mirrored > seen + 0.05).sum()),
                    "outline_iou": dict(zip(DEPTHS, np.round(outlines, 3).tolist(), strict=True)),
                    "least_outline_difference": round(float((rows[:, 1, 1] - rows[:, 0, 1]).min()), 3),
                }
            ),
            flush=True,
        )


def mesh_of(kind: str, seed: int) -> Mesh:
    """Return the first object of a kind in the canonical cube, in its parts' colours."""
    model, _ = ProceduralSource(1, seed, [kind]).entries()[0].load().canonical()
    vertices, faces = model.merged()
    colors = np.concatenate([np.tile(np.float32(part.material.color), (len(part.vertices), 1)) for part in model.parts])
    return Mesh(vertices, faces, colors)


def measured(mesh: Mesh, model: FieldModel, elevation: float) -> list[tuple[float, float, float]]:
    """Return (F-score, IoU of the outline, the camera's elevation as told) of both depths."""
    picture = render_mesh(mesh, PIXELS, AZIMUTH_DEG, elevation, shadow=False)
    view = look_at(picture[..., :3], model.image_size, mask=picture[..., 3])
    seen = model.see(view.photo)
    crop = object_crop(view.source.rgba, view.found.mask, view.photo.box, CELLS)
    mask = np.asarray(crop.getchannel("A")) > 127
    truth = in_cube(sample_surface(mesh, NUM_POINTS, np.random.default_rng(0)).points @ turned(-AZIMUTH_DEG).T)
    shapes = [shape_in(view, seen, front="photo", depth=depth) for depth in (SEEN, MIRRORED)]
    return [(score(shape, truth), overlap(outline(shape), mask), camera_of(shape).elevation_deg) for shape in shapes]


def score(shape: Reconstruction, truth: np.ndarray) -> float:
    """Return the F-score of a shape's points."""
    points = in_cube(shape.points.points)
    return f_score(nearest_pairs(points, truth), nearest_pairs(truth, points), NEAR)[0]


def outline(shape: Reconstruction) -> np.ndarray:
    """Return which cells of the crop the mesh covers, seen from the camera that the result tells, bool [n, n]."""
    u, v, depth = camera_of(shape).project(shape.mesh.vertices).T
    corners = np.stack([(u + 0.5) * CELLS, (0.5 - v) * CELLS, 1 / depth], axis=1)
    covered = np.zeros(CELLS * CELLS, bool)
    covered[rasterize_triangles(corners[shape.mesh.faces], CELLS).pixels] = True
    return covered.reshape(CELLS, CELLS)


def camera_of(shape: Reconstruction) -> PhotoCamera:
    """Return the camera, which a view model always tells."""
    assert shape.camera is not None
    return shape.camera


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Return the IoU of two masks."""
    return float((one & other).sum() / (one | other).sum())


def turned(degrees: float) -> np.ndarray:
    """Return the rotation about +y, float64 [3, 3]."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])


def in_cube(points: np.ndarray) -> np.ndarray:
    """Return points centred by their bounding box, its longest side 1."""
    low, high = points.min(axis=0), points.max(axis=0)
    return np.asarray((points - (low + high) / 2) / (high - low).max(), np.float64)


if __name__ == "__main__":
    main()
