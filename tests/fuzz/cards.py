"""Model folders: the card, what it says of the files, and files that a card vouches for."""

from __future__ import annotations

import hashlib
import json
import random
import tempfile
from pathlib import Path

import numpy as np
from bundles import Files, damaged, written
from hand_models import SIZE, shown, small_memory, write_model
from isolated import MIB

from checkpoints import odd_values
from shapeshot.model.field_model import FieldModel
from shapeshot.model.folder import CARD, HEADS_FILE, MEMORY_FILE
from shapeshot.model.heads import Calibration, FamiliarityHead, Heads, Look, PointHead, SizeHead


def heads() -> Heads:
    """Every head, on three features."""
    look, sizes = Look(np.zeros(3), np.ones(3), np.eye(3)), np.zeros((3, 3))
    size = SizeHead(np.eye(3), sizes, bandwidth=0.05, half_width=np.array([2.0, 2.0, 3.0]), coverage=0.9)
    points = PointHead(np.zeros(21), np.ones(21), np.full(21, 0.1), 0.2, 0.05)
    return Heads(look, size, FamiliarityHead(np.eye(3), neighbour=1, limit=0.5), Calibration(2.0, -0.3), points)


class Cards:
    """Loads each model, has it see a photo, and asks for the field."""

    seconds, memory = 10.0, 1024 * MIB

    def __init__(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = write_model(Path(folder))
            seed = {name.name: name.read_bytes() for name in sorted(path.iterdir())}
        seed |= {HEADS_FILE: heads().encode(), MEMORY_FILE: small_memory().encode()}
        self.good = [vouched_for(seed)]

    def make(self, chance: random.Random) -> Files:
        """A damaged card or one with an odd value; or a damaged file that the card vouches for."""
        kind = chance.random()
        if kind < 0.2:
            return damaged(self.good[0], self.good, chance, [CARD])
        if kind < 0.5:
            card = odd_values(json.loads(self.good[0][CARD]), chance)
            return {**self.good[0], CARD: json.dumps(card).encode()}
        arrays = [HEADS_FILE, MEMORY_FILE]
        return vouched_for(damaged(self.good[0], self.good, chance, arrays if chance.random() < 0.7 else ()))

    def read(self, files: Files, folder: Path) -> str:
        """Everything that a photo asks of a model."""
        model = FieldModel.load(written(files, folder), num_threads=1)
        seen = model.see(shown(np.full((SIZE, SIZE, 3), 90, np.uint8)))
        seen.field(8)
        seen.colors_at(np.zeros((2, 3), np.float32))
        _ = model.name, model.threshold, model.level
        heads = model.heads
        heads.estimate_size(np.ones(3))
        heads.judge(np.ones(3))
        return "read"


def vouched_for(files: Files) -> dict[str, bytes]:
    """The same files with a card that has their checksums; where the card is damaged, as they are."""
    try:
        card = json.loads(files[CARD])
        card["sha256"] = {name: hashlib.sha256(content).hexdigest() for name, content in files.items() if name != CARD}
    except (ValueError, TypeError, RecursionError):
        return dict(files)
    return {**files, CARD: json.dumps(card).encode()}
