"""Where curves go besides log.jsonl: TensorBoard, or any tracker that accelerate knows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from shapeshot.errors import UserError

if TYPE_CHECKING:
    from accelerate import Accelerator

NONE = "none"


def _known() -> tuple[str, ...]:
    """The names that accelerate has; on a borrowed machine without it (recipes/gpu) the default's alone."""
    try:
        from accelerate.tracking import LOGGER_TYPE_TO_CLASS
    except ImportError:
        return ("tensorboard",)
    return tuple(map(str, LOGGER_TYPE_TO_CLASS))


TRACKERS = (*_known(), NONE)


def require_tracker(name: str) -> None:
    """Raise UserError for a tracker, one of TRACKERS, whose package is not installed."""
    if name == NONE:
        return
    from accelerate.tracking import get_available_trackers

    if name not in map(str, get_available_trackers()):
        raise UserError(f"the tracker {name} is not installed; install its package, or pass --tracker none")


def start_tracker(accelerator: Accelerator, name: str, folder: Path) -> None:
    """Let `accelerator.log` write to the tracker `name`, in the folder `tracking` of the run's `folder`."""
    if name == NONE:
        return
    require_tracker(name)
    accelerator.log_with = [name]
    accelerator.project_configuration.set_directories(str(folder))
    accelerator.init_trackers("tracking")
