"""Datasets: the manifest and a shard, and what lies in it."""

from __future__ import annotations

import json
import random
import tempfile
from pathlib import Path

from box_datasets import BOXES, box_members, write_boxes
from bundles import Files, damaged, written
from isolated import MIB

from shapeshot.data.dataset import MANIFEST, Dataset
from shapeshot.data.shards import pack_members

SHARD = "shard-00000.tar"
PARTS = ("info", "cameras", "rooms", "encoded_views", "geometry", "solid", "points", "normals", "colors")
PARTS += ("vertices", "faces")


class Shards:
    """Reads every part of every object."""

    seconds, memory = 10.0, 1024 * MIB

    def __init__(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = write_boxes(Path(folder) / "boxes", BOXES[:2])
            self.good = [{name: (path / name).read_bytes() for name in (MANIFEST, SHARD)}]
        self._members = [box_members(object_id, kind, sides) for object_id, kind, _, sides in BOXES[:2]]

    def make(self, chance: random.Random) -> Files:
        """A dataset with a damaged file, or one with a damaged member in a sound file."""
        if chance.random() < 0.5:
            return damaged(self.good[0], self.good, chance)
        members = damaged(self._members[0], self._members, chance)
        packed, manifest = pack_members(BOXES[0][0], members), json.loads(self.good[0][MANIFEST])
        manifest["objects"] = [manifest["objects"][0] | {"offset": 0, "length": len(packed)}]
        return {MANIFEST: json.dumps(manifest).encode(), SHARD: packed}

    def read(self, files: Files, folder: Path) -> str:
        """All that is in it."""
        dataset = Dataset.open(written(files, folder))
        for object_id in dataset.ids():
            sample = dataset.sample(object_id)
            for part in PARTS:
                getattr(sample, part)
            for index in range(sample.num_views):
                sample.view(index)
        return f"{len(dataset)} read"
