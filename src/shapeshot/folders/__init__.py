"""Many photos to many files: planning, one photo's work and result.json, runs over folders."""

from shapeshot.folders.library import put_together
from shapeshot.folders.listing import list_photos
from shapeshot.folders.options import BatchOptions
from shapeshot.folders.outputs import Target, is_library, plan_targets, result_facts, write_target
from shapeshot.folders.run import run_photos
from shapeshot.folders.work import Outcome

__all__ = [
    "BatchOptions",
    "Outcome",
    "Target",
    "is_library",
    "list_photos",
    "plan_targets",
    "put_together",
    "result_facts",
    "run_photos",
    "write_target",
]
