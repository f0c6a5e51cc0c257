"""An object's colours carried over its edge, for surfaces that reach a little beyond its pixels."""

from __future__ import annotations

from PIL import Image, ImageChops, ImageFilter

from shapeshot.photo.crop import GREY

HALF = 128  # of 255: a pixel that the object covers more shows it
RIM = 2  # pixels inside the edge that are mixed with what is behind
NEAR = 6  # pixels: what is thinner than twice the rim keeps its own colours only so far from wider parts


def own_pixels(alpha: Image.Image) -> Image.Image:
    """Which pixels show the object alone, 255 or 0; alpha: how much it covers each, of 255.

    Those are the pixels away from its edge, and of parts so thin that they have no others, all.
    """
    covered = alpha.point(lambda level: 255 if level >= HALF else 0)
    inner = covered.filter(ImageFilter.BoxBlur(RIM)).point(lambda level: 255 if level >= 254 else 0)
    beside = inner.filter(ImageFilter.BoxBlur(NEAR)).point(lambda level: 255 if level > 0 else 0)
    return ImageChops.lighter(inner, ImageChops.subtract(covered, beside))


def carried_over(picture: Image.Image) -> Image.Image:
    """An RGBA picture, opaque or transparent, whose transparent parts take the colours around; RGB.

    The pyramid of Gortler et al., "The Lumigraph" (1996), section 3.4.
    """
    return _filled(picture).convert("RGB")


def _filled(picture: Image.Image) -> Image.Image:
    if max(picture.size) == 1:
        ground = Image.new("RGBA", picture.size, (GREY, GREY, GREY, 255))
    else:
        smaller = picture.reduce(2)
        smaller.putalpha(smaller.getchannel("A").point(lambda level: min(4 * level, 255)))  # one of four is enough
        ground = _filled(smaller).resize(picture.size, Image.Resampling.BILINEAR)
    return Image.alpha_composite(ground, picture)
