"""A worker that speaks the Blender worker's protocol without Blender: cubes for objects, and every way to fail.

Run in place of blender/worker.py by the "python" of `fake_python`. What it does wrong follows from the asked factory's
module: "hang", "crash", "garbage", "half", "error", "too_long", and "dark", of which no picture comes; any other makes
a box that depends on the seed.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import stat
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

CORNERS = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], np.float32) - 0.5
QUADS = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
FACES = np.array([t for a, b, c, d in QUADS for t in ((a, b, c), (a, c, d))], np.int32)


def fake_python(folder: Path) -> Path:
    """An executable that passes for the Python of a Blender environment."""
    path = folder / "fake-env" / "bin" / "python"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\n[ "$1" = -c ] && exit 0\nexec {sys.executable} {__file__} "$@"\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def box(seed: int) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """A canonical box of its own proportions, its colour maps all green, one unit being two metres."""
    size = np.array([1.0, 0.4 + 0.05 * (seed % 10), 0.3])
    maps = np.zeros((6, 8, 8, 4), np.float16)
    maps[:, :, :, 1] = 1.0
    # Depths below the cube's faces to the box's.
    maps[:, :, :, 3] = ((1 - size) / 2)[[0, 0, 1, 1, 2, 2]][:, None, None]
    arrays = {"vertices": (CORNERS * size).astype(np.float32), "faces": FACES, "maps": maps}
    return {"size": (2 * size).tolist(), "materials": ["wood"], "parts": ["box"]}, arrays


def pictures(header: dict[str, Any], lights: np.ndarray) -> np.ndarray:
    """A square in the middle whose brightness is the light's mean; a room is grey all over."""
    size, count = header["size"], len(header["cameras"])
    views = np.zeros((count, size, size, 4), np.float16)
    views[:, size // 4 : -size // 4, size // 4 : -size // 4] = 1.0
    views[:, :, :, :3] *= lights.mean(axis=(1, 2, 3))[:, None, None, None]
    if header["rooms"]:
        views[-header["rooms"] :, :, :, :3] = 0.3
    return views


def fail(way: str, wire: Any) -> None:
    if way == "hang":
        time.sleep(1000)
    elif way == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif way == "garbage":
        wire.write(1, b"Blender 4.2.0 (hash 0)\n")
    elif way == "half":
        wire.write(1, b'{"bytes": 100}\nPK')
        os._exit(0)
    elif way == "error":
        wire.write(1, wire.packed({"error": "ValueError: no leaf grew"}))
    elif way == "too_long":
        wire.write(1, wire.packed({"error": "it worked for too long", "too_long": True}))


def main(worker: str) -> None:
    spec = importlib.util.spec_from_file_location("wire", Path(worker).with_name("wire.py"))
    assert spec is not None
    assert spec.loader is not None
    wire = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(wire)
    broken = False
    while (message := wire.receive(0)) is not None:
        header, arrays = message
        if header["do"] == "load":
            wire.write(1, wire.packed({"ready": True, "pid": os.getpid()}))
        elif header["do"] == "make":
            if header["module"] in ("hang", "crash", "garbage", "half", "error", "too_long"):
                fail(header["module"], wire)
            else:
                broken = header["module"] == "dark"
                time.sleep(0.02)
                wire.write(1, wire.packed(*box(header["seed"])))
        elif header["do"] == "views":
            if broken:
                wire.write(1, wire.packed({"error": "RuntimeError: no light"}))
            else:
                wire.write(1, wire.packed({}, {"pictures": pictures(header, arrays["lights"])}))


if __name__ == "__main__":
    main(sys.argv[1])
