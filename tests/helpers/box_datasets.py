"""A tiny real dataset on disk, made of the dataset's own members: boxes of three kinds, drawn without a renderer."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import trimesh

from shapeshot.data.dataset import FORMAT, GEOMETRY, MANIFEST, VERSION, Dataset, camera_to_json, info_to_json
from shapeshot.data.objects import ObjectInfo
from shapeshot.data.rendering.depth import cast_views, encode_geometry
from shapeshot.data.shards import decode_arrays, encode_arrays, encode_json, encode_solid, encode_view, pack_members
from shapeshot.geometry import cell_centers
from shapeshot.geometry.camera import Camera

# id, kind, split, sides along x, y, z. Each val and test box has its nearest training box in its own kind.
BOXES = [
    ("board-1", "board", "train", (1.0, 0.20, 0.9)),
    ("board-2", "board", "train", (1.0, 0.24, 0.9)),
    ("tower-1", "tower", "train", (0.3, 1.0, 0.3)),
    ("tower-2", "tower", "train", (0.36, 1.0, 0.36)),
    ("cube-1", "cube", "train", (1.0, 0.9, 1.0)),
    ("board-v", "board", "val", (1.0, 0.22, 0.92)),
    ("tower-v", "tower", "val", (0.33, 1.0, 0.30)),
    ("board-t", "board", "test", (1.0, 0.18, 0.95)),
    ("tower-t", "tower", "test", (0.32, 1.0, 0.34)),
    ("cube-t", "cube", "test", (0.95, 1.0, 1.0)),
]
NUM_VIEWS, VIEW_SIZE, SEEN_SIZE = 3, 64, 112


def box_solid(sides) -> np.ndarray:
    axis = np.abs(cell_centers(128))
    x, y, z = (axis <= side / 2 for side in sides)
    return x[:, None, None] & y[None, :, None] & z[None, None, :]


def box_view(sides, number: int) -> np.ndarray:
    """The front of the box, a little further away from view to view."""
    view = np.zeros((VIEW_SIZE, VIEW_SIZE, 4), np.uint8)
    half = [max(2, round(side * VIEW_SIZE * (0.40 - 0.03 * number))) for side in sides[:2]]
    middle = VIEW_SIZE // 2
    view[middle - half[1] : middle + half[1], middle - half[0] : middle + half[0]] = (180, 120, 60, 255)
    return view


def box_members(object_id: str, kind: str, sides, metres: float | None = None) -> dict[str, bytes]:
    size = None if metres is None else tuple(metres * side for side in sides)
    info = ObjectInfo(object_id, f"{kind} <{object_id}>", kind, "boxes", "CC0", "tests", size_metres=size)
    cameras = [asdict(Camera(20.0 * number, 15.0, 2.5, 40.0)) for number in range(NUM_VIEWS)]
    box = trimesh.creation.box(sides)
    members = {"json": encode_json({"info": info_to_json(info), "cameras": cameras})}
    members |= {f"view{number:02d}.webp": encode_view(box_view(sides, number)) for number in range(NUM_VIEWS)}
    members["solid.npz"] = encode_solid(box_solid(sides))
    members["mesh.npz"] = encode_arrays(vertices=box.vertices.astype(np.float32), faces=box.faces.astype(np.int32))
    points, faces = trimesh.sample.sample_surface(box, 500, seed=0)
    normals = box.face_normals[faces].astype(np.float16)
    colors = np.full((500, 3), 128, np.uint8)
    members["surface.npz"] = encode_arrays(points=points.astype(np.float32), normals=normals, colors=colors)
    return members


def seen_box_members(object_id: str, kind: str, sides, metres: float | None = None) -> dict[str, bytes]:
    """As `box_members`, but its cameras truly see the box, near and far, off the middle and the last one in a room."""
    members = box_members(object_id, kind, sides, metres)
    mesh = decode_arrays(members["mesh.npz"])
    rng = np.random.default_rng(len(object_id))
    turns = rng.uniform(-80, 80, NUM_VIEWS)
    cameras = [Camera(float(turn), 10.0 + 8 * number, 2.2 + 0.5 * number, 45.0) for number, turn in enumerate(turns)]
    seen = cast_views(mesh["vertices"], mesh["faces"], cameras, SEEN_SIZE)
    for number, (mask, normals) in enumerate(zip(seen.mask, seen.normals, strict=True)):
        room = number == NUM_VIEWS - 1
        ground = rng.integers(0, 255, 3) if room else np.zeros(3)
        shade = np.where(mask[..., None], 127 + 120 * np.nan_to_num(normals), ground).astype(np.uint8)
        view = np.dstack([shade, np.where(mask, 255, 0).astype(np.uint8)])
        members[f"view{number:02d}.webp"] = encode_view(view, exact=room)
    told = json.loads(members["json"])
    told["cameras"] = [camera_to_json(camera, number == NUM_VIEWS - 1) for number, camera in enumerate(cameras)]
    small = cast_views(mesh["vertices"], mesh["faces"], cameras, SEEN_SIZE // 2)
    return members | {"json": encode_json(told), GEOMETRY: encode_geometry(small)}


def write_boxes(folder: Path, boxes, metres: float | None = None, members_of=box_members) -> Path:
    folder.mkdir()
    packed, rows = b"", []
    for object_id, kind, split, sides in boxes:
        content = pack_members(object_id, members_of(object_id, kind, sides, metres))
        place = {"shard": "shard-00000.tar", "offset": len(packed), "length": len(content)}
        rows.append({"id": object_id, "kind": kind, "split": split, "group": object_id, **place})
        packed += content
    (folder / "shard-00000.tar").write_bytes(packed)
    about = {"plan": {"source": "boxes"}, "licences": ["CC0"], "creators": ["tests"]}
    (folder / MANIFEST).write_text(json.dumps({"format": FORMAT, "version": VERSION, **about, "objects": rows}))
    return folder


@pytest.fixture(scope="session")
def boxes_folder(tmp_path_factory) -> Path:
    return write_boxes(tmp_path_factory.mktemp("data") / "boxes", BOXES)


@pytest.fixture(scope="session")
def boxes(boxes_folder) -> Dataset:
    return Dataset.open(boxes_folder)


@pytest.fixture(scope="session")
def no_training_folder(tmp_path_factory) -> Path:
    return write_boxes(tmp_path_factory.mktemp("data") / "untrained", [box for box in BOXES if box[2] != "train"])


@pytest.fixture(scope="session")
def sized_boxes_folder(tmp_path_factory) -> Path:
    """Enough boxes to calibrate on, up to 2 m long: low and wide, tall and thin, and in between."""
    rng = np.random.default_rng(0)
    shapes = {"board": (1.0, 0.2, 0.9), "tower": (0.3, 1.0, 0.3), "cube": (1.0, 0.9, 1.0)}
    counts = {"train": 12, "val": 21, "test": 6, "test-unseen": 3}
    boxes = [
        (f"{kind}-{split}-{index}", kind, split, tuple(np.float64(sides) * rng.uniform(0.8, 1.0, 3)))
        for split, count in counts.items()
        for index, (kind, sides) in zip(range(count), 7 * list(shapes.items()), strict=False)
    ]
    return write_boxes(tmp_path_factory.mktemp("data") / "sized", boxes, metres=2.0)
