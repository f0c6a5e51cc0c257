"""Many photos to many files: planning, one photo's work and result.json, runs over folders."""

from shapeshot.batch.library import put_together
from shapeshot.batch.options import BatchOptions
from shapeshot.batch.outputs import PHOTO_SUFFIXES, Target, is_library, plan_targets, result_facts, write_target
from shapeshot.batch.run import run_photos
from shapeshot.batch.work import Outcome

__all__ = [
    "PHOTO_SUFFIXES",
    "BatchOptions",
    "Outcome",
    "Target",
    "is_library",
    "plan_targets",
    "put_together",
    "result_facts",
    "run_photos",
    "write_target",
]
