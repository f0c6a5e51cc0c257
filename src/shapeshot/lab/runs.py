"""Where runs lie, `runs/TYPE-ARCH` unless told otherwise, and what their checkpoints hold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from shapeshot.errors import ModelError, UserError
from shapeshot.lab.checkpoint import Checkpoint, load_checkpoint
from shapeshot.lab.configure import config_from_checkpoint
from shapeshot.lab.kinds import KINDS
from shapeshot.lab.model import NO_WEIGHTS, SingleViewModel, build_model
from shapeshot.lab.train_config import TrainConfig

RUNS = Path("runs")
BEST = "best.safetensors"


def default_run(kind: str, encoder: str) -> Path:
    """Return the folder of a run for which none was named."""
    return RUNS / f"{kind}-{encoder}"


def find_checkpoint(kind: str | None, encoder: str | None) -> Path:
    """Find the best checkpoint under `runs/` of a kind and an encoder (None: of any), the newest of several.

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
    """Read the best checkpoint of a run folder, or the checkpoint file `path`.

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
    """Return the settings that a checkpoint was trained with. Raises ModelError where they are not understood."""
    try:
        return config_from_checkpoint(checkpoint.values["config"])
    except (KeyError, UserError) as error:
        raise ModelError(f"{name} has no settings that this shapeshot understands ({error}); train again") from error


def model_of(checkpoint: Checkpoint) -> SingleViewModel:
    """Build the network of a best checkpoint, in evaluation mode. Raises ModelError where its weights do not fit."""
    config = config_of(checkpoint)
    try:
        # The checkpoint holds every weight: there are none to fetch for the encoder. Older ones know no architecture.
        model = build_model(replace(config.model, encoder_weights=NO_WEIGHTS), checkpoint.values.get("architecture"))
        model.load_state_dict(checkpoint.tensors["model"])
    except (UserError, KeyError, RuntimeError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise ModelError(f"the checkpoint's weights do not fit its configuration ({error}); train again") from error
    if not all(bool(weights.isfinite().all()) for weights in model.state_dict().values()):
        raise ModelError("the checkpoint holds weights that are not finite; train again, with a lower --lr")
    return model.eval()


def threshold_of(checkpoint: Checkpoint) -> float | None:
    """Return the probability at which its shapes are cut, fixed by validation; None for kinds that are not cut.

    Raises ModelError for a checkpoint that was never validated, or has no sound threshold.
    """
    if "threshold" not in checkpoint.values:
        raise ModelError("this checkpoint has no threshold; give the run folder, or its best checkpoint")
    threshold, kind = checkpoint.values["threshold"], config_of(checkpoint).model.type
    if not KINDS[kind].thresholds:
        return None
    if not isinstance(threshold, float) or not 0 < threshold < 1:
        raise ModelError(f"this checkpoint's threshold must lie between 0 and 1; got {threshold!r}: train again")
    return threshold
