"""Pictures with their masks, made without end: objects in rendered rooms, and cut-outs laid over backgrounds.

A `Scene` is a picture, the mask of the object that it is about, and the pixels of other objects in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, UInt8
from PIL import Image, ImageFilter

from shapeshot.lab.finder.backgrounds import Photographs, any_background, plain, random_color
from shapeshot.lab.finder.clicks import simulated_hints
from shapeshot.lab.finder.shares import SHARES, Shares

Cutout = UInt8[np.ndarray, "height width 4"]
ROOM, EMPTY = 0.3, 0.07  # shares of the examples; the rest is composed
TEXTURED = 0.25  # of the composed objects: with a photograph's texture on them
LEAST_VISIBLE = 0.35  # of an object that the frame cuts


@dataclass(frozen=True, eq=False)
class Scene:
    """picture: float32 [side, side, 3] in 0..255. mask: float32 [side, side] in 0..1, the object; all 0 where none is.

    others: masks of other whole objects, each like `mask`.
    """

    picture: Float[np.ndarray, "side side 3"]
    mask: Float[np.ndarray, "side side"]
    others: tuple[Float[np.ndarray, "side side"], ...] = ()


@dataclass(frozen=True, eq=False)
class Example:
    """One example. pixels: uint8 [3, side, side]. hints: float32 [2, side, side]. mask: float32 [side, side]."""

    pixels: UInt8[np.ndarray, "3 side side"]
    hints: Float[np.ndarray, "2 side side"]
    mask: Float[np.ndarray, "side side"]


class Composer:
    """Makes examples from cut-outs and pictures of rooms, both uint8 RGBA with straight alpha, and from photographs.

    further: collections of further cut-outs, none of them empty. shares: how often what happens.
    """

    def __init__(
        self,
        cutouts: Sequence[Cutout],
        rooms: Sequence[Cutout],
        photos: Photographs,
        further: Sequence[Sequence[Cutout]] = (),
        shares: Shares = SHARES,
    ) -> None:
        self.cutouts, self.rooms, self.photos, self.further, self.shares = cutouts, rooms, photos, further, shares

    def example(self, side: int, rng: np.random.Generator) -> Example:
        """One example of side x side pixels."""
        scene = self.scene(side, rng)
        mask, hints = scene.mask, np.zeros((2, side, side), np.float32)
        if rng.random() < self.shares.hinted and mask.any():
            everything = [mask, *scene.others]
            if scene.others and rng.random() < self.shares.other_meant:
                mask = scene.others[int(rng.integers(len(scene.others)))]
            beside = np.max([other for other in everything if other is not mask] or [np.zeros_like(mask)], axis=0)
            hints = simulated_hints(mask >= 0.5, beside >= 0.5, rng)
        pixels = photographed(scene.picture, rng)
        return Example(np.ascontiguousarray(pixels.transpose(2, 0, 1)), hints, mask.astype(np.float32))

    def scene(self, side: int, rng: np.random.Generator) -> Scene:
        """A picture of a random kind."""
        draw = rng.random()
        if draw < ROOM and self.rooms:
            return self.room(side, rng)
        if draw < ROOM + EMPTY:
            ground = any_background(side, self.photos, rng)
            return Scene(ground, np.zeros((side, side), np.float32))
        return self.composite(side, rng)

    def room(self, side: int, rng: np.random.Generator) -> Scene:
        """A piece of a picture of a room that shows at least a third of the object, mirrored or not."""
        rgba = self.rooms[int(rng.integers(len(self.rooms)))]
        length = rgba.shape[0]
        total = float(rgba[..., 3].sum())
        for _ in range(8):
            size = int(length * (1 if rng.random() < 0.4 else rng.uniform(0.6, 1.0)))
            top, left = (int(rng.integers(0, length - size + 1)) for _ in range(2))
            piece = rgba[top : top + size, left : left + size]
            if piece[..., 3].sum() >= LEAST_VISIBLE * total:
                break
        else:
            piece = rgba
        if rng.random() < 0.5:
            piece = piece[:, ::-1]
        image = Image.fromarray(np.ascontiguousarray(piece))
        color = np.asarray(image.convert("RGB").resize((side, side), Image.Resampling.BICUBIC), np.float32)
        alpha = np.asarray(image.getchannel("A").resize((side, side), Image.Resampling.BILINEAR), np.float32) / 255
        return Scene(color, alpha)

    def composite(self, side: int, rng: np.random.Generator) -> Scene:
        """An object over a background with its shadow; in some pictures other objects behind, beside or before it."""
        target = self._cutout(rng)
        ground = self._ground(side, target, rng)
        cut = rng.random() < 0.13
        placed = place(target, side, rng, float(np.exp(rng.uniform(np.log(0.3), np.log(0.98)))), cut)
        scene = Scene(ground, np.zeros((side, side), np.float32))
        extent = float(np.sqrt((placed[..., 3] > 127).mean()))
        number = 0 if cut else int(rng.choice([0, 1, 2, 3], p=[0.55, 0.25, 0.13, 0.07]))
        for _ in range(number):
            share = float(np.clip(extent * rng.uniform(0.35, 0.9), 0.08, 0.7))
            other = place(self._cutout(rng), side, rng, share, cut=False, anywhere=True)
            if rng.random() < 0.4:  # out of focus, as what is not meant often is
                other = np.asarray(
                    Image.fromarray(other).filter(ImageFilter.GaussianBlur(side * rng.uniform(0, 0.015)))
                )
            if _overlap(other, placed) < 0.3:
                scene = _laid(scene, other, rng, is_target=False)
        scene = _laid(scene, placed, rng, is_target=True)
        if rng.random() < 0.08:  # something before it
            before = place(self._cutout(rng), side, rng, float(extent * rng.uniform(0.3, 0.6)), False, anywhere=True)
            if _overlap(placed, before) < 0.4:
                scene = _laid(scene, before, rng, is_target=False)
        whole = [other for other in scene.others if (other >= 0.5).mean() > 0.004]
        return replace(scene, others=tuple(whole))

    def _cutout(self, rng: np.random.Generator) -> Cutout:
        pool = self.cutouts
        if self.further and rng.random() < self.shares.further:
            pool = self.further[int(rng.integers(len(self.further)))]
        cutout = pool[int(rng.integers(len(pool)))]
        return textured(cutout, self.photos, rng) if rng.random() < TEXTURED else cutout

    def _ground(self, side: int, target: Cutout, rng: np.random.Generator) -> Float[np.ndarray, "side side 3"]:
        """Any background; at times a plain one of nearly the object's own colour, or the picture of another room."""
        draw = rng.random()
        if draw < 0.12:
            inside = target[..., :3][target[..., 3] > 200]
            color = inside[int(rng.integers(len(inside)))] if len(inside) else random_color(rng)
            return plain(side, np.clip(color + rng.normal(0, 10, 3), 3, 255), rng)
        if draw < 0.26:
            return plain(side, random_color(rng), rng)
        if draw < 0.38 and self.rooms:
            return self._room_out_of_focus(side, rng)
        return any_background(side, self.photos, rng)

    def _room_out_of_focus(self, side: int, rng: np.random.Generator) -> Float[np.ndarray, "side side 3"]:
        """A room whose own object is cut off or blurred."""
        rgb = Image.fromarray(self.rooms[int(rng.integers(len(self.rooms)))][..., :3].copy())
        length = rgb.width
        size = int(length * rng.uniform(0.4, 0.9))
        left, top = (int(rng.choice([0, length - size])) for _ in range(2))
        piece = rgb.resize((side, side), Image.Resampling.BICUBIC, box=(left, top, left + size, top + size))
        return np.asarray(piece.filter(ImageFilter.GaussianBlur(side * rng.uniform(0.004, 0.03))), np.float32)


