"""Reading binvox files: run-length encoded voxel grids, as 3D-R2N2 and ShapeNet publish them.

The format is Patrick Min's (version 1): the text lines `#binvox 1`, `dim D H W`, `translate TX TY TZ`, `scale S` and
`data`, then pairs of bytes (value 0 or 1, count up to 255). Cells run x slowest, then z, then y fastest ("xzy"). The
centre of cell [i, j, k] of a cube of n lies at ((i + 0.5) / n, (j + 0.5) / n, (k + 0.5) / n) * S + (TX, TY, TZ) in the
frame of the mesh that was voxelised.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from shapeshot.errors import DatasetError

MAX_SIDE = 512  # 134 million cells; a header must not decide how much memory is taken
MAX_HEADER_BYTES = 1024
MAX_TRANSLATION = 1e6


@dataclass(frozen=True, eq=False)
class BinvoxGrid:
    """occupancy: bool [x, y, z]. translate, scale: where the grid lies in the voxelised mesh's frame; see above."""

    occupancy: Bool[np.ndarray, "x y z"]
    translate: tuple[float, float, float]
    scale: float


def read_binvox(content: bytes, name: str) -> BinvoxGrid:
    """The grid in a file's bytes. name: what errors call it. Raises DatasetError on anything that is no such file."""
    header, data = _split_header(content, name)
    dims = _numbers(header, "dim", 3, name)
    if any(side != int(side) or not 1 <= side <= MAX_SIDE for side in dims):
        raise DatasetError(f"{name} has dimensions {dims}; expected three whole numbers in 1..{MAX_SIDE}")
    depth, height, width = (int(side) for side in dims)
    runs = np.frombuffer(data, np.uint8)
    if len(runs) % 2:
        raise DatasetError(f"{name} ends within a run; it is cut short: get a fresh copy")
    values, counts = runs[::2], runs[1::2]
    cells = int(counts.sum(dtype=np.int64))
    if cells != depth * height * width:
        raise DatasetError(f"{name} holds {cells} cells, not the {depth * height * width} that it announces")
    if (values > 1).any():
        raise DatasetError(f"{name} holds the value {int(values.max())}; expected 0 and 1 alone")
    stored = np.repeat(values.astype(bool), counts).reshape(depth, height, width)
    translate = _numbers(header, "translate", 3, name, (0.0, 0.0, 0.0))
    scale = _numbers(header, "scale", 1, name, (1.0,))[0]
    if scale <= 0:
        raise DatasetError(f"{name} has the scale {scale}; expected a positive number")
    occupancy = np.ascontiguousarray(stored.transpose(0, 2, 1))
    return BinvoxGrid(occupancy, (translate[0], translate[1], translate[2]), scale)


def _split_header(content: bytes, name: str) -> tuple[dict[str, list[str]], bytes]:
    """The header's lines as keyword -> words, and what follows `data`."""
    lines: dict[str, list[str]] = {}
    start = 0
    if not content.startswith(b"#binvox 1"):
        raise DatasetError(f"{name} is no binvox file: it does not begin with '#binvox 1'")
    while (end := content.find(b"\n", start, MAX_HEADER_BYTES)) >= 0:
        keyword, *words = content[start:end].decode("latin-1").split() or [""]
        if keyword == "data":
            return lines, content[end + 1 :]
        lines.setdefault(keyword, words)
        start = end + 1
    raise DatasetError(f"{name} has no line 'data' in its first {MAX_HEADER_BYTES} bytes; it is cut short or no binvox")


def _numbers(
    header: dict[str, list[str]], keyword: str, count: int, name: str, default: tuple[float, ...] | None = None
) -> tuple[float, ...]:
    words = header.get(keyword)
    if words is None and default is not None:
        return default
    try:
        numbers = tuple(float(word) for word in words or ())
    except ValueError:
        numbers = ()
    if len(numbers) != count or not all(abs(number) <= MAX_TRANSLATION for number in numbers):
        raise DatasetError(f"{name} has the line '{keyword} {' '.join(words or ())[:60]}'; expected {count} numbers")
    return numbers
