"""One furniture library of many photos: the pieces of a run put together, and taken apart again for the next run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from shapeshot.export.sh3f import FurnitureLabels, merge_libraries, pieces_of
from shapeshot.files import atomic_write
from shapeshot.folders.targets import RESULT, Target, parts_folder
from shapeshot.folders.work import Outcome
from shapeshot.pipeline.json_values import from_json
from shapeshot.pipeline.result import Result


def take_apart(library: Path, targets: Sequence[Target]) -> None:
    """Put the pieces of the library of an earlier run back where a run looks for what is done already.

    Each piece of a library of many photos has its result.json beside it, by which the run sees whether it still is what
    it would make. Without such a library, or where it is damaged, nothing is put back and all is made again.
    """
    missing = {target.file_name: target for target in targets if not (target.path / RESULT).exists()}
    if len(targets) < 2 or not missing or not library.is_file():
        return

    def name_of(note: bytes) -> str | None:
        name = _file_name_in(note)
        return Path(name).stem if name in missing and name is not None else None

    for note, piece in pieces_of(library, name_of):
        target = missing[_file_name_in(note)]
        atomic_write(target.path / str(target.file_name), piece)
        atomic_write(target.path / RESULT, note)  # last: where it is, all is


def put_together(library: Path, outcomes: Sequence[Outcome], labels: FurnitureLabels) -> int:
    """Write the library of all pieces that were made, in the order of the photos; how many there are.

    The parts are removed: the library holds what the next run needs of them, and of a photo that failed there is none.
    Without a single piece no library is written, and one that is there stays. Raises ExportError.
    """
    made = [outcome for outcome in outcomes if outcome.status in ("done", "kept")]
    if not made:
        with suppress(OSError):  # where nothing is in it
            parts_folder(library).rmdir()
        return 0
    parts = (next(iter(outcome.target.files.values())) for outcome in made)
    count = merge_libraries(parts, library, labels, note=_note_of if len(outcomes) > 1 else None)
    shutil.rmtree(parts_folder(library), ignore_errors=True)
    return count


def _note_of(part: Path) -> bytes:
    return part.with_name(RESULT).read_bytes()


def _file_name_in(note: bytes) -> str | None:
    """The name that a piece's file had, as its result.json tells it; None where that cannot be read."""
    try:
        files = from_json(Result, json.loads(note)).files
    except (ValueError, RecursionError):
        return None
    return next(iter(files.values()), None) if files else None
