"""Rows of an evaluation as tables on disk, CSV or Parquet: one of views, one of objects; an empty cell is missing."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from shapeshot.errors import DatasetError, unknown_name
from shapeshot.evaluation.protocols import EvaluationProtocol
from shapeshot.evaluation.rows import Row, object_means
from shapeshot.files import atomic_write
from shapeshot.scores.aspects import ASPECTS, MESH
from shapeshot.scores.metrics import check_mesh

# A column by its name: as long as every other, None where a value is missing.
Table = Mapping[str, Sequence[Any]]


def rows_table(rows: Sequence[Row], protocol: EvaluationProtocol) -> Table:
    """One line per view: what it is of, every metric of the protocol, the checks of its mesh, seconds, failure."""
    table: dict[str, Sequence[Any]] = {
        name: [getattr(row, name) for row in rows] for name in ("object_id", "kind", "group", "view")
    }
    table |= {metric: [row.scores.get(metric) for row in rows] for metric in protocol.metrics(ASPECTS)}
    if MESH in protocol.scores:
        checks = [row.check.as_dict() if row.check else {} for row in rows]
        table |= {name: [check.get(name) for check in checks] for name in check_mesh(None).as_dict()}
    return table | {
        name: [getattr(row, name) for row in rows] for name in ("seconds", "failure", "nearest_id", "nearest_kind")
    }


def objects_table(rows: Sequence[Row], protocol: EvaluationProtocol) -> Table:
    """One line per object: how many views and failures, and every metric's mean over the views."""
    objects = object_means(rows)
    views = Counter(row.object_id for row in rows)
    failures = Counter(row.object_id for row in rows if row.failure)
    table: dict[str, Sequence[Any]] = {
        name: [getattr(scores, name) for scores in objects] for name in ("object_id", "kind", "group")
    }
    table["views"] = [views[scores.object_id] for scores in objects]
    table["failures"] = [failures[scores.object_id] for scores in objects]
    return table | {metric: [scores.scores.get(metric) for scores in objects] for metric in protocol.metrics(ASPECTS)}


def encode_csv(table: Table) -> bytes:
    """RFC 4180 with a header; numbers to six digits, truth values as 0 and 1."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table)
    writer.writerows([_cell(value) for value in line] for line in zip(*table.values(), strict=True))
    return text.getvalue().encode()


def encode_parquet(table: Table) -> bytes:
    """One row group, typed columns, null where a value is missing."""
    import pyarrow
    import pyarrow.parquet

    buffer = io.BytesIO()
    # A column in which everything is missing has no type of its own; all that can be missing are numbers.
    columns = {
        name: pyarrow.array(values, pyarrow.float64() if all(value is None for value in values) else None)
        for name, values in table.items()
    }
    pyarrow.parquet.write_table(pyarrow.table(columns), buffer)
    return buffer.getvalue()


ROW_FORMATS: dict[str, Callable[[Table], bytes]] = {"csv": encode_csv, "parquet": encode_parquet}


def require_row_format(name: str) -> None:
    """UserError for a format in which rows cannot be written."""
    if name not in ROW_FORMATS:
        raise unknown_name("format of rows", name, ROW_FORMATS)


def write_tables(out: Path, rows: Sequence[Row], protocol: EvaluationProtocol, row_format: str) -> None:
    """Writes rows and objects to folder `out`, and removes those of an earlier report in another format."""
    for name, table in (("rows", rows_table(rows, protocol)), ("objects", objects_table(rows, protocol))):
        atomic_write(out / f"{name}.{row_format}", ROW_FORMATS[row_format](table))
        for other in ROW_FORMATS.keys() - {row_format}:
            (out / f"{name}.{other}").unlink(missing_ok=True)


def read_rows(folder: Path) -> list[dict[str, Any]]:
    """The lines of a report's rows, of either format: column -> text or number, "" or None where it is missing.

    Raises DatasetError where there are none, or they cannot be read.
    """
    try:
        if (path := folder / "rows.parquet").is_file():
            import pyarrow.parquet

            lines: list[dict[str, Any]] = pyarrow.parquet.read_table(path).to_pylist()
        else:
            with (path := folder / "rows.csv").open(newline="", encoding="utf-8") as file:
                lines = list(csv.DictReader(file))
    except (OSError, ValueError, csv.Error) as error:
        raise DatasetError(f"{path} cannot be read ({error}); give the folder of a report that is whole") from error
    if not lines:
        raise DatasetError(f"{path} holds no rows; evaluate again")
    return lines


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    return f"{value:.6g}" if isinstance(value, float) else int(value)
