"""What a view model is told of a batch: all that `lab/kinds/view.py` makes of one view in numpy, on the device.

The twins of `geometry.frustum.Frustum`, of `data/frustum_truth.py` and of `View.target_of_view`; the losses are the
kind's own. Frames are those of `geometry.frustum`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from device_crops import Crops, Frames
from device_data import DeviceData
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor
from torch.nn import functional as F

from shapeshot.geometry.frustum import HALF_DEPTH, bin_depths
from shapeshot.lab.kinds.view import RAY_MARGIN, ViewConfig

COVERED, TOUCHED = 0.5, 0.02  # of a cell: it shows the object; rays about it are looked along


@dataclass(frozen=True, eq=False)
class Frusta:
    """The frusta of a batch of crops. azimuth, elevation: radians. distance: canonical units.

    focal: pixels. axes: float [batch, 3, 3], in rows the picture's right, its up and the way back to the camera.
    """

    frames: Frames
    azimuth: Float[Tensor, batch]
    elevation: Float[Tensor, batch]
    distance: Float[Tensor, batch]
    focal: Float[Tensor, batch]
    axes: Float[Tensor, "batch 3 3"]

    @classmethod
    def of(cls, data: DeviceData, views: Int[Tensor, batch], frames: Frames) -> Frusta:
        """The frusta of views of which `frames` were cut."""
        azimuth, elevation, distance, fov = data.cameras[views].unbind(1)
        azimuth, elevation = torch.deg2rad(azimuth), torch.deg2rad(elevation)
        focal = data.sides[views] / 2 / torch.tan(torch.deg2rad(fov) / 2)
        sin, cos, up, level = torch.sin(azimuth), torch.cos(azimuth), torch.sin(elevation), torch.cos(elevation)
        backward = torch.stack([level * sin, up, level * cos], 1)
        right = torch.stack([cos, torch.zeros_like(cos), -sin], 1)
        axes = torch.stack([right, torch.linalg.cross(backward, right), backward], 1)
        return cls(frames, azimuth, elevation, distance, focal, axes)

    @property
    def side(self) -> Float[Tensor, batch]:
        """The crops' sides at the depth of the object's centre, canonical units."""
        return self.frames.side * self.distance / self.focal

    @property
    def camera(self) -> Float[Tensor, "batch 4"]:
        """Azimuth, elevation and roll in radians, and the log distance in sides of the crop; mirrored where it is."""
        flip = self.frames.flip
        return torch.stack(
            [self.azimuth * flip, self.elevation, self.frames.roll * flip, torch.log(self.distance / self.side)], 1
        )

    def points(self, resolution: int, depths: int) -> Float[Tensor, "batch depths rows columns 3"]:
        """The centres of the grid's cells in the canonical cube."""
        device, frames = self.axes.device, self.frames
        cells = ((torch.arange(resolution, device=device) + 0.5) / resolution - 0.5) * frames.side[:, None]
        columns = (frames.center[:, :1] + cells * frames.flip[:, None])[:, None].expand(-1, resolution, -1)
        rows = (frames.center[:, 1:] + cells)[:, :, None].expand(-1, -1, resolution)
        cos, sin = (part[:, None, None] for part in (torch.cos(frames.roll), torch.sin(frames.roll)))
        focal = self.focal[:, None, None]
        across, down = (columns * cos - rows * sin) / focal, (columns * sin + rows * cos) / focal
        right, up, backward = (axis[:, None, None] for axis in self.axes.unbind(1))
        slopes = across[..., None] * right - down[..., None] * up
        starts = slopes * self.distance[:, None, None, None]
        steps = (backward - slopes) * self.side[:, None, None, None]
        along = torch.from_numpy(bin_depths(depths)).to(device)[:, None, None, None]
        return starts[:, None] + along * steps[:, None]

    def places(self, points: Float[Tensor, "batch points 3"]) -> Float[Tensor, "batch points 3"]:
        """Where points of the canonical cube lie in the grid: (column, row, depth), each from -1 to 1 over it."""
        frames = self.frames
        # No matrix product: autocast and TF32 would round it.
        across, up, towards = ((points * axis[:, None]).sum(dim=2) for axis in self.axes.unbind(1))
        scale = self.focal[:, None] / (self.distance[:, None] - towards)
        x, y = across * scale, -up * scale
        cos, sin = torch.cos(frames.roll)[:, None], torch.sin(frames.roll)[:, None]
        u = (x * cos + y * sin - frames.center[:, :1]) * frames.flip[:, None]
        v = -x * sin + y * cos - frames.center[:, 1:]
        half = frames.side[:, None] / 2
        return torch.stack([u / half, v / half, -towards / self.side[:, None] / HALF_DEPTH], 2)


def view_targets(
    data: DeviceData,
    objects: Int[Tensor, batch],
    views: Int[Tensor, batch],
    cut: Crops,
    config: ViewConfig,
    generator: torch.Generator,
) -> dict[str, Tensor]:
    """What `View.target_of_view` makes: packed occupancy, rays, colours and where they lie, and the camera."""
    frusta = Frusta.of(data, views, cut.frames)
    occupancy, silhouette = frustum_occupancy(data, objects, frusta, cut.cover, config.model.depths)
    shape = (len(objects), config.num_colors)
    chosen = torch.randint(data.points.shape[1], shape, generator=generator, device=data.device)
    return {
        "occupancy": pack_bits(occupancy.permute(0, 2, 3, 1)),
        "rays": occupancy.any(dim=1) | (silhouette >= COVERED),
        "places": frusta.places(data.points[objects[:, None], chosen].float()),
        "colors": data.colors[objects[:, None], chosen].float() / 255,
        "camera": frusta.camera,
    }


def frustum_occupancy(
    data: DeviceData,
    objects: Int[Tensor, batch],
    frusta: Frusta,
    cover: Float[Tensor, "batch size size"],
    depths: int,
) -> tuple[Bool[Tensor, "batch depths rows columns"], Float[Tensor, "batch rows columns"]]:
    """Which cells of each crop's grid are inside the solid, looked up about the silhouette; and that silhouette."""
    resolution = cover.shape[-1] // 2  # as `lab.kinds.view` has it: a cell for two pixels
    silhouette = F.interpolate(cover[:, None], size=(resolution, resolution), mode="bilinear", antialias=True)
    near = F.max_pool2d((silhouette > TOUCHED).float(), 2 * RAY_MARGIN + 1, 1, RAY_MARGIN)
    points = frusta.points(resolution, depths)
    occupied = data.occupied(objects, points.flatten(1, 3)).reshape(points.shape[:-1])
    return occupied & near.bool(), silhouette[:, 0]


def pack_bits(bits: Bool[Tensor, "*places bits"]) -> UInt8[Tensor, "*places bytes"]:
    """Pack along the last axis as numpy's packbits does: the inverse of `lab.kinds.view.unpack_bits`."""
    weights = 2 ** torch.arange(7, -1, -1, device=bits.device)
    filled = F.pad(bits, (0, -bits.shape[-1] % 8))
    return (filled.unflatten(-1, (-1, 8)) * weights).sum(dim=-1).to(torch.uint8)