def place(
    cutout: Cutout, side: int, rng: np.random.Generator, share: float, cut: bool, anywhere: bool = False
) -> UInt8[np.ndarray, "side side 4"]:
    """The object on a transparent square, its longer side `share` of the square's; mirrored, tilted, tinted.

    cut: the square's edge takes a part of it. anywhere: it may lie at the edge, where the middle is likelier otherwise.
    """
    image = Image.fromarray(cutout)
    image = image.crop(image.getchannel("A").point(lambda a: 255 if a > 8 else 0).getbbox() or (0, 0, *image.size))
    if rng.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if rng.random() < 0.75:
        image = without_grain(image, float(rng.uniform(0.6, 1.4)))
    scale = share * side / max(image.size)
    stretch = float(np.exp(rng.normal(0, 0.08)))
    size = (max(2, round(image.width * scale * stretch)), max(2, round(image.height * scale)))
    image = image.convert("RGBa").resize(size, Image.Resampling.BILINEAR)
    if rng.random() < 0.3:
        image = image.rotate(float(rng.normal(0, 8)), Image.Resampling.BILINEAR, expand=True)
    image = image.convert("RGBA")
    spare = [(side - length) / 2 for length in image.size]
    spread = 1.0 if anywhere else float(rng.beta(1.2, 2.5))
    left, top = (side - image.width) / 2, (side - image.height) / 2
    left, top = left + spread * spare[0] * rng.uniform(-1, 1), top + spread * spare[1] * rng.uniform(-0.6, 1)
    if cut:
        beyond = float(rng.uniform(0.1, 0.45))
        if rng.random() < 0.6:
            left = -beyond * image.width if rng.random() < 0.5 else side - (1 - beyond) * image.width
        else:
            top = -beyond * image.height if rng.random() < 0.3 else side - (1 - beyond) * image.height
    square = Image.new("RGBA", (side, side))
    square.paste(image, (round(left), round(top)))
    pixels = np.asarray(square).copy()
    pixels[..., :3] = _tinted(pixels[..., :3], pixels[..., 3] > 127, rng)
    return pixels


