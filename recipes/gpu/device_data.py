"""All training data in a device's memory: views with their cameras, solids and surfaces, and what is looked up in them.

`queries` is the tensor twin of `data/queries.py`, which works on one object at a time in numpy; `device_crops.py` and
`device_views.py` beside this file are those of `data/augment.py` and of a view's frustum. The tests hold them to the
same laws.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from chunks import parts, read_chunks
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor

from shapeshot.data.augment import alpha_box
from shapeshot.data.shards import decode_view
from shapeshot.geometry.box import Box
from shapeshot.photo.crop import crop_on_grey, crop_silhouette, object_crop

ROOM_TO_MOVE = 0.25  # of the crop box's side, on each side of it: what a shifted, turned or wider crop shows
NEAR_SIGMAS = (0.04, 0.01)  # as in data.queries


@dataclass(frozen=True, eq=False)
class DeviceData:
    """One split. views: RGBA uint8 [views, 4, side, side], the crop box and ROOM_TO_MOVE about it.

    room: bool [views], whether what is beneath alpha 0 is a picture. boxes: float32 [views, 3], of the crop box its
    centre, pixels right and down from the middle of the whole picture, and its side. sides: float32 [views], of the
    whole picture, pixels. cameras: float32 [views, 4] as in a chunk, NaN where not known.
    first_view, num_views: of each object, [objects]. bits: packed solids uint8 [objects, resolution^3 / 8].
    points: float16 [objects, points, 3]. colors: their sRGB.
    """

    views: UInt8[Tensor, "views 4 side side"]
    room: Bool[Tensor, views]
    boxes: Float[Tensor, "views 3"]
    sides: Float[Tensor, views]
    cameras: Float[Tensor, "views 4"]
    first_view: Int[Tensor, objects]
    num_views: Int[Tensor, objects]
    bits: UInt8[Tensor, "objects bytes"]
    points: Float[Tensor, "objects points 3"]
    colors: UInt8[Tensor, "objects points 3"]
    resolution: int

    def __len__(self) -> int:
        return len(self.num_views)

    @property
    def device(self) -> torch.device:
        return self.bits.device

    def to(self, device: torch.device) -> DeviceData:
        """The same in the memory of a device."""
        values = [getattr(self, field.name) for field in fields(self)]
        return DeviceData(*(value.to(device) if isinstance(value, Tensor) else value for value in values))

    def occupied(self, objects: Int[Tensor, batch], points: Float[Tensor, "batch n 3"]) -> Bool[Tensor, "batch n"]:
        """Whether points lie in the cells of their object's solid; those outside the canonical cube do not."""
        n = self.resolution
        cells = ((points + 0.5) * n).floor()
        inside = ((cells >= 0) & (cells < n)).all(dim=-1)
        x, y, z = cells.clamp(0, n - 1).long().unbind(-1)
        flat = (x * n + y) * n + z
        bytes_ = self.bits[objects].gather(1, flat >> 3)
        return inside & ((bytes_.long() >> (7 - (flat & 7))) & 1).bool()

    def solids(self, objects: Int[Tensor, batch]) -> Bool[Tensor, "batch n n n"]:
        """Whole solids, unpacked."""
        shifts = torch.arange(7, -1, -1, device=self.bits.device)
        unpacked = (self.bits[objects].long()[..., None] >> shifts) & 1
        return unpacked.bool().reshape(len(objects), *(self.resolution,) * 3)


