"""Where runs lie: `runs/TYPE-ARCH` unless told otherwise, so that evaluation finds what training left."""

from __future__ import annotations

from pathlib import Path

from shapeshot.errors import ModelError
from shapeshot.lab.checkpoint import Checkpoint, load_checkpoint

RUNS = Path("runs")
BEST = "best.safetensors"


def default_run(kind: str, encoder: str) -> Path:
    """The folder of a run for which none was named."""
    return RUNS / f"{kind}-{encoder}"


def find_checkpoint(kind: str | None, encoder: str | None) -> Path:
    """The best checkpoint under `runs/` of a kind and an encoder (None: of any), the newest of several.

    Raises ModelError where there is none.
    """
    pattern = f"{kind or '*'}-{encoder or '*'}"
    found = sorted(RUNS.glob(f"{pattern}/{BEST}"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise ModelError(
            f"no checkpoint in {RUNS / pattern}; train one with `train_model.py --type {kind or 'TYPE'} "
            f"--arch {encoder or 'ARCH'}`, or give its path: --load-checkpoint RUN"
        )
    return found[-1]


def open_checkpoint(path: str | Path, kind: str | None = None) -> Checkpoint:
    """The best checkpoint of a run folder, or the checkpoint file `path`. Raises ModelError for one of another kind."""
    path = Path(path)
    file = path / BEST if path.is_dir() else path
    checkpoint = load_checkpoint(file)
    found = checkpoint.values.get("config", {}).get("model", {}).get("type", "field")
    if kind is not None and found != kind:
        raise ModelError(f"{file} holds a model of type {found}, not {kind}; give --type {found} or another checkpoint")
    return checkpoint
