"""Where runs lie: `runs/TYPE-ARCH` unless told otherwise, so that evaluation finds what training left."""

from __future__ import annotations

from pathlib import Path

from shapeshot.errors import ModelError, UserError
from shapeshot.lab.checkpoint import Checkpoint, load_checkpoint
from shapeshot.lab.train_config import TrainConfig, from_json
from shapeshot.lab.model import require_names

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


def open_checkpoint(path: str | Path, kind: str | None = None, encoder: str | None = None) -> Checkpoint:
    """The best checkpoint of a run folder, or the checkpoint file `path`.

    Raises ModelError for one of another kind, or with another encoder, than asked for (None: any).
    """
    path = Path(path)
    file = path / BEST if path.is_dir() else path
    checkpoint = load_checkpoint(file)
    found = config_of(checkpoint, file).model
    if kind is not None and found.type != kind:
        raise ModelError(
            f"{file} holds a model of type {found.type}, not {kind}; give --type {found.type} or another checkpoint"
        )
    if encoder is not None and found.encoder != encoder:
        raise ModelError(
            f"{file} has the encoder {found.encoder}, not {encoder}; give --arch {found.encoder} or another checkpoint"
        )
    return checkpoint


def config_of(checkpoint: Checkpoint, name: str | Path = "the checkpoint") -> TrainConfig:
    """The settings that a checkpoint was trained with. Raises ModelError where they are missing or not understood."""
    try:
        config: TrainConfig = from_json(TrainConfig, checkpoint.values["config"])
        require_names(config.model)
    except (KeyError, UserError) as error:
        raise ModelError(f"{name} has no settings that this shapeshot understands ({error}); train again") from error
    return config
