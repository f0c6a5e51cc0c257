"""Where curves go besides log.jsonl: TensorBoard, or any tracker that accelerate knows."""

from __future__ import annotations

from pathlib import Path

from accelerate import Accelerator
from accelerate.tracking import LOGGER_TYPE_TO_CLASS, get_available_trackers

from shapeshot.errors import UserError, unknown_name
from shapeshot.lab.train_config import TrainConfig

NONE = "none"


def start_tracker(accelerator: Accelerator, config: TrainConfig, folder: Path) -> None:
    """Let `accelerator.log` write to the run's tracker, in the folder `tracking` of the run.

    Raises UserError for an unknown name and for a tracker that is not installed.
    """
    name = config.tracker
    if name == NONE:
        return
    known = [str(tracker) for tracker in LOGGER_TYPE_TO_CLASS]
    if name not in known:
        raise unknown_name("tracker", name, [*known, NONE])
    if name not in map(str, get_available_trackers()):
        raise UserError(f"the tracker {name} is not installed; install its package, or pass --tracker none")
    accelerator.log_with = [name]
    accelerator.project_configuration.set_directories(str(folder))
    accelerator.init_trackers("tracking")
