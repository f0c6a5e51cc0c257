"""Where curves go besides log.jsonl: TensorBoard, or any tracker that accelerate knows."""

from __future__ import annotations

from pathlib import Path

from accelerate import Accelerator
from accelerate.tracking import LOGGER_TYPE_TO_CLASS, get_available_trackers

from shapeshot.errors import UserError

NONE = "none"
TRACKERS = (*map(str, LOGGER_TYPE_TO_CLASS), NONE)


def require_tracker(name: str) -> None:
    """Raise UserError for a tracker, one of TRACKERS, whose package is not installed."""
    if name != NONE and name not in map(str, get_available_trackers()):
        raise UserError(f"the tracker {name} is not installed; install its package, or pass --tracker none")


def start_tracker(accelerator: Accelerator, name: str, folder: Path) -> None:
    """Let `accelerator.log` write to the tracker `name`, in the folder `tracking` of the run's `folder`."""
    if name == NONE:
        return
    require_tracker(name)
    accelerator.log_with = [name]
    accelerator.project_configuration.set_directories(str(folder))
    accelerator.init_trackers("tracking")
