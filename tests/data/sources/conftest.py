"""Tiny copies of published sets, written in the layout in which they are published.

Everything is one chair in its own axes: side (to the right of who looks at its front), up, front. It is unlike its
mirror image, so that a wrong turn or a flip shows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shapeshot.export import encode_shape
from shapeshot.geometry import VoxelGrid

CHAIR, TABLE = "03001627", "04379243"
Axes = Callable[[np.ndarray], np.ndarray]


def ours(points: np.ndarray) -> np.ndarray:
    """side, up, front -> our axes: the front faces +z."""
    return points


def front_x(points: np.ndarray) -> np.ndarray:
    """side, up, front -> ShapeNetCore v1: the front faces +x, so that the right-hand side is -z."""
    return np.stack([points[:, 2], points[:, 1], -points[:, 0]], axis=1)


def front_back(points: np.ndarray) -> np.ndarray:
    """side, up, front -> ShapeNetCore v2 and Pix3D: the front faces -z, so that the right-hand side is -x."""
    return np.stack([-points[:, 0], points[:, 1], -points[:, 2]], axis=1)


def chair_boxes(height: float = 1.0) -> list[tuple[np.ndarray, np.ndarray]]:
    """(low, high) of a seat, a back, and one arm on the right, in side, up, front."""
    boxes = [
        ((-0.3, 0.0, -0.4), (0.3, 0.4, 0.4)),
        ((-0.3, 0.4, -0.4), (0.3, height, -0.2)),
        ((0.2, 0.4, -0.2), (0.3, 0.6, 0.4)),
    ]
    return [(np.array(low), np.array(high)) for low, high in boxes]


def chair_obj(axes: Axes, height: float = 1.0, head: Iterable[str] = ()) -> str:
    """The chair as OBJ text in some axes."""
    lines, count = list(head), 0
    for low, high in chair_boxes(height):
        corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)]) * (high - low) + low
        lines += [f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in axes(corners)]
        quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
        lines += ["f " + " ".join(str(count + corner + 1) for corner in quad) for quad in quads]
        count += 8
    return "\n".join(lines) + "\n"


def chair_voxels(height: float = 1.0, resolution: int = 32) -> np.ndarray:
    """The chair, centred and filling the cube upwards, in our axes: bool [x, y, z]."""
    axis = (np.arange(resolution) + 0.5) / resolution - 0.5
    centers = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1) + np.array([0, height / 2, 0])
    inside = [((centers > low) & (centers < high)).all(axis=-1) for low, high in chair_boxes(height)]
    return np.logical_or.reduce(inside)


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def picture(seed: int, size: int = 64) -> np.ndarray:
    """A coloured block on transparency, RGBA."""
    rng = np.random.default_rng(seed)
    rgba = np.zeros((size, size, 4), np.uint8)
    top, left = rng.integers(6, 20, 2)
    rgba[top : top + 30, left : left + 36] = (*rng.integers(40, 220, 3), 255)
    return rgba


@dataclass(frozen=True)
class Published:
    """What the tests need to know of the copies: how to write each, and the chair."""

    chair_obj: Callable[..., str] = chair_obj
    chair_voxels: Callable[..., np.ndarray] = chair_voxels
    front_x: Axes = front_x
    front_back: Axes = front_back
    ours: Axes = ours
    write: Callable[..., Path] = write
    chair: str = CHAIR
    table: str = TABLE

    def shapenet(self, folder: Path, version: int = 1, count: int = 6) -> list[str]:
        """ShapeNetCore with `count` chairs of different height and its all.csv; the models' names."""
        names = [f"model{index}" for index in range(count)]
        for index, name in enumerate(names):
            below = "model.obj" if version == 1 else "models/model_normalized.obj"
            axes = front_x if version == 1 else front_back
            write(folder / CHAIR / name / below, chair_obj(axes, 0.8 + 0.1 * index))
        sides = ["train"] * (count - 2) + ["val", "test"]
        rows = [
            f"{i},{int(CHAIR)},{int(CHAIR)},{name},{side}"
            for i, (name, side) in enumerate(zip(names, sides, strict=True))
        ]
        write(folder / "all.csv", "\n".join(["id,synsetId,subSynsetId,modelId,split", *rows]))
        taxonomy = [
            {"synsetId": CHAIR, "name": "chair", "children": []},
            {"synsetId": "09999999", "name": "gadget,thing"},
        ]
        write(folder / "taxonomy.json", json.dumps(taxonomy))
        return names

    def r2n2(self, folder: Path, count: int = 6, views: int = 3) -> list[str]:
        """Renderings and voxels of `count` chairs, and splits.json in the form of Mesh R-CNN's; the models' names."""
        names = [f"model{index}" for index in range(count)]
        for index, name in enumerate(names):
            for view in range(views):
                path = folder / "ShapeNetRendering" / CHAIR / name / "rendering" / f"{view:02d}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(picture(10 * index + view)).save(path)
            lines = [f"{90 * view} {10 + view} 0 0.8 25" for view in range(views)]
            write(path.parent / "rendering_metadata.txt", "\n".join(lines) + "\n")
            write(
                folder / "ShapeNetVox32" / CHAIR / name / "model.binvox",
                self.binvox(chair_voxels(0.8 + 0.1 * (index % 3))),
            )
        parts = {"train": names[:-1], "test": names[-1:]}
        split_file = {side: {CHAIR: {name: [0, 1] for name in part}} for side, part in parts.items()}
        write(folder / "splits.json", json.dumps(split_file))
        return names

    def binvox(self, grid: np.ndarray) -> bytes:
        """A grid of ours as R2N2 has it: in the axes of ShapeNetCore v1, x from its -z side to its +z side."""
        # v1's x is our z, its z our -x: cell [i, j, k] there is our [n - 1 - k, j, i].
        n = len(grid)
        i, j, k = np.indices(grid.shape)
        return encode_shape(VoxelGrid(grid[n - 1 - k, j, i]), "binvox")

    def pix3d(self, folder: Path, count: int = 4, photos: int = 2) -> list[dict]:
        """Photos, masks, models, pix3d.json and files like those of S2, of `count` chairs; the annotations."""
        rows = []
        for index in range(count):
            model = write(folder / f"model/chair/CHAIR_{index}/model.obj", chair_obj(front_back, 0.8 + 0.1 * index))
            for number in range(photos):
                name = f"chair/{index}{number}.png"
                rgba = picture(10 * index + number, 96)
                photo, mask = np.full((96, 128, 3), 200, np.uint8), np.zeros((96, 128), np.uint8)
                photo[:, 16:112][rgba[..., 3] > 0] = rgba[..., :3][rgba[..., 3] > 0]
                mask[:, 16:112] = rgba[..., 3]
                for kind, pixels in (("img", photo), ("mask", mask)):
                    (folder / kind / "chair").mkdir(parents=True, exist_ok=True)
                    Image.fromarray(pixels).save(folder / kind / name)
                rows.append(
                    {
                        "img": f"img/{name}", "mask": f"mask/{name}", "model": str(model.relative_to(folder)),
                        "category": "chair", "img_size": [128, 96], "bbox": [20, 6, 90, 60],
                        "cam_position": [-0.5, 0.5, -1.0], "focal_length": 35.0, "inplane_rotation": 0.0,
                        "truncated": False, "occluded": False, "slightly_occluded": False,
                    }
                )  # fmt: skip
        write(folder / "pix3d.json", json.dumps(rows))
        last = photos * (count - 1)
        for side, part in (("train", rows[:last]), ("test", rows[last:])):
            write(folder / f"pix3d_s2_{side}.json", json.dumps({"images": [{"file_name": row["img"]} for row in part]}))
        return rows


@pytest.fixture(scope="session")
def published() -> Published:
    """Writers of tiny published sets."""
    return Published()
