"""A small set of pictures on disk: two boxes by a known camera, cut out and before a plain wall, without a renderer."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import trimesh
from PIL import Image

from shapeshot.data.shards import encode_arrays, encode_solid
from shapeshot.evaluation.photos.photo_set import FORMAT, INDEX, VERSION, PhotoSet
from shapeshot.evaluation.photos.silhouettes import seen_mask
from shapeshot.geometry import Mesh, cell_centers
from shapeshot.geometry.camera import Camera

SIZE = 96
CAMERA = Camera(30.0, 20.0, 2.6, 40.0)
SIDES = {"tower": (0.4, 1.0, 0.3), "board": (1.0, 0.25, 0.8)}
COLORS = {"tower": (190, 80, 40), "board": (40, 90, 180)}


def box_mesh(name: str) -> Mesh:
    box = trimesh.creation.box(SIDES[name])
    return Mesh(box.vertices.astype(np.float32), box.faces.astype(np.int32))


def solid_of(name: str) -> np.ndarray:
    x, y, z = (np.abs(cell_centers(128)) <= side / 2 for side in SIDES[name])
    return x[:, None, None] & y[None, :, None] & z[None, None, :]


def box_mask(name: str) -> np.ndarray:
    return seen_mask(box_mesh(name), CAMERA, SIZE)


def picture_row(name: str, setting: str, picture: str, mask: str | None, **more: object) -> dict[str, object]:
    known = {"id": f"{name}-{setting}", "object": name, "name": name, "kind": "box", "setting": setting}
    return known | {"picture": picture, "mask": mask, "licences": ["CC0-1.0"], "creators": ["tests"]} | more


def write_index(folder: Path, rows: list[dict[str, object]], **more: object) -> None:
    document = {"format": FORMAT, "version": VERSION, "pictures": rows} | more
    (folder / INDEX).write_text(json.dumps(document))


def write_photo_set(folder: Path) -> PhotoSet:
    """Both boxes as a cut-out and in a room with their models, and the tower in a scene without one."""
    rows = []
    for name in SIDES:
        mask, mesh = box_mask(name), box_mesh(name)
        color = np.where(mask[..., None], np.uint8(COLORS[name]), np.uint8((225, 225, 220)))
        Image.fromarray(color).save(folder / f"{name}.png")
        Image.fromarray(np.dstack([color, mask * np.uint8(255)])).save(folder / f"{name}-cut.png")
        Image.fromarray(mask * np.uint8(255)).save(folder / f"{name}.mask.png")
        (folder / f"{name}.solid.npz").write_bytes(encode_solid(solid_of(name)))
        (folder / f"{name}.mesh.npz").write_bytes(encode_arrays(vertices=mesh.vertices, faces=mesh.faces))
        rows.append(picture_row(name, "cut-out", f"{name}-cut.png", None))
        rows.append(picture_row(name, "room", f"{name}.png", f"{name}.mask.png", camera=asdict(CAMERA), model=name))
    rows.append(picture_row("tower", "scene", "tower.png", "tower.mask.png"))
    write_index(folder, rows)
    return PhotoSet.open(folder)
