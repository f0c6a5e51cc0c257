"""Runs inside Blender's Python: makes one Infinigen asset at a time and renders views of it, as asked on stdin.

    python worker.py PARENT_PID

Requests (wire.py): {"do": "make", "module", "factory", "seed", "front", "up", "max_faces", "map_size"} answers with the
triangles and colour maps; {"do": "views", ...} with pictures of what was made last. A failure answers {"error": TEXT}.
Ends with its standard input or its parent. Standard output carries messages only: what Blender prints goes to stderr.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from typing import Any, BinaryIO


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent dies, however that dies (Linux; elsewhere stdin's end does)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        os._exit(1)


def private_stdout() -> BinaryIO:
    """The real standard output, for messages; whatever else is printed goes to stderr from here on."""
    messages = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return messages


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until they end."""
    import asset
    import studio
    import wire

    made: Any = None
    wire.send(answers, {"ready": True})
    for line in requests:
        request = json.loads(line)
        arrays = wire.unpack(requests.read(request["bytes"]))
        try:
            if request["do"] == "make":
                made = None
                made = asset.make(request)
                wire.send(answers, made.described(), made.arrays())
            else:
                wire.send(answers, {}, studio.views(made, request, arrays))
        except Exception as error:
            wire.send(answers, {"error": f"{type(error).__name__}: {error}"[:500]})


if __name__ == "__main__":
    die_with_parent(int(sys.argv[1]))
    serve(sys.stdin.buffer, private_stdout())
