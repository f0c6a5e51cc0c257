"""The outcome of looking at a file's pieces."""

from __future__ import annotations

from dataclasses import dataclass

from shapeshot.photo.containers.tiff_layers import Layers


@dataclass(frozen=True)
class Inspected:
    """What is known of an image file before it is decoded.

    content: the file without its metadata, for the decoder. size: (width, height) in pixels as stored, None where only
    the decoder knows. orientation: EXIF's 1..8, None where the decoder has to be asked. extra_bytes: memory that
    decoding takes beside the picture itself. extra_per_pixel: the same for each pixel of the picture. layers: in place
    of `content` where Pillow would not read it right.
    """

    content: bytes
    size: tuple[int, int] | None
    orientation: int | None = 1
    extra_bytes: int = 0
    extra_per_pixel: float = 0.0
    layers: Layers | None = None
