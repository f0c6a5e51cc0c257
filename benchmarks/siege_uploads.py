"""The uploads of siege_server.py: each within the documented limits, and as costly as we could make it."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
from PIL import Image, ImageDraw

sys.path.append(str(Path(__file__).parents[1] / "tests" / "helpers"))

from siege import deep_png

RECONSTRUCTIONS = "/v1/reconstructions"


@dataclass
class Upload:
    """A request, and what is asked for of its result afterwards ("all", "glb")."""

    image: bytes
    options: dict[str, str] = field(default_factory=dict)
    mask: bytes | None = None
    path: str = RECONSTRUCTIONS
    then: tuple[str, ...] = ()

    @property
    def num_bytes(self) -> int:
        """Of its files."""
        return len(self.image) + len(self.mask or b"")

    def sent(self, client: httpx.Client) -> Iterator[httpx.Response]:
        """All answers, the request's own first; each is asked for when the one before was taken."""
        files = {"image": ("a.jpg", self.image)} | ({} if self.mask is None else {"mask": ("m.png", self.mask)})
        answer = client.post(self.path, files=files, data=self.options)
        yield answer
        if answer.status_code == 201:
            base = answer.json()["links"]["self"]
            yield from (client.get(f"{base}/{name}") for name in self.then)


def noise(width: int, height: int, kind: str = "JPEG", **save: object) -> bytes:
    """A picture of noise."""
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    return encoded(Image.fromarray(pixels), kind, **save)


def encoded(image: Image.Image, kind: str, **save: object) -> bytes:
    """An image as a file."""
    content = io.BytesIO()
    image.save(content, kind, **save)
    return content.getvalue()


def framed(side: int) -> bytes:
    """A mask that is white but for its rim: the object fills the frame."""
    image = Image.new("L", (side, side), 255)
    return encoded(image, "PNG")


def combs(width: int, height: int) -> bytes:
    """A mask of stripes: as much edge as there can be."""
    mask = np.zeros((height, width), np.uint8)
    mask[:, ::2] = 255
    return encoded(Image.fromarray(mask), "PNG")


def dust(width: int, height: int) -> bytes:
    """White with dots: a background with a million little things on it."""
    pixels = np.full((height, width, 3), 255, np.uint8)
    pixels[::2, ::2] = 0
    return encoded(Image.fromarray(pixels), "PNG")


def spiral(side: int) -> bytes:
    """One dark line that winds through the whole picture, and so one region of very many runs."""
    image = Image.new("RGB", (side, side), (255, 255, 255))
    draw, low, high = ImageDraw.Draw(image), 4, side - 4
    while high - low > 8:
        draw.line([(low, low), (high, low), (high, high), (low, high), (low, low + 4)], (20, 20, 20), 2)
        low, high = low + 4, high - 4
    return encoded(image, "PNG")


FINEST = {"resolution": "128", "points": "1000000", "threshold": "0.001"}
POINTS = " ".join(f"{10 + 6 * (i % 100)},{10 + 7 * (i % 90)}" for i in range(100))

UPLOADS: dict[str, Callable[[bytes], Upload]] = {
    "ordinary": Upload,
    "finest": lambda photo: Upload(photo, FINEST),
    "finest-fat-all": lambda photo: Upload(photo, FINEST, then=("all",)),
    "finest-64-all": lambda photo: Upload(photo, FINEST | {"resolution": "64"}, then=("all",)),
    "million-points-obj": lambda photo: Upload(photo, {"points": "1000000", "format": "obj", "form": "points"}),
    "finest-usdz": lambda photo: Upload(photo, FINEST | {"format": "usdz"}),
    "finest-voxels-obj": lambda photo: Upload(photo, FINEST | {"format": "obj", "form": "voxels"}),
    "finest-sh3f": lambda photo: Upload(photo, FINEST | {"format": "sh3f"}),
    "finest-simplify": lambda photo: Upload(photo, FINEST | {"simplify": "4"}),
    "finest-smooth-printable": lambda photo: Upload(photo, FINEST | {"smooth": "100", "printable": "true"}),
    "printable-64": lambda photo: Upload(photo, {"resolution": "64", "smooth": "100", "printable": "true"}),
    "printable-64-fat": lambda photo: Upload(
        photo, {"resolution": "64", "threshold": "0.001", "printable": "true", "simplify": "4"}
    ),
    "thin-128-printable": lambda photo: Upload(photo, {"resolution": "128", "threshold": "0.999", "printable": "true"}),
    "128-size": lambda photo: Upload(photo, {"resolution": "128", "size": "height=1000000m", "format": "3mf"}),
    "128-smooth": lambda photo: Upload(photo, {"resolution": "128", "smooth": "100"}),
    "noise-jpeg-50mp": lambda photo: Upload(noise(7000, 7100, quality=30), {"background": "finder"}),
    "noise-png-9mp": lambda photo: Upload(noise(3200, 3000, "PNG", compress_level=0), FINEST),
    "progressive-16mp": lambda photo: Upload(noise(4400, 3600, quality=60, progressive=True), {"background": "keep"}),
    "webp-lossless": lambda photo: Upload(noise(3000, 3000, "WEBP", lossless=True, quality=0, method=0)),
    "tiff-lzw": lambda photo: Upload(noise(2400, 2400, "TIFF", compression="tiff_lzw")),
    "avif": lambda photo: Upload(noise(2000, 2000, "AVIF", quality=90, speed=10)),
    "deep-png-49mp": lambda photo: Upload(deep_png(7000)),
    "keep-noise-finest": lambda photo: Upload(noise(2048, 2048), FINEST | {"background": "keep"}, then=("all",)),
    "given-mask": lambda photo: Upload(noise(2048, 2048), FINEST, framed(2048), then=("all",)),
    "combs-mask": lambda photo: Upload(noise(2048, 2048), FINEST, combs(2048, 2048)),
    "large-mask": lambda photo: Upload(noise(7000, 7000, quality=10), {}, combs(7000, 7000)),
    "hundred-points": lambda photo: Upload(photo, {"point": POINTS}),
    "hundred-points-noise": lambda photo: Upload(noise(7000, 7000, quality=10), {"point": POINTS}),
    "dust-plain": lambda photo: Upload(dust(7000, 7000), {"background": "plain"}),
    "dust-auto": lambda photo: Upload(dust(2048, 2048)),
    "spiral-plain": lambda photo: Upload(spiral(2048), {"background": "plain"}),
    "spiral-objects": lambda photo: Upload(spiral(2048), {"background": "plain"}, path="/v1/objects"),
    "strip": lambda photo: Upload(noise(60000, 16), {"background": "finder"}),
    "strip-region": lambda photo: Upload(noise(16, 60000), {"region": "0,0,16,60000", "background": "plain"}),
    "objects-noise": lambda photo: Upload(noise(7000, 7000, "PNG", compress_level=0)[: 30 << 20], path="/v1/objects"),
}
