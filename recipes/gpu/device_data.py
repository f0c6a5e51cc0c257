"""All training data in a device's memory: views, solids and surfaces, disturbed and sampled there.

These are the tensor twins of `data/augment.py` and `data/queries.py`, which work on one object at a time in numpy; the
tests hold them to the same laws. JPEG's artefacts have no twin.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from chunks import parts, read_chunks
from jaxtyping import Bool, Float, Int, UInt8
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from shapeshot.data.augment import AugmentOptions, alpha_box
from shapeshot.photo import GREY

ROOM_TO_MOVE = 0.25  # of the crop box's side, on each side of it: what a shifted, turned or wider crop shows
NEAR_SIGMAS = (0.04, 0.01)  # as in data.queries


@dataclass(frozen=True, eq=False)
class DeviceData:
    """One split. views: RGBA uint8 [views, 4, side, side], the crop box and ROOM_TO_MOVE about it.

    first_view, num_views: of each object, [objects]. room: bool [views], whether what is beneath alpha 0 is a picture.
    bits: packed solids uint8 [objects, resolution^3 / 8]. points: float16 [objects, points, 3]. colors: their sRGB.
    """

    views: UInt8[Tensor, "views 4 side side"]
    room: Bool[Tensor, views]
    first_view: Int[Tensor, objects]
    num_views: Int[Tensor, objects]
    bits: UInt8[Tensor, "objects bytes"]
    points: Float[Tensor, "objects points 3"]
    colors: UInt8[Tensor, "objects points 3"]
    resolution: int

    def __len__(self) -> int:
        return len(self.num_views)

    def occupied(self, objects: Int[Tensor, batch], points: Float[Tensor, "batch n 3"]) -> Bool[Tensor, "batch n"]:
        """Whether points of the canonical cube lie in the cells of their object's solid."""
        n = self.resolution
        x, y, z = ((points + 0.5) * n).floor().long().clamp(0, n - 1).unbind(-1)
        flat = (x * n + y) * n + z
        bytes_ = self.bits[objects].gather(1, flat >> 3)
        return ((bytes_.long() >> (7 - (flat & 7))) & 1).bool()

    def solids(self, objects: Int[Tensor, batch]) -> Bool[Tensor, "batch n n n"]:
        """Whole solids, unpacked."""
        shifts = torch.arange(7, -1, -1, device=self.bits.device)
        unpacked = (self.bits[objects].long()[..., None] >> shifts) & 1
        return unpacked.bool().reshape(len(objects), *(self.resolution,) * 3)


def load(folder: Path, split: int, side: int, device: torch.device, workers: int = 0) -> DeviceData:
    """Read one split of all chunks onto a device; views are decoded by `workers` processes."""
    rooms, counts, bits, points, colors, views = [], [], [], [], [], []
    resolution = 0
    for chunk in read_chunks(folder):
        objects = np.flatnonzero(chunk["split"] == split)
        shown = np.isin(chunk["view_object"], objects)
        encoded = [view for view, take in zip(parts(chunk["views"], chunk["view_ends"]), shown, strict=True) if take]
        views.append(_decoded(encoded, chunk["view_room"][shown], side, workers))
        rooms.append(chunk["view_room"][shown])
        counts.append(np.bincount(chunk["view_object"], minlength=len(chunk["split"]))[objects])
        deflated = list(parts(chunk["solids"], chunk["solid_ends"]))
        bits += [np.frombuffer(zlib.decompress(deflated[index]), np.uint8) for index in objects]
        points.append(chunk["points"][objects])
        colors.append(chunk["colors"][objects])
        resolution = int(chunk["resolution"])
    number = np.concatenate(counts)
    arrays = [np.concatenate(views), np.concatenate(rooms), np.cumsum(number) - number, number, np.stack(bits)]
    arrays += [np.concatenate(points), np.concatenate(colors)]
    tensors = [torch.from_numpy(array).to(device) for array in arrays]
    return DeviceData(*tensors, resolution)  # type: ignore[arg-type]


