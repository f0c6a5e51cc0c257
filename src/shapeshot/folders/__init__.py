"""Many photos to many files: planning, one photo's work and result.json, runs over folders."""

from shapeshot.folders.library import put_together, take_apart
from shapeshot.folders.listing import list_photos
from shapeshot.folders.run import run_photos
from shapeshot.folders.targets import Target, is_library, plan_targets
from shapeshot.folders.work import Outcome

__all__ = [
    "Outcome",
    "Target",
    "is_library",
    "list_photos",
    "plan_targets",
    "put_together",
    "run_photos",
    "take_apart",
]
