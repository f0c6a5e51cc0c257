"""How one object is laid down as members of a WebDataset tar shard, byte for byte reproducible.

Members of object `<id>` (docs/dataset-format.md): `<id>.json`, `<id>.view00.webp` ..., `<id>.solid.npz`,
`<id>.surface.npz`, `<id>.mesh.npz`. Tar headers carry no times, owners or modes, so equal content is equal bytes.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from PIL import Image

from shapeshot.errors import DatasetError, PhotoError
from shapeshot.limits import VIEW_SIDE
from shapeshot.photo.opener import opened_image
from shapeshot.photo.shrink import as_rgba, shrunk

TAR_BLOCK = 512


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
    """Extension -> content of the members of one object. Raises DatasetError where the bytes are damaged."""
    members = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(packed + bytes(2 * TAR_BLOCK)), mode="r:") as archive:
            for member in archive:
                content = archive.extractfile(member)
                if content is None:
                    raise DatasetError(f"shard member {member.name!r} is not a file; build the dataset again")
                members[member.name.partition(".")[2]] = content.read()
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise DatasetError(f"a shard is damaged ({error}); build the dataset again") from error
    return members


def encode_json(value: Any) -> bytes:
    """Canonical JSON: sorted keys, UTF-8."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def encode_arrays(**arrays: np.ndarray) -> bytes:
    """Named arrays as a compressed npz."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def decode_arrays(content: bytes) -> dict[str, np.ndarray]:
    """The arrays of an npz, never unpickling. Raises DatasetError where it is damaged."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return dict(arrays)
    except Exception as error:  # zipfile, zlib and numpy raise half a dozen unrelated types on damaged bytes
        raise DatasetError(f"a shard holds a damaged array file ({error}); build the dataset again") from error


def encode_view(rgba: np.ndarray, quality: int = 90) -> bytes:
    """A straight-alpha view uint8 [size, size, 4] as WebP; alpha is lossless."""
    buffer = io.BytesIO()
    Image.fromarray(rgba, "RGBA").save(buffer, "WEBP", quality=quality, alpha_quality=100, method=4)
    return buffer.getvalue()


def decode_view(content: bytes) -> np.ndarray:
    """The inverse of `encode_view`, uint8 [size, size, 4]. Raises DatasetError where it is damaged."""
    try:
        with opened_image(content, "a view", VIEW_SIDE**2, formats=("WEBP",)) as opened:
            return as_rgba(shrunk(opened.pixels, VIEW_SIDE))
    except PhotoError as error:
        raise DatasetError(f"a shard holds a damaged view ({error}); build the dataset again") from error


def encode_solid(solid: np.ndarray) -> bytes:
    """A bool [n, n, n] occupancy as packed bits."""
    return encode_arrays(bits=np.packbits(solid), resolution=np.array(solid.shape[0], np.int32))


def decode_solid(content: bytes) -> np.ndarray:
    """The inverse of `encode_solid`."""
    arrays = decode_arrays(content)
    resolution = int(arrays["resolution"])
    return np.unpackbits(arrays["bits"], count=resolution**3).reshape((resolution,) * 3).astype(bool)


def view_names(members: Iterable[str]) -> list[str]:
    """The extensions of the views among the members, in order."""
    return sorted(name for name in members if name.startswith("view") and name.endswith(".webp"))