def _decoded(encoded: Sequence[bytes], rooms: np.ndarray, side: int, workers: int) -> np.ndarray:
    jobs = [(view, bool(room), side) for view, room in zip(encoded, rooms, strict=True)]
    if not jobs:
        return np.zeros((0, 4, side, side), np.uint8)
    if workers < 2:
        return np.stack([window_of(*job) for job in jobs])
    with ProcessPoolExecutor(workers) as pool:
        return np.stack(list(pool.map(window_of, *zip(*jobs, strict=True), chunksize=64)))


def window_of(view: bytes, room: bool, side: int) -> np.ndarray:
    """A view's crop box and ROOM_TO_MOVE about it, RGBA uint8 [4, side, side]; transparent beyond the frame."""
    image = Image.open(io.BytesIO(view), formats=["WEBP"]).convert("RGBA")
    left, top, width = alpha_box(np.asarray(image))
    reach = ROOM_TO_MOVE * width
    edges = (left - reach, top - reach, left + width + reach, top + width + reach)
    mode = "RGBA" if room else "RGBa"  # what lies beneath alpha 0 is a picture in a room, and nothing elsewhere
    window = image.convert(mode).transform((side, side), Image.Transform.EXTENT, edges, Image.Resampling.BILINEAR)
    return np.asarray(window.convert("RGBA")).transpose(2, 0, 1)


