"""Shards that somebody tampered with: refused in one line, and never unpacked beyond their own size."""

from __future__ import annotations

import io
import json
import os
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from image_files import encoded
from PIL import Image

from shapeshot.data.dataset import Dataset
from shapeshot.data.shards import (
    decode_arrays,
    decode_solid,
    decode_view,
    encode_arrays,
    encode_solid,
    encode_view,
    pack_members,
    unpack_members,
)
from shapeshot.errors import DatasetError


def special(kind: bytes, **more: object) -> bytes:
    """One tar header of a kind that no build writes."""
    info = tarfile.TarInfo("a.json")
    info.type = kind
    for key, value in more.items():
        setattr(info, key, value)
    return info.tobuf(tarfile.GNU_FORMAT)


def sparse(size: int) -> bytes:
    """An old GNU sparse member: its header alone expands to `size` bytes."""
    header = bytearray(special(tarfile.GNUTYPE_SPARSE))
    header[386:398], header[398:410] = b"00000000000\0", b"00000000000\0"
    header[483:495] = b"%011o\0" % size if size < 8**11 else b"\x80" + size.to_bytes(11, "big")
    header[148:156] = b"        "
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


@pytest.mark.parametrize("packed", [
    sparse(8 * 2**30),
    special(tarfile.SYMTYPE, linkname="/etc/passwd"),
    special(tarfile.LNKTYPE, linkname="a.json"),
    special(tarfile.FIFOTYPE),
    special(tarfile.CHRTYPE),
    special(tarfile.DIRTYPE),
    special(tarfile.REGTYPE, size=2**40),
    b"\1" * 512,
], ids=["sparse", "symlink", "hardlink", "fifo", "device", "folder", "beyond", "junk"])  # fmt: skip
def test_members_that_no_build_writes(packed: bytes) -> None:
    with pytest.raises(DatasetError, match="shard") as caught:
        unpack_members(packed)
    assert "\n" not in str(caught.value)


def test_a_whole_object_comes_back() -> None:
    members = {"json": b"{}", "a.npz": b"x" * 1000}
    assert unpack_members(pack_members("chair", members)) == members


def npy(shape: tuple[int, ...], data: bytes, kind: str = "|u1") -> bytes:
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + data


def npz(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return file.getvalue()


@pytest.mark.parametrize("content", [
    npz(a=npy((10**12,), b"")),
    npz(a=npy((2, 3), b"12345")),
    npz(a=npy((-1,), b"1")),
    npz(a=npy((1,), b"12345678", "|O")),
    npz(a=b"no array"),
    npz(a=npy((300 * 2**20,), bytes(300 * 2**20))),
    b"PK\3\4" + bytes(100),
], ids=["too large", "too short", "negative", "object", "junk", "bomb", "no zip"])  # fmt: skip
def test_arrays_that_no_build_writes(content: bytes) -> None:
    with pytest.raises(DatasetError, match="damaged array file") as caught:
        decode_arrays(content)
    assert "\n" not in str(caught.value)


def test_arrays_come_back() -> None:
    arrays = {"a": np.arange(12, dtype=np.float32).reshape(3, 4), "empty": np.zeros((0, 3)), "one": np.array(7)}
    for name, values in decode_arrays(encode_arrays(**arrays)).items():
        np.testing.assert_array_equal(values, arrays[name])
        assert values.dtype == arrays[name].dtype
    solid = np.random.default_rng(0).random((9, 9, 9)) < 0.5
    np.testing.assert_array_equal(decode_solid(encode_solid(solid)), solid)


@pytest.mark.parametrize("resolution", [0, -3, 127, 129, 100_000])
def test_another_resolution_than_the_bits_have(resolution: int) -> None:
    content = encode_arrays(bits=np.packbits(np.zeros((128,) * 3, bool)), resolution=np.array(resolution))
    with pytest.raises(DatasetError, match="resolution"):
        decode_solid(content)


def test_a_view_is_a_webp_and_nothing_else() -> None:
    view = np.random.default_rng(1).integers(0, 256, (40, 40, 4)).astype(np.uint8)
    assert decode_view(encode_view(view)).shape == (40, 40, 4)
    with pytest.raises(DatasetError, match="PNG"):
        decode_view(encoded(Image.fromarray(view), "PNG"))
    with pytest.raises(DatasetError, match="16 megapixels"):
        decode_view(encoded(Image.new("L", (4100, 4100)), "WEBP"))


def manifest(folder: Path, **row: object) -> None:
    whole = {"id": "a", "kind": "chair", "split": "train", "group": "a", "shard": "s.tar", "offset": 0, "length": 1024}
    text = json.dumps({"format": "shapeshot-dataset", "version": 1, "objects": [whole | row]})
    (folder / "manifest.json").write_text(text)


def make_fifo(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize("make", [make_fifo, Path.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_a_shard_that_is_no_file_does_not_hang(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "s.tar")
    manifest(tmp_path)
    with pytest.raises(DatasetError, match="no plain file"):
        Dataset.open(tmp_path).sample("a")


@pytest.mark.parametrize("name", ["../s.tar", "/etc/passwd", "a\0b", "", "."])
def test_names_of_shards(tmp_path: Path, name: str) -> None:
    manifest(tmp_path, shard=name)
    with pytest.raises(DatasetError):
        Dataset.open(tmp_path).sample("a")


def test_a_length_beyond_the_file_takes_no_memory(tmp_path: Path) -> None:
    (tmp_path / "s.tar").write_bytes(bytes(512))
    manifest(tmp_path, length=2**47)
    with pytest.raises(DatasetError, match="truncated"):
        Dataset.open(tmp_path).sample("a")


def test_deep_json_is_no_recursion_error(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("[" * 100_000)
    with pytest.raises(DatasetError, match="cannot be read"):
        Dataset.open(tmp_path)
    content = pack_members("a", {"json": b"[" * 100_000})
    (tmp_path / "s.tar").write_bytes(content)
    manifest(tmp_path, length=len(content))
    with pytest.raises(DatasetError, match="damaged"):
        Dataset.open(tmp_path).sample("a")