def textured(cutout: Cutout, photos: Photographs, rng: np.random.Generator) -> Cutout:
    """The cut-out with a photograph's light and dark on it: a smooth surface must not tell it from the ground."""
    height, width = cutout.shape[:2]
    texture = photos.piece(max(height, width), (0.1, 0.6), rng)[:height, :width]
    ratio = texture / (texture.mean(axis=(0, 1)) + 1)
    strength = float(rng.uniform(0.2, 1.0))
    painted = cutout[..., :3] * (1 + strength * (np.clip(ratio, 0.2, 2.5) - 1))
    colors: Cutout = np.dstack([np.clip(painted, 0, 255).astype(np.uint8), cutout[..., 3]])
    return colors


def without_grain(image: Image.Image, radius: float) -> Image.Image:
    """The cut-out without the path tracer's noise, which would tell an object from any photograph behind it.

    A Gaussian blur in pixels of the object alone: nothing of what is transparent is mixed in, and alpha stays.
    """
    smooth = image.convert("RGBa").filter(ImageFilter.GaussianBlur(radius)).convert("RGBA")
    smooth.putalpha(image.getchannel("A"))
    return smooth


def photographed(
    picture: Float[np.ndarray, "side side 3"], rng: np.random.Generator
) -> UInt8[np.ndarray, "side side 3"]:
    """The picture as a camera and a file keep it: exposed, out of focus, noisy, compressed; each now and then."""
    values = np.clip(picture, 0, 255)
    if rng.random() < 0.5:
        values = 255 * (values / 255) ** float(np.exp(rng.normal(0, 0.25)))
        values = values * (1 + rng.normal(0, 0.06, 3))
    image = Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
    if rng.random() < 0.35:
        image = image.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.2, 1.3))))
    if rng.random() < 0.1:
        image = image.convert("L").convert("RGB")
    pixels = np.asarray(image)
    if rng.random() < 0.4:
        grain = rng.normal(0, float(rng.uniform(1, 9)), pixels.shape)
        pixels = np.clip(pixels + grain, 0, 255).astype(np.uint8)
    if rng.random() < 0.4:
        from io import BytesIO

        stream = BytesIO()
        Image.fromarray(pixels).save(stream, "JPEG", quality=int(rng.integers(35, 96)))
        pixels = np.asarray(Image.open(stream))
    return pixels


def _laid(scene: Scene, rgba: UInt8[np.ndarray, "side side 4"], rng: np.random.Generator, is_target: bool) -> Scene:
    """The scene with an object before it, its shadow on what was there; it hides what it covers."""
    ground = _shaded(scene.picture, rgba[..., 3], rng)
    alpha = rgba[..., 3].astype(np.float32) / 255
    picture = rgba[..., :3] * alpha[..., None] + ground * (1 - alpha[..., None])
    others = tuple(other * (1 - alpha) for other in scene.others)
    mask = alpha if is_target else scene.mask * (1 - alpha)
    return Scene(picture, mask, others if is_target else (*others, alpha))


