"""Binary glTF files: the pictures that a converter named by their paths, put into the file itself."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any

MAGIC, JSON_CHUNK, BIN_CHUNK = b"glTF", 0x4E4F534A, 0x004E4942

# From a picture's path, as the file names it, to a PNG or None.
Pictures = Callable[[str], bytes | None]


def with_pictures(content: bytes, pictures: Pictures) -> tuple[bytes, list[str]]:
    """The same file with its pictures inside, and the names of those that were not found: their parts stay plain."""
    document, binary = _chunks(content)
    lost = []
    for image in document.get("images", []):
        name = image.pop("uri", None)
        if name is None:
            continue
        found = pictures(name)
        if found is None:
            lost.append(name)
            continue
        views = document.setdefault("bufferViews", [])
        image |= {"bufferView": len(views), "mimeType": "image/png"}
        views.append({"buffer": 0, "byteOffset": len(binary), "byteLength": len(found)})
        binary += _padded(found, b"\0")
    _without_textures(document, {index for index, image in enumerate(document.get("images", [])) if not image})
    document["buffers"] = [{"byteLength": len(binary)}]
    return _joined(document, binary), lost


def _without_textures(document: dict[str, Any], lost: set[int]) -> None:
    """Take the textures of lost pictures, and what lists them, out of the materials."""
    textures = document.get("textures", [])
    for material in document.get("materials", []):
        for owner in (material, material.get("pbrMetallicRoughness", {})):
            for key in [key for key in owner if key.endswith("Texture")]:
                if textures[owner[key]["index"]].get("source") in lost:
                    del owner[key]
    for index in lost:
        document["images"][index] |= {"uri": "data:,"}


def _chunks(content: bytes) -> tuple[dict[str, Any], bytes]:
    if content[:4] != MAGIC:
        raise ValueError("not a binary glTF file")
    parts, offset = {}, 12
    while offset + 8 <= len(content):
        length, kind = struct.unpack_from("<II", content, offset)
        parts[kind] = content[offset + 8 : offset + 8 + length]
        offset += 8 + length
    return json.loads(parts[JSON_CHUNK]), _padded(parts.get(BIN_CHUNK, b""), b"\0")


def _joined(document: dict[str, Any], binary: bytes) -> bytes:
    text = _padded(json.dumps(document).encode(), b" ")
    chunks = [struct.pack("<II", len(text), JSON_CHUNK), text, struct.pack("<II", len(binary), BIN_CHUNK), binary]
    body = b"".join(chunks)
    return MAGIC + struct.pack("<II", 2, 12 + len(body)) + body


def _padded(content: bytes, filler: bytes) -> bytes:
    return content + filler * (-len(content) % 4)
