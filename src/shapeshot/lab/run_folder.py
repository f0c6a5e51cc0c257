"""The folder of one training run: who may write into it, and what a killed run left behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shapeshot.errors import ExportError
from shapeshot.files import remove_leftovers
from shapeshot.jobs.folder_lock import only_run_in

LAST, LOG, CONFIG = "last.safetensors", "log.jsonl", "config.json"


@contextmanager
def own_run_folder(folder: Path, main: bool = True) -> Iterator[None]:
    """Keep a run folder for this process, tidied of what a killed one was writing.

    main: of several processes that train together, only the first owns the folder. Raises FolderInUseError where
    another run trains there, and ExportError where it cannot be written.
    """
    if not main:
        yield
        return
    with only_run_in(folder):
        try:
            (folder / LOG).touch()
            remove_leftovers(folder)
            _mend_log(folder / LOG)
        except OSError as error:
            raise ExportError(f"cannot write into {folder}: {error.strerror or error}; choose another --out") from error
        yield


def log_lines(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines of a run's log, if there is one; of a step that was done twice, around a kill, the last."""
    lines: dict[tuple[int, bool], dict[str, Any]] = {}
    path = folder / LOG
    for text in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            line = json.loads(text)
            lines[int(line["step"]), "val_score" in line] = line
        except (ValueError, KeyError, TypeError):  # torn by a kill, or being written
            continue
    yield from lines.values()


def _mend_log(path: Path) -> None:
    """Cut off a last line that a killed process tore, so that the next line stands by itself."""
    content = path.read_bytes()
    whole, newline, last = content.rpartition(b"\n")
    if not last:
        return
    try:
        json.loads(last)
        torn = b""
    except ValueError:
        torn = last
    with path.open("r+b") as log:
        if torn:
            log.truncate(len(whole + newline))
        else:
            log.seek(0, 2)
            log.write(b"\n")