def crops(
    data: DeviceData,
    views: Int[Tensor, batch],
    mirrored: Bool[Tensor, batch],
    size: int,
    options: AugmentOptions | None,
    generator: torch.Generator,
) -> Float[Tensor, "batch 3 size size"]:
    """What the network is shown, in 0..255: disturbed crops, or plain ones where there are no options."""
    rgba = data.views[views].float() / 255
    count, device = len(views), rgba.device

    def uniform(low: float, high: float) -> Tensor:
        return torch.rand(count, generator=generator, device=device) * (high - low) + low

    zero, options = torch.zeros(count, device=device), options or _NOTHING
    angle = uniform(-options.roll_deg, options.roll_deg).deg2rad() if options.roll_deg else zero
    scale = torch.exp(uniform(-options.zoom, options.zoom)) / (1 + 2 * ROOM_TO_MOVE)
    shift = torch.stack([uniform(-options.shift, options.shift) for _ in range(2)], 1) * 2 / (1 + 2 * ROOM_TO_MOVE)
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    flip = torch.where(mirrored, -1.0, 1.0)  # crop first, then mirror: as with a numpy crop that is turned round
    rows = ([cos * flip, -sin, shift[:, 0]], [sin * flip, cos, shift[:, 1]])
    theta = torch.stack([torch.stack(row, 1) for row in rows], 1)
    grid = F.affine_grid(theta, [count, 4, size, size], align_corners=False)
    premultiplied = torch.cat([rgba[:, :3] * rgba[:, 3:], rgba[:, 3:], rgba[:, :3]], 1)
    cut = F.grid_sample(premultiplied, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    color, alpha, scene = cut[:, :3], cut[:, 3:4], cut[:, 4:]
    wider = _chance(options.matte, count, generator, device)
    disturbed = _disturbed_matte(alpha, generator)
    straight = color / alpha.clamp(min=1e-3)
    alpha = torch.where(wider, disturbed, alpha)
    color = torch.where(wider, straight * alpha, color)
    behind = torch.full_like(color, GREY / 255)
    missed = _chance(options.background, count, generator, device)
    backdrop = torch.where(data.room[views][:, None, None, None], scene, _backdrop(count, size, generator, device))
    behind = torch.where(missed, backdrop, behind)
    pixels = color + behind * (1 - alpha)
    return (_degraded(_relit(pixels, options, generator), options, generator) * 255).clamp(0, 255).round()


def _chance(share: float, count: int, generator: torch.Generator, device: torch.device) -> Bool[Tensor, "batch 1 1 1"]:
    return (torch.rand(count, generator=generator, device=device) < share)[:, None, None, None]


def _disturbed_matte(alpha: Tensor, generator: torch.Generator) -> Tensor:
    grown, shrunk = F.max_pool2d(alpha, 3, 1, 1), -F.max_pool2d(-alpha, 3, 1, 1)
    wide = _chance(0.5, len(alpha), generator, alpha.device)
    return F.avg_pool2d(torch.where(wide, grown, shrunk), 3, 1, 1, count_include_pad=False)


def _backdrop(count: int, size: int, generator: torch.Generator, device: torch.device) -> Float[Tensor, "batch 3 s s"]:
    """Random smooth backgrounds: walls, gradients, blotches, some with a floor line."""
    cells = (2, 3, 6, 16)
    layers = []
    for side in cells:
        coarse = torch.rand(count, 3, 1, 1, generator=generator, device=device)
        spread = torch.rand(count, 1, 1, 1, generator=generator, device=device) * 60 / 255
        coarse = coarse + spread * torch.randn(count, 3, side, side, generator=generator, device=device)
        layers.append(F.interpolate(coarse, size=(size, size), mode="bicubic", align_corners=False))
    chosen = torch.randint(len(cells), (count,), generator=generator, device=device)
    picture = torch.stack(layers, 1)[torch.arange(count, device=device), chosen]
    line = (torch.rand(count, 1, 1, 1, generator=generator, device=device) * 0.4 + 0.5) * size
    below = torch.arange(size, device=device)[:, None] >= line
    floor = torch.randn(count, 3, 1, 1, generator=generator, device=device) * 50 / 255
    return (picture + below * floor * _chance(0.4, count, generator, device)).clamp(0, 1)


def _relit(pixels: Tensor, options: AugmentOptions, generator: torch.Generator) -> Tensor:
    """Exposure, gamma, contrast, white balance and saturation, as `data.augment` draws them."""

    def factor(deviation: float, channels: int = 1) -> Tensor:
        shape = (len(pixels), channels, 1, 1)
        return torch.exp(torch.randn(shape, generator=generator, device=pixels.device) * deviation)

    light, color = options.light / 2, options.color / 2
    pixels = pixels.clamp(1e-6, 1) ** factor(light) * factor(light) * factor(color, 3)
    mean = pixels.mean(dim=(1, 2, 3), keepdim=True)
    pixels = mean + (pixels - mean) * factor(light)
    gray = pixels.mean(dim=1, keepdim=True)
    noise = torch.randn(len(pixels), 1, 1, 1, generator=generator, device=pixels.device)
    return gray + (pixels - gray) * (1 + 2 * options.color * noise).clamp(0, 2)


def _degraded(pixels: Tensor, options: AugmentOptions, generator: torch.Generator) -> Tensor:
    count, device = len(pixels), pixels.device
    noisy = _chance(options.noise, count, generator, device)
    strength = (torch.rand(count, 1, 1, 1, generator=generator, device=device) * 7 + 1) / 255
    noise = torch.randn(pixels.shape, generator=generator, device=device)
    pixels = (pixels + noisy * strength * noise).clamp(0, 1)
    blurred = F.avg_pool2d(F.pad(pixels, (1, 1, 1, 1), mode="replicate"), 3, 1)
    share = torch.rand(count, 1, 1, 1, generator=generator, device=device)
    return torch.where(_chance(options.blur, count, generator, device), pixels.lerp(blurred, share), pixels)


def queries(
    data: DeviceData, objects: Int[Tensor, batch], mirrored: Bool[Tensor, batch], count: int, generator: torch.Generator
) -> dict[str, Tensor]:
    """What `data.queries.sample_queries` draws: points, occupancy, colours and which are near the surface."""
    device, near_count = data.bits.device, count // 2
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


_NOTHING = AugmentOptions(*[0.0] * 10)
