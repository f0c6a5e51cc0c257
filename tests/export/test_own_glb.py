"""What `encode_glb` wrote is read again as it was."""

from __future__ import annotations

import io
import json
import struct
import warnings
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shapeshot.errors import MeshError
from shapeshot.export.glb import encode_glb
from shapeshot.export.own_glb import decode_glb
from shapeshot.geometry import Mesh
from shapeshot.geometry.isosurface import isosurface
from shapeshot.geometry.texture import Texture


@pytest.mark.parametrize("colored", [True, False])
def test_there_and_back(colored: bool) -> None:
    rng = np.random.default_rng(0)
    vertices, faces = isosurface(rng.standard_normal((6, 6, 6)), 0.3, -0.4, 0.13)
    mesh = Mesh(vertices, faces, rng.random((len(vertices), 3)) if colored else None)
    found = decode_glb(encode_glb(mesh), "a.glb")
    np.testing.assert_array_equal(found.vertices, mesh.vertices)
    np.testing.assert_array_equal(found.faces, mesh.faces)
    if colored:
        np.testing.assert_allclose(found.colors, mesh.colors, atol=2e-4)
    else:
        assert found.colors is None


def test_every_cut_is_told() -> None:
    content = encode_glb(Mesh(np.eye(3), [[0, 1, 2]]))
    for length in range(0, len(content) - 4, 7):
        with pytest.raises(MeshError, match=r"a\.glb"):
            decode_glb(content[:length], "a.glb")


def encoded_again(content: bytes, text: bytes, binary: bytes | None = None) -> bytes:
    """A .glb file with another JSON, and other buffers where they are given."""
    [length] = struct.unpack_from("<I", content, 12)
    binary = content[20 + length + 8 :] if binary is None else binary
    head = struct.pack("<4sII", b"glTF", 2, 28 + len(text) + len(binary)) + struct.pack("<I4s", len(text), b"JSON")
    return head + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary


def json_of(content: bytes) -> Any:
    """The JSON of a .glb file."""
    [length] = struct.unpack_from("<I", content, 12)
    return json.loads(content[20 : 20 + length])


@pytest.mark.parametrize("key", ["count", "byteOffset"])
def test_numbers_of_many_digits(key: str) -> None:
    content = encode_glb(Mesh(np.eye(3), [[0, 1, 2]]))
    document = json_of(content)
    document["accessors"][0][key] = 10**30
    with pytest.raises(MeshError, match="damaged"):
        decode_glb(encoded_again(content, json.dumps(document).encode()), "a.glb")


def test_deep_json() -> None:
    content = encode_glb(Mesh(np.eye(3), [[0, 1, 2]]))
    with pytest.raises(MeshError, match="damaged"):
        decode_glb(encoded_again(content, b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}"), "a.glb")


def test_vertices_whose_squares_overflow() -> None:
    content = encode_glb(Mesh(np.eye(3) * 1e30, [[0, 1, 2]]))
    with pytest.raises(MeshError, match="origin"):
        decode_glb(content, "a.glb")


def jpeg(side: int, **options: Any) -> bytes:
    """A plain picture."""
    content = io.BytesIO()
    Image.new("RGB", (side, side)).save(content, "JPEG", **options)
    return content.getvalue()


def many_scans(side: int, count: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    content = jpeg(side, progressive=True, quality=1)
    scan = content[content.rindex(b"\xff\xda") : -2]
    return content[:-2] + scan * count + content[-2:]


def claiming(side: int) -> bytes:
    """A small JPEG whose header tells another size."""
    content = bytearray(jpeg(8))
    place = content.index(b"\xff\xc0")
    content[place + 5 : place + 9] = struct.pack(">HH", side, side)
    return bytes(content)


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (claiming(65500), "damaged"),  # more than Pillow opens
        (claiming(12000), "4096 pixels"),  # of which it warns
        (many_scans(16, 200), "210 scans"),  # a walk over all coefficients each: 2000 of 16 MP take minutes
        (many_scans(4096, 85), "95 scans"),
    ],
)
def test_pictures_that_cost_more_than_ours(picture: bytes, reason: str) -> None:
    mesh = Mesh(np.eye(3), [[0, 1, 2]], np.eye(3), Texture(picture, np.eye(3)[:, :2], [[0, 1, 2]]))
    content = encode_glb(mesh)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(MeshError, match=reason):
            decode_glb(content, "a.glb")


@pytest.mark.parametrize("number", [b"\x01\0\x80\x7f", struct.pack("<f", np.nan), struct.pack("<f", np.inf)])
def test_places_that_are_none(number: bytes) -> None:
    """A fuzzed file: of a NaN that signals, the first of these, numpy warned before it was refused."""
    mesh = Mesh(np.eye(3), [[0, 1, 2]], np.eye(3), Texture(jpeg(8), np.eye(3)[:, :2], [[0, 1, 2]]))
    content = encode_glb(mesh)
    document = json_of(content)
    place = document["accessors"][document["meshes"][0]["primitives"][0]["attributes"]["TEXCOORD_0"]]
    [length] = struct.unpack_from("<I", content, 12)
    start = 28 + length + place.get("byteOffset", 0) + document["bufferViews"][place["bufferView"]].get("byteOffset", 0)
    damaged = content[:start] + 2 * number + content[start + 8 :]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(MeshError, match=r"0\.\.1"):
            decode_glb(damaged, "a.glb")
