"""How one object is laid down as members of a WebDataset tar shard, byte for byte reproducible.

Members of object `<id>` (docs/dataset-format.md): `<id>.json`, `<id>.view00.webp` ..., `<id>.solid.npz`,
`<id>.surface.npz`, `<id>.mesh.npz`. Tar headers carry no times, owners or modes, so equal content is equal bytes.
"""

from __future__ import annotations

import io
import json
import math
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from jaxtyping import Bool, Shaped, UInt8
from PIL import Image

from shapeshot.errors import DatasetError, PhotoError
from shapeshot.limits import SHARD_MEMBER_BYTES, VIEW_SIDE
from shapeshot.names import whole_text
from shapeshot.photo.opener import opened_image
from shapeshot.photo.shrink import as_rgba, shrunk

TAR_BLOCK = 512
MAX_RESOLUTION = 1024


def member_bytes(name: str, content: bytes) -> bytes:
    """One tar member: header, content, padding to whole blocks."""
    header = tarfile.TarInfo(name)
    header.size = len(content)
    header.mode = 0o644
    return header.tobuf(tarfile.USTAR_FORMAT) + content + bytes(-len(content) % TAR_BLOCK)


def pack_members(key: str, members: Mapping[str, bytes]) -> bytes:
    """All members of one object, in the given order, without the end-of-archive blocks."""
    return b"".join(member_bytes(f"{key}.{extension}", content) for extension, content in members.items())


def unpack_members(packed: bytes) -> dict[str, bytes]:
    """Extension -> content of the members of one object.

    Raises DatasetError where the bytes are damaged, and for members that no build writes: links, devices, sparse files
    (512 bytes of which expand to gigabytes), and more bytes together than the shard has.
    """
    members: dict[str, bytes] = {}
    left = len(packed)
    try:
        with tarfile.open(fileobj=io.BytesIO(packed + bytes(2 * TAR_BLOCK)), mode="r:") as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isreg() and not member.issparse() else None
                left -= member.size
                if content is None or left < 0:
                    raise DatasetError(f"shard member {member.name!r} is not a plain file; build the dataset again")
                members[member.name.partition(".")[2]] = content.read()
    except (tarfile.TarError, EOFError, ValueError, RecursionError, OSError, OverflowError) as error:
        raise DatasetError(f"a shard is damaged ({error}); build the dataset again") from error
    return members


def encode_json(value: Any) -> bytes:
    """Canonical JSON: sorted keys, UTF-8."""
    return whole_text(json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))).encode()


def encode_arrays(**arrays: Shaped[np.ndarray, " ..."]) -> bytes:
    """Named arrays as a compressed npz."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def decode_arrays(content: bytes) -> dict[str, Shaped[np.ndarray, " ..."]]:
    """The arrays of an npz, never unpickling. Raises DatasetError where it is damaged, or unpacks to too much."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(info.file_size for info in archive.infolist()) > SHARD_MEMBER_BYTES:
                raise ValueError(f"it unpacks to more than {SHARD_MEMBER_BYTES // 2**20} MB")
            return {info.filename.removesuffix(".npy"): _array(archive, info) for info in archive.infolist()}
    except Exception as error:  # zipfile, zlib and numpy raise half a dozen unrelated types on damaged bytes
        raise DatasetError(f"a shard holds a damaged array file ({error}); build the dataset again") from error


def _array(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Shaped[np.ndarray, " ..."]:
    """One member of an npz. Its header may claim any shape, so it is read before room is made for that."""
    with archive.open(info) as member:
        content = member.read(info.file_size + 1)
    if len(content) != info.file_size:
        raise ValueError(f"{info.filename} is not as long as announced")
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, kind = read_header(stream)
    if kind.hasobject or math.prod(shape) * kind.itemsize != len(content) - stream.tell():
        raise ValueError(f"{info.filename} does not hold the {list(shape)} of {kind} that it announces")
    return np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)


def encode_view(rgba: UInt8[np.ndarray, "size size 4"], quality: int = 90, exact: bool = False) -> bytes:
    """A straight-alpha view uint8 [size, size, 4] as WebP; alpha is lossless.

    exact: keep the colours under alpha 0, where a room is; otherwise the encoder replaces them to save bytes.
    """
    buffer = io.BytesIO()
    Image.fromarray(rgba).save(buffer, "WEBP", quality=quality, alpha_quality=100, method=4, exact=exact)
    return buffer.getvalue()


def decode_view(content: bytes) -> UInt8[np.ndarray, "size size 4"]:
    """The inverse of `encode_view`, uint8 [size, size, 4]. Raises DatasetError where it is damaged."""
    try:
        with opened_image(content, "a view", VIEW_SIDE**2, formats=("WEBP",)) as opened:
            return as_rgba(shrunk(opened.pixels, VIEW_SIDE))
    except PhotoError as error:
        raise DatasetError(f"a shard holds a damaged view ({error}); build the dataset again") from error


def encode_solid(solid: Bool[np.ndarray, "n n n"]) -> bytes:
    """A bool [n, n, n] occupancy as packed bits."""
    return encode_arrays(bits=np.packbits(solid), resolution=np.array(solid.shape[0], np.int32))


def decode_solid(content: bytes) -> Bool[np.ndarray, "n n n"]:
    """The inverse of `encode_solid`. Raises DatasetError for another resolution than its bits have."""
    arrays = decode_arrays(content)
    resolution = int(arrays["resolution"])
    if not 1 <= resolution <= MAX_RESOLUTION or arrays["bits"].shape != (-(-(resolution**3) // 8),):
        raise DatasetError(f"a shard holds an occupancy of no resolution ({resolution}); build the dataset again")
    return np.unpackbits(arrays["bits"], count=resolution**3).reshape((resolution,) * 3).astype(bool)


def view_names(members: Iterable[str]) -> list[str]:
    """The extensions of the views among the members, in order."""
    return sorted(name for name in members if name.startswith("view") and name.endswith(".webp"))
