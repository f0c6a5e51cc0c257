"""One furniture library of many photos: the pieces of a run put together."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from shapeshot.export.sh3f import FurnitureLabels, merge_libraries
from shapeshot.folders.outputs import parts_folder
from shapeshot.folders.work import Outcome


def put_together(library: Path, outcomes: Sequence[Outcome], labels: FurnitureLabels) -> int:
    """Write the library of all pieces that were made, in the order of the photos; how many there are.

    Where every photo gave one, the parts are removed; else they stay, so that the same run again does only what is
    missing. Without a single piece no library is written, and one that is there stays. Raises ExportError.
    """
    made = [outcome for outcome in outcomes if outcome.status in ("done", "kept")]
    if not made:
        return 0
    count = merge_libraries((next(iter(outcome.target.files.values())) for outcome in made), library, labels)
    if count == len(outcomes):
        shutil.rmtree(parts_folder(library), ignore_errors=True)
    return count
