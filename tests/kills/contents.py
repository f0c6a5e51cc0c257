"""What the files of a finished folder hold, less what differs from time to time: seconds, and the order of work."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

TIMED = ("seconds", "timings", "costs", "curves", "train_seconds", "score_seconds")  # keys and columns
PAGES = ("report.html", "report.md")  # have times in their text; results.json beside them has all else
Contents = dict[str, Any]


def contents(folder: Path) -> Contents:
    """Every file below a folder, hidden ones too, by its path; of one that is half-written, why it cannot be read."""
    found: Contents = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            try:
                found[str(path.relative_to(folder))] = content(path)
            except Exception as error:
                found[str(path.relative_to(folder))] = f"cannot be read: {type(error).__name__}: {error}"
    return found


def content(path: Path) -> Any:
    """What one file says. Raises what reading it raises."""
    if path.name in PAGES:
        return "a page"
    if path.name == "manifest.parquet":
        return _photos(path)
    if path.suffix == ".safetensors":
        return _checkpoint(path)
    if path.suffix == ".jsonl":
        return _log(path)
    if path.suffix == ".csv":
        return [_untimed(row) for row in csv.DictReader(path.read_text().splitlines())]
    if path.name in ("result.json", "results.json"):
        return _untimed(json.loads(path.read_text()))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _untimed(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key not in TIMED}


def _photos(path: Path) -> dict[str, bool]:
    """Of each photo, whether it is there: made by this run or by an earlier one."""
    import pyarrow.parquet

    rows = pyarrow.parquet.read_table(path, use_threads=False).to_pylist()
    return {row["photo"]: row["outcome"] in ("done", "kept") for row in rows}


def _checkpoint(path: Path) -> dict[str, Any]:
    """Digests of the tensors; loading it compares them with its own."""
    from shapeshot.lab.checkpoint import load_checkpoint

    groups = load_checkpoint(path).tensors
    return {
        f"{group}/{name}": hashlib.sha256(value.contiguous().numpy().tobytes()).hexdigest()
        for group, members in groups.items()
        for name, value in members.items()
    }


def _log(path: Path) -> list[dict[str, Any]]:
    """The lines of a run's log, each step once."""
    from shapeshot.lab.run_folder import log_lines

    return sorted((_untimed(line) for line in log_lines(path.parent)), key=lambda line: (line["step"], len(line)))
