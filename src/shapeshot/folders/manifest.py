"""One row a photo of a run: outcome, error, sizes and timings, as Parquet, or as CSV where pyarrow is not installed."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from shapeshot.files import atomic_path, atomic_write
from shapeshot.folders.targets import MANIFESTS
from shapeshot.folders.work import Outcome
from shapeshot.names import shown
from shapeshot.pipeline.result import Result

PARQUET, CSV = MANIFESTS


def _told(read: Callable[[Result], Any]) -> Callable[[Outcome], Any]:
    """A column of the result; null where there is none."""
    return lambda outcome: None if outcome.result is None else read(outcome.result)


def _photo(name: str) -> Callable[[Outcome], Any]:
    return _told(lambda result: (result.made_from or {}).get("photo", {}).get(name))


def _seconds(stage: str) -> Callable[[Outcome], Any]:
    return _told(lambda result: result.timings.get(stage))


# Column -> its type and where its value is; null where the result does not say. Lengths are in `unit`.
COLUMNS: dict[str, tuple[type, Callable[[Outcome], Any]]] = {
    "photo": (str, lambda outcome: shown(outcome.target.photo)),
    "folder": (str, lambda outcome: outcome.target.path.name),
    "outcome": (str, lambda outcome: outcome.status),
    "error": (str, lambda outcome: shown(outcome.error) or None),
    "attempts": (int, lambda outcome: outcome.attempts),
    "photo_bytes": (int, _photo("bytes")),
    "photo_sha256": (str, _photo("sha256")),
    "unit": (str, _told(lambda result: result.unit)),
    "width": (float, _told(lambda result: result.size[0])),
    "height": (float, _told(lambda result: result.size[1])),
    "depth": (float, _told(lambda result: result.size[2])),
    "faces": (int, _told(lambda result: result.mesh.faces)),
    "closed": (bool, _told(lambda result: result.mesh.closed)),
    "object": (str, _told(lambda result: result.object.method)),
    "confidence": (float, _told(lambda result: result.confidence)),
    "warnings": (str, _told(lambda result: "\n".join(shown(text) for text in result.warnings) or None)),
} | {
    f"seconds_{stage}": (float, _seconds(stage))
    for stage in ("read", "photo", "encode", "mesh", "colors", "voxels", "points", "texture", "total", "write")
}


def write_manifest(folder: Path, outcomes: Sequence[Outcome]) -> Path:
    """Write all rows in one step, in the order given, and return the file's path. Raises ExportError.

    The folder is made where it is missing. A manifest in the other format, of an earlier run, is removed.
    """
    columns = {name: [read(outcome) for outcome in outcomes] for name, (_, read) in COLUMNS.items()}
    path, other = (folder / PARQUET, folder / CSV) if find_spec("pyarrow") else (folder / CSV, folder / PARQUET)
    if path.name == PARQUET:
        _write_parquet(path, columns)
    else:
        _write_csv(path, columns)
    other.unlink(missing_ok=True)
    return path


def _write_parquet(path: Path, columns: Mapping[str, list[Any]]) -> None:
    import pyarrow
    import pyarrow.parquet

    kinds = {str: pyarrow.string(), int: pyarrow.int64(), float: pyarrow.float64(), bool: pyarrow.bool_()}
    schema = pyarrow.schema([(name, kinds[kind]) for name, (kind, _) in COLUMNS.items()])
    with atomic_path(path, durable=True) as temporary:
        pyarrow.parquet.write_table(pyarrow.table(dict(columns), schema=schema), temporary)


def _write_csv(path: Path, columns: Mapping[str, list[Any]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    atomic_write(path, text.getvalue(), durable=True)
