"""Views as the network sees them: framed, cut and disturbed on the device; the tensor twin of `data/augment.py`.

JPEG's artefacts have no twin; and where the matte is missed in a room, the room itself is behind the object.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from device_data import ROOM_TO_MOVE, DeviceData
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F

from shapeshot.data.augment import AugmentOptions
from shapeshot.errors import UserError
from shapeshot.photo import GREY

MARGIN = 0.1  # of `photo.crop.object_box`
REACH = 1 + 2 * ROOM_TO_MOVE  # a window's side, in sides of its crop box
NOTHING = AugmentOptions(*[0.0] * 10)


@dataclass(frozen=True, eq=False)
class Frames:
    """How a batch was framed; see `data.augment.Framing` and `geometry.frustum.Frustum`, of whose boxes these are.

    center: float [batch, 2], of the crop, pixels right and down from the middle of the picture once that was turned.
    side: float [batch], pixels. roll: float [batch], radians counter-clockwise. flip: float [batch], -1 where the crop
    is shown in the mirror and 1 elsewhere.
    """

    center: Float[Tensor, "batch 2"]
    side: Float[Tensor, batch]
    roll: Float[Tensor, batch]
    flip: Float[Tensor, batch]


@dataclass(frozen=True, eq=False)
class Crops:
    """What the network is shown, float [batch, 3, size, size] in 0..255, and how it was taken.

    cover: float [batch, size, size], how much of each pixel the object truly covers.
    """

    pixels: Float[Tensor, "batch 3 size size"]
    cover: Float[Tensor, "batch size size"]
    frames: Frames


def require_room(options: AugmentOptions) -> None:
    """Raise UserError where a disturbed crop may reach beyond what is stored about a view."""
    turn = math.radians(min(options.roll_deg, 45.0))
    grown = math.cos(turn) + math.sin(turn)  # the box of what is turned, and the turned box's own reach, at most
    reach = grown * (grown * math.exp(options.zoom) / 2 + options.shift * grown)
    if reach > REACH / 2:
        raise UserError(
            f"crops of roll_deg {options.roll_deg}, zoom {options.zoom} and shift {options.shift} reach beyond what "
            f"the kit keeps of a view ({REACH} sides of its box); lower one of them"
        )


def crops(
    data: DeviceData,
    views: Int[Tensor, batch],
    mirrored: Bool[Tensor, batch],
    size: int,
    options: AugmentOptions | None,
    generator: torch.Generator,
) -> Crops:
    """Disturbed crops, or the runtime's own where there are no options."""
    rgba = data.views[views].float() / 255
    room = data.room[views][:, None, None, None]
    frames, theta = _framed(data, views, rgba[:, 3:], mirrored, options or NOTHING, generator)
    layers = torch.cat([rgba[:, :3] * rgba[:, 3:], rgba[:, 3:], rgba[:, :3]], 1)
    cut = _sampled(layers, theta, size)
    color, cover, scene = cut[:, :3], cut[:, 3:4], cut[:, 4:]
    pixels = _on_grey(color, cover, scene, room, options or NOTHING, generator)
    if options is not None:
        pixels = _degraded(_relit(pixels, options, generator), options, generator)
    return Crops((pixels * 255).clamp(0, 255).round(), cover[:, 0], frames)


def _framed(
    data: DeviceData,
    views: Int[Tensor, batch],
    alpha: Float[Tensor, "batch 1 side side"],
    mirrored: Bool[Tensor, batch],
    options: AugmentOptions,
    generator: torch.Generator,
) -> tuple[Frames, Float[Tensor, "batch 2 3"]]:
    """A random frame of each view, and where its pixels lie in the window, as `_sampled` takes it.

    A window's places run from -1 to 1; its middle is that of the plain box.
    """
    count, device = len(views), alpha.device

    def uniform(most: float, *shape: int) -> Tensor:
        return (torch.rand(count, *shape, generator=generator, device=device) * 2 - 1) * most

    angle = torch.deg2rad(uniform(options.roll_deg))
    center, half = _turned_box(alpha, angle) if options.roll_deg else _plain_box(angle)
    center = center + uniform(options.shift, 2) * 2 * half[:, None]
    half = half * torch.exp(uniform(options.zoom))
    flip = torch.where(mirrored, -1.0, 1.0)
    cos, sin = torch.cos(angle), torch.sin(angle)
    (x, y), (left, down) = center.unbind(1), data.boxes[views, :2].unbind(1)
    rows = ([cos * half * flip, -sin * half, cos * x - sin * y], [sin * half * flip, cos * half, sin * x + cos * y])
    theta = torch.stack([torch.stack(row, 1) for row in rows], 1)
    pixels = data.boxes[views, 2] * (REACH / 2)  # of the picture, to one unit of the window
    middle = torch.stack([cos * left + sin * down, cos * down - sin * left], 1)
    return Frames(middle + center * pixels[:, None], 2 * half * pixels, angle, flip), theta


