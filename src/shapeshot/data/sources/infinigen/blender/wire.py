"""Messages between shapeshot and Blender, for both sides: a line of JSON, then so many bytes of an npz."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Shaped

LONGEST_LINE = 1_000_000


def packed(header: Mapping[str, Any], arrays: Mapping[str, Shaped[np.ndarray, " ..."]] | None = None) -> bytes:
    """One message. header: JSON; the key "bytes" is added to it."""
    payload = b""
    if arrays:
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)  # type: ignore[arg-type]
        payload = buffer.getvalue()
    return json.dumps({**header, "bytes": len(payload)}).encode() + b"\n" + payload


def unpacked(payload: bytes) -> dict[str, Shaped[np.ndarray, " ..."]]:
    """The arrays behind a header, never unpickling."""
    if not payload:
        return {}
    with np.load(io.BytesIO(payload), allow_pickle=False) as arrays:
        return dict(arrays)


def receive(handle: int) -> tuple[dict[str, Any], dict[str, Shaped[np.ndarray, " ..."]]] | None:
    """The next message of a pipe, None at its end. Reads not one byte more: another process may read the next."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(handle, 1)
        if not byte:
            return None
        line += byte
    header = json.loads(line)
    payload = b""
    while len(payload) < header["bytes"]:
        part = os.read(handle, header["bytes"] - len(payload))
        if not part:
            return None
        payload += part
    return header, unpacked(payload)


def write(handle: int, message: bytes) -> None:
    """All of a message into a pipe."""
    while message:
        message = message[os.write(handle, message) :]
