"""A run killed with SIGKILL again and again: `killed_run.py CONFIG FOLDER STEP:SECONDS ...`, then let through.

Each child is forked from this process, which has imported everything, trains in FOLDER and is killed that many seconds
after it wrote the checkpoint of STEP, wherever it is by then: in a step, in validation, in the middle of writing.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

import torch

from shapeshot.lab.configure import load_config
from shapeshot.lab.run_folder import LAST
from shapeshot.lab.runs import BEST  # noqa: F401 (imports what the children need)
from shapeshot.lab.train import train


def saved_step(folder: Path) -> int:
    """The step of the last whole checkpoint, 0 where there is none."""
    path = folder / LAST
    if not path.exists():
        return 0
    with path.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    return json.loads(header["__metadata__"]["values"])["step"]


def start(config: str, folder: Path) -> int:
    child = os.fork()
    if child == 0:
        torch.set_num_threads(1)
        train(load_config(config), folder, progress=False)
        os._exit(0)
    return child


config, folder = sys.argv[1], Path(sys.argv[2])
for kill in sys.argv[3:]:
    step, seconds = kill.split(":")
    child = start(config, folder)
    while saved_step(folder) < int(step):
        if os.waitpid(child, os.WNOHANG)[0]:
            sys.exit(f"ended before step {step}")
        time.sleep(0.001)
    time.sleep(float(seconds))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    print("killed")
sys.exit(os.waitpid(start(config, folder), 0)[1])