def load(folder: Path, split: int, side: int, device: torch.device, workers: int = 0) -> DeviceData:
    """Read one split of all chunks onto a device; views are decoded by `workers` processes.

    They are forked, so a CUDA device must not be at work yet: load into the CPU's memory first, then move.
    """
    encoded: list[bytes] = []
    rooms, cameras, counts, bits, points, colors = [], [], [], [], [], []
    resolution = 0
    for chunk in read_chunks(folder):
        objects = np.flatnonzero(chunk["split"] == split)
        shown = np.isin(chunk["view_object"], objects)
        every = parts(chunk["views"], chunk["view_ends"])
        encoded += [view for view, take in zip(every, shown, strict=True) if take]
        rooms.append(chunk["view_room"][shown])
        cameras.append(chunk["view_camera"][shown])
        counts.append(np.bincount(chunk["view_object"], minlength=len(chunk["split"]))[objects])
        deflated = list(parts(chunk["solids"], chunk["solid_ends"]))
        bits += [np.frombuffer(zlib.decompress(deflated[index]), np.uint8) for index in objects]
        points.append(chunk["points"][objects])
        colors.append(chunk["colors"][objects])
        resolution = int(chunk["resolution"])
    number, room = np.concatenate(counts), np.concatenate(rooms)
    windows, boxes, sides = _decoded(encoded, room, side, workers)
    arrays = [windows, room, boxes, sides, np.concatenate(cameras).astype(np.float32)]
    arrays += [np.cumsum(number) - number, number, np.stack(bits), np.concatenate(points), np.concatenate(colors)]
    return DeviceData(*(torch.from_numpy(array).to(device) for array in arrays), resolution)  # type: ignore[arg-type]


Window = tuple[np.ndarray, np.ndarray, float]


def _decoded(
    encoded: Sequence[bytes], rooms: np.ndarray, side: int, workers: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All windows, boxes and sides, as `DeviceData` has them."""
    jobs = (encoded, [bool(room) for room in rooms], [side] * len(encoded))
    if workers < 2:
        rows = [window_of(*job) for job in zip(*jobs, strict=True)]
    else:
        with ProcessPoolExecutor(workers) as pool:
            rows = list(pool.map(window_of, *jobs, chunksize=64))
    windows, boxes, sides = zip(*rows, strict=True)
    return np.stack(windows), np.stack(boxes).astype(np.float32), np.array(sides, np.float32)


def window_of(view: bytes, room: bool, side: int) -> Window:
    """A view's crop box and ROOM_TO_MOVE about it, RGBA uint8 [4, side, side], its box and the whole picture's side.

    Transparent beyond the frame. Made as the runtime's crop is, so that the plain crop lies in it pixel for pixel.
    """
    rgba = decode_view(view)
    left, top, width = alpha_box(rgba)
    reach = ROOM_TO_MOVE * width
    box = Box(left - reach, top - reach, width + 2 * reach)
    if room:  # what lies beneath alpha 0 is a picture, which alpha must not weigh
        scene = crop_on_grey(np.dstack([rgba[..., :3], np.full_like(rgba[..., 3], 255)]), box, side)
        cover = np.round(255 * crop_silhouette(rgba[..., 3], box, side)).astype(np.uint8)
        window = np.dstack([scene, cover])
    else:
        window = np.asarray(object_crop(rgba, rgba[..., 3] / np.float32(255), box, side))
    height, across = rgba.shape[:2]
    place = np.array([left + width / 2 - across / 2, top + width / 2 - height / 2, width])
    return np.ascontiguousarray(window.transpose(2, 0, 1)), place, float(height)


def queries(
    data: DeviceData, objects: Int[Tensor, batch], mirrored: Bool[Tensor, batch], count: int, generator: torch.Generator
) -> dict[str, Tensor]:
    """What `data.queries.sample_queries` draws: points, occupancy, colours and which are near the surface."""
    device, near_count = data.device, count // 2
    rows = torch.arange(len(objects), device=device)[:, None]
    chosen = torch.randint(data.points.shape[1], (len(objects), near_count), generator=generator, device=device)
    surface = data.points[objects][rows, chosen].float()
    sigma = torch.tensor(NEAR_SIGMAS, device=device)[torch.arange(near_count, device=device) % 2][:, None]
    near = surface + torch.randn(surface.shape, generator=generator, device=device) * sigma
    anywhere = torch.rand(len(objects), count - near_count, 3, generator=generator, device=device) - 0.5
    points = torch.cat([near, anywhere], 1).clamp(-0.5, 0.5 - 1e-6)
    occupancy = data.occupied(objects, points).float()
    colors = torch.zeros(len(objects), count, 3, device=device)
    colors[:, :near_count] = data.colors[objects][rows, chosen].float() / 255
    turned = torch.where(mirrored, -1.0, 1.0)[:, None]
    points = torch.cat([points[..., :1] * turned[..., None], points[..., 1:]], -1)
    is_near = (torch.arange(count, device=device) < near_count).expand(len(objects), -1)
    return {"points": points, "occupancy": occupancy, "colors": colors, "near": is_near}