def _shaded(
    ground: Float[np.ndarray, "side side 3"], alpha: UInt8[np.ndarray, "side side"], rng: np.random.Generator
) -> Float[np.ndarray, "side side 3"]:
    """The ground with the object's shadow on it: thrown over the floor, on the wall behind, or none."""
    draw = rng.random()
    side = len(alpha)
    if draw < 0.25 or not alpha.any():
        return ground
    rows = np.flatnonzero(alpha.max(axis=1) > 127)
    if not len(rows):
        return ground
    image, foot = Image.fromarray(alpha), int(rows[-1])
    if draw < 0.75:  # thrown over the floor: squeezed and sheared about its foot
        squeeze = float(rng.uniform(0.08, 0.5)) * (1 if rng.random() < 0.8 else -0.6)
        shear = float(rng.normal(0, 0.8))
        # Output (x, y) takes the object's pixel at height (foot - y) / squeeze over its foot.
        shadow = image.transform(
            (side, side),
            Image.Transform.AFFINE,
            (1, shear / squeeze * 0.5, -shear / squeeze * 0.5 * foot, 0, 1 / squeeze, foot - foot / squeeze),
            Image.Resampling.BILINEAR,
        )
    else:  # on a wall, or all around
        x, y = (float(v) for v in rng.normal(0, 0.04, 2) * side)
        shadow = image.transform((side, side), Image.Transform.AFFINE, (1, 0, x, 0, 1, y), Image.Resampling.BILINEAR)
    blur = side * float(np.exp(rng.uniform(np.log(0.004), np.log(0.05))))
    dark = np.asarray(shadow.filter(ImageFilter.GaussianBlur(blur)), np.float32) / 255
    shaded: np.ndarray = ground * (1 - float(rng.uniform(0.15, 0.75)) * dark[..., None])
    return shaded


def _tinted(
    colors: UInt8[np.ndarray, "side side 3"], inside: Bool[np.ndarray, "side side"], rng: np.random.Generator
) -> UInt8[np.ndarray, "side side 3"]:
    """Other paint and light: brightness, contrast, saturation and tint of the object's colours."""
    if not inside.any() or rng.random() < 0.25:
        return colors
    values = colors.astype(np.float32)
    if rng.random() < 0.2:  # white, grey or black things, whose edges are hard to see
        values = values.mean(axis=2, keepdims=True) + 0 * values
        level = float(rng.choice([rng.uniform(200, 245), rng.uniform(15, 60), rng.uniform(60, 200)]))
        values = values + (level - float(values[inside].mean())) * float(rng.uniform(0.5, 1))
    if rng.random() < 0.35:
        values = _repainted(values, rng)
    middle = values[inside].mean(axis=0)
    values = middle + (values - middle) * float(rng.uniform(0.6, 1.3))
    values = values * float(np.exp(rng.normal(0, 0.2))) * (1 + rng.normal(0, 0.05, 3))
    painted: np.ndarray = np.clip(values, 0, 255).astype(np.uint8)
    return painted


def _repainted(values: Float[np.ndarray, "side side 3"], rng: np.random.Generator) -> Float[np.ndarray, "side side 3"]:
    """Parts of one colour in another: a thing may have a black blade and an orange handle, and is one thing."""
    image = Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
    parts = np.asarray(image.quantize(int(rng.integers(3, 7)), method=Image.Quantize.FASTOCTREE))
    painted = values.copy()
    for part in np.unique(parts):
        where = parts == part
        if rng.random() < 0.6:
            painted[where] += (random_color(rng) - values[where].mean(axis=0)) * float(rng.uniform(0.3, 1.0))
    return painted


def _overlap(first: UInt8[np.ndarray, "side side 4"], second: UInt8[np.ndarray, "side side 4"]) -> float:
    """The share of the first object that the second covers."""
    own = first[..., 3] > 127
    return float((own & (second[..., 3] > 127)).sum() / max(1, own.sum()))
