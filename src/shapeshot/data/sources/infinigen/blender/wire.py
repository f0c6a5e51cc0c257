"""Messages between shapeshot and its Blender worker: a line of JSON, then so many bytes of an npz. Used on both sides."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np


def send(stream: BinaryIO, header: Mapping[str, Any], arrays: Mapping[str, np.ndarray] | None = None) -> None:
    """Write one message. header: JSON; the key "bytes" is added to it."""
    payload = b""
    if arrays:
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)  # type: ignore[arg-type]
        payload = buffer.getvalue()
    stream.write(json.dumps({**header, "bytes": len(payload)}).encode() + b"\n" + payload)
    stream.flush()


def unpack(payload: bytes) -> dict[str, np.ndarray]:
    """The arrays behind a header, never unpickling."""
    if not payload:
        return {}
    with np.load(io.BytesIO(payload), allow_pickle=False) as arrays:
        return dict(arrays)
