"""Results that are read again: our own .glb files, as `shapeshot turntable` reads and draws them."""

from __future__ import annotations

import io
import json
import random
import struct
from pathlib import Path

import numpy as np
from bundles import Files, damaged
from isolated import MIB
from PIL import Image

from checkpoints import odd_values
from shapeshot.export.glb import encode_glb
from shapeshot.export.own_glb import decode_glb
from shapeshot.geometry import Mesh
from shapeshot.geometry.isosurface import isosurface
from shapeshot.geometry.texture import Texture
from shapeshot.preview.animation import encode_turntable

NAME = "mesh.glb"


def seeds() -> list[Files]:
    """A blob in one grey, in colours, and with a photo on it, baseline and progressive."""
    values = np.random.default_rng(0).standard_normal((4, 4, 4))
    vertices, faces = isosurface(values, 0.3, -0.4, 0.2)
    colors = np.clip(vertices + 0.5, 0, 1)
    meshes = [Mesh(vertices, faces), Mesh(vertices, faces, colors)]
    for is_progressive in (False, True):
        content = io.BytesIO()
        Image.effect_noise((24, 24), 60).convert("RGB").save(content, "JPEG", progressive=is_progressive)
        meshes.append(Mesh(vertices, faces, colors, Texture(content.getvalue(), colors[:, :2], faces)))
    return [{NAME: encode_glb(mesh)} for mesh in meshes]


def taken_apart(content: bytes) -> tuple[bytes, bytes]:
    """The JSON of a .glb file, and its binary part."""
    [length] = struct.unpack_from("<I", content, 12)
    return content[20 : 20 + length], content[28 + length :]


def put_together(text: bytes, binary: bytes) -> bytes:
    """The inverse."""
    head = struct.pack("<4sII", b"glTF", 2, 28 + len(text) + len(binary))
    return head + struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary


class Results:
    """Reads each and draws it from two sides."""

    seconds, memory = 10.0, 640 * MIB

    def __init__(self) -> None:
        self.good = seeds()

    def make(self, chance: random.Random) -> Files:
        """A file with accidents, or one whose lengths are right and whose JSON has odd values or accidents."""
        files = chance.choice(self.good)
        kind = chance.random()
        if kind < 0.4:
            return damaged(files, self.good, chance)
        text, binary = taken_apart(files[NAME])
        if kind < 0.7:
            text = json.dumps(odd_values(json.loads(text), chance)).encode()
        else:
            parts = {"text": text, "binary": binary}
            parts = damaged(parts, [parts], chance)
            text, binary = parts["text"], parts["binary"]
        return {NAME: put_together(text, binary)}

    def read(self, files: Files, folder: Path) -> str:
        """As the command does."""
        encode_turntable(decode_glb(files[NAME], NAME), "gif", 2, 16)
        return "read"
