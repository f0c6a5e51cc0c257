"""credits.csv in a folder of meshes: whose they are, under which licence, and whether their fronts are known.

    path,licence,creator,front
    .,CC0-1.0,A. Maker,+z
    found/chairs,CC-BY-4.0,B. Maker,unknown

path: a file, a folder or "." for all; the row with the longest path counts. front: "+z" or "unknown".
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from shapeshot.data.sources.readers.text import decode_text
from shapeshot.errors import DatasetError
from shapeshot.names import shown

CREDITS = "credits.csv"
COLUMNS = ("path", "licence", "creator", "front")
FRONTS = {"+z": True, "unknown": False}


@dataclass(frozen=True)
class Credit:
    """What a row says of the meshes at its path."""

    licence: str = "unknown"
    creator: str = ""
    has_front: bool = True


def read_credits(folder: Path) -> dict[PurePosixPath, Credit]:
    """The rows by their paths; none where there is no such file. Raises DatasetError naming the line that is wrong."""
    path = folder / CREDITS
    if not path.is_file():
        return {}
    try:
        reader = csv.DictReader(io.StringIO(decode_text(path.read_bytes()), newline=""))
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise DatasetError(f"{shown(path)} must start with the line {','.join(COLUMNS)}; write it so")
        return {PurePosixPath(row["path"]): _credit(row, f"{shown(path)}, line {reader.line_num}") for row in reader}
    except (OSError, csv.Error) as error:
        raise DatasetError(f"{shown(path)} cannot be read ({error}); save it as CSV with {','.join(COLUMNS)}") from None


def credit_of(path: Path, credits: Mapping[PurePosixPath, Credit]) -> Credit:
    """What is said of a mesh, by the row with the longest path. path: relative to the folder."""
    plain = PurePosixPath(path.as_posix())
    return next((credits[place] for place in (plain, *plain.parents) if place in credits), Credit())


def _credit(row: Mapping[str | None, str | list[str] | None], where: str) -> Credit:
    values = [row[name] for name in COLUMNS]
    path, licence, creator, front = (value.strip() if isinstance(value, str) else "" for value in values)
    if None in row or not path or front not in FRONTS:
        raise DatasetError(f"{where}: expected {','.join(COLUMNS)} with a path and a front of +z or unknown")
    return Credit(licence or "unknown", creator, FRONTS[front])