def _sampled(
    layers: Float[Tensor, "batch channels side side"], theta: Float[Tensor, "batch 2 3"], size: int
) -> Float[Tensor, "batch channels size size"]:
    """Pictures at theta (x, y, 1) for every pixel (x, y) of a square, all from -1 to 1; nothing beyond their frames.

    As `affine_grid` does it, but by no matrix product, which autocast and TF32 would round to a tenth of a pixel.
    """
    across = ((torch.arange(size, device=theta.device) + 0.5) * (2 / size) - 1)[None, None, :, None]
    columns, rows, start = (part[:, None, None] for part in theta.unbind(2))
    grid = across * columns + across.transpose(1, 2) * rows + start
    return F.grid_sample(layers, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def _plain_box(like: Float[Tensor, batch]) -> tuple[Float[Tensor, "batch 2"], Float[Tensor, batch]]:
    """The centre and half the side of the crop box in its window."""
    return like.new_zeros(len(like), 2), torch.full_like(like, 1 / REACH)


def _turned_box(
    alpha: Float[Tensor, "batch 1 side side"], angle: Float[Tensor, batch]
) -> tuple[Float[Tensor, "batch 2"], Float[Tensor, batch]]:
    """`data.augment.alpha_box` of windows that were turned counter-clockwise; the plain box where nothing is shown."""
    cos, sin, zero = torch.cos(angle), torch.sin(angle), torch.zeros_like(angle)
    theta = torch.stack([torch.stack([cos, -sin, zero], 1), torch.stack([sin, cos, zero], 1)], 1)
    shown = _sampled(alpha, theta, alpha.shape[-1])[:, 0] >= 0.5
    edges = [_edges(shown.any(dim=axis)) for axis in (1, 2)]  # of columns, of rows
    center = torch.stack([(low + high) / 2 for low, high in edges], 1)
    half = torch.stack([(high - low) / 2 for low, high in edges], 1).amax(dim=1) * (1 + 2 * MARGIN)
    plain_center, plain_half = _plain_box(angle)
    seen = shown.flatten(1).any(dim=1)
    return torch.where(seen[:, None], center, plain_center), torch.where(seen, half, plain_half)


def _edges(line: Bool[Tensor, "batch side"]) -> tuple[Float[Tensor, batch], Float[Tensor, batch]]:
    """Where what is True begins and ends, from -1 to 1 over the line."""
    side = line.shape[1]
    first, last = line.int().argmax(dim=1), side - line.flip(1).int().argmax(dim=1)
    return first * (2 / side) - 1, last * (2 / side) - 1


def _on_grey(
    color: Float[Tensor, "batch 3 size size"],
    cover: Float[Tensor, "batch 1 size size"],
    scene: Float[Tensor, "batch 3 size size"],
    room: Bool[Tensor, "batch 1 1 1"],
    options: AugmentOptions,
    generator: torch.Generator,
) -> Float[Tensor, "batch 3 size size"]:
    """The object on grey, now and then with another matte or before another ground. color: premultiplied."""
    count, size, device = len(color), color.shape[-1], color.device
    wider = _chance(options.matte, count, generator, device)
    alpha = torch.where(wider, _disturbed_matte(cover, generator), cover)
    # Beside the object a matte that is too wide shows the room, or else the colours next to it, as WebP leaves them.
    around = F.avg_pool2d(color, 5, 1, 2) / F.avg_pool2d(cover, 5, 1, 2).clamp(min=1e-3)
    own = torch.where(cover > 0.5, color / cover.clamp(min=1e-3), around)
    color = torch.where(wider, torch.where(room, scene, own) * alpha, color)
    missed = _chance(options.background, count, generator, device)
    backdrop = torch.where(room, scene, _backdrop(count, size, generator, device))
    behind = torch.where(missed, backdrop, torch.full_like(color, GREY / 255))
    return color + behind * (1 - alpha)


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
