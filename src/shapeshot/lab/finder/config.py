"""The settings of a finder's training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from shapeshot.errors import UserError
from shapeshot.lab.finder.shares import SHARES


@dataclass(frozen=True)
class FinderConfig:
    """data: datasets with pictures in rooms. photos: a folder of photographs for backgrounds. weights: of the encoder.

    cutouts: collections of further cut-outs for the training alone, each of one or more folders: of pictures with
    alpha, or datasets, whose training objects outside rooms are taken. further: share of the composed objects that come
    from these, from each collection as many. hinted: share of the examples with clicks or strokes. other_meant: of
    those with other objects, the share in which one of these is meant.
    init: a finder's checkpoint whose averaged weights the training starts from; empty for the encoder's alone.
    stages: of the training, (steps, side in pixels, batch size) each, one after another.
    lr, encoder_lr: the highest learning rates of AdamW, of the decoder and of the encoder. warmup: steps until then.
    ema: how much of the moving average a step keeps. seed: of everything random.
    corrected: share of the steps in which all clicks go where the network is wrong, as a person's do.
    val_scenes: how many fixed scenes of the val split each validation scores.
    """

    data: tuple[str, ...]
    photos: str
    cutouts: tuple[tuple[str, ...], ...] = ()
    further: float = SHARES.further
    hinted: float = SHARES.hinted
    other_meant: float = SHARES.other_meant
    weights: str = "pretrained"
    init: str = ""
    stages: tuple[tuple[int, int, int], ...] = ((2400, 160, 16), (1600, 224, 12))
    lr: float = 2e-3
    encoder_lr: float = 5e-4
    weight_decay: float = 0.01
    warmup: int = 100
    ema: float = 0.998
    seed: int = 0
    corrected: float = 0.0
    val_every: int = 400
    val_scenes: int = 160
    save_every: int = 100
    bfloat16: bool = True

    @property
    def max_iter(self) -> int:
        """The steps of all stages."""
        return sum(steps for steps, _, _ in self.stages)

    def stage(self, step: int) -> tuple[int, int]:
        """Side and batch size of a step, counted from 0."""
        for steps, side, batch in self.stages:
            if step < steps:
                return side, batch
            step -= steps
        return self.stages[-1][1:]

    @classmethod
    def read(cls, path: Path) -> FinderConfig:
        """Read a JSON file. Raises UserError for what is no configuration."""
        import json

        try:
            return cls.from_json(json.loads(path.read_text()))
        except (OSError, ValueError, RecursionError) as error:
            raise UserError(f"cannot read the configuration {path} ({error})") from error

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> FinderConfig:
        """Make a configuration of JSON values. Raises UserError for unknown settings and wrong types."""
        if not isinstance(values, Mapping):
            raise UserError("a configuration is one JSON object")
        known = {field.name: field for field in fields(cls)}
        for name in values:
            if name not in known:
                raise UserError(f"there is no setting {name!r}; there are {', '.join(known)}")
        try:
            made = cls(
                **{
                    **values,
                    "data": tuple(str(name) for name in values["data"]),
                    "cutouts": _collections(values.get("cutouts", ())),
                    "stages": tuple(tuple(int(n) for n in stage) for stage in values.get("stages", cls.stages)),
                }
            )
            made.check()
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(f"the configuration is incomplete or has a wrong value ({error})") from error
        return made

    def check(self) -> None:
        """Raise UserError for values that no training can have."""
        from shapeshot.lab.finder.network import STRIDE

        if not self.data or not self.stages:
            raise UserError("a finder's training needs at least one dataset and one stage")
        for stage in self.stages:
            if len(stage) != 3 or min(stage) < 1 or stage[1] % STRIDE:
                raise UserError(
                    f"a stage is steps, side and batch size, all positive, the side a multiple of {STRIDE}; got {stage}"
                )
        for name in ("further", "hinted", "other_meant", "corrected"):
            if not 0 <= getattr(self, name) <= 1:
                raise UserError(f"{name} is a share, from 0 to 1; got {getattr(self, name)}")

    def to_json(self) -> dict[str, Any]:
        """The settings as JSON values."""
        return asdict(self)


def _collections(values: Sequence[str | Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """Collections of one folder, or of several that count as one. Raises ValueError where one has none."""
    if isinstance(values, str):
        raise ValueError(f"cutouts is a list of folders; got {values!r}")
    collections = tuple(
        (value,) if isinstance(value, str) else tuple(str(folder) for folder in value) for value in values
    )
    if not all(collections):
        raise ValueError("a collection of cutouts needs a folder")
    return collections
