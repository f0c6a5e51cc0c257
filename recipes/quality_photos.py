"""The renderings and truths that tests/model/test_quality.py holds the shipped weights to.

    python recipes/quality_photos.py --out tests/model/quality

One view of every seventh validation object of the Sweet Home 3D catalogues, in the order of the published split: none
was chosen by how well it goes. Made by the dataset builder's own code, with its defaults but for 128 pixels.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from shapeshot.data.build import BuildOptions, Job, pack_object
from shapeshot.data.dataset import Record, Sample
from shapeshot.data.shards import unpack_members
from shapeshot.data.solids.solid import downsample_occupancy
from shapeshot.data.sources.sweethome3d import SweetHome3DSource

STEP = 7
NUM_POINTS = 1000
OPTIONS = BuildOptions(views=1, size=128)


def main() -> None:
    """Render, and write a picture an object, truth.npz and objects.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    source = SweetHome3DSource()
    splits = source.splits()
    chosen = [entry for entry in source.entries() if splits[entry.info.id] == "val"][::STEP]
    truth, rows = {}, []
    for entry in chosen:
        info, sample = entry.info, sample_of(Job(entry))
        (out / f"{info.id}.webp").write_bytes(sample.encoded_views()[0])
        solid = downsample_occupancy(sample.solid, 32)
        truth[f"{info.id}/occupancy"] = np.packbits(solid)
        truth[f"{info.id}/points"] = sample.points[:NUM_POINTS].astype(np.float16)
        rows.append({"id": info.id, "name": info.name, "creator": info.creator, "licence": info.licence})
    np.savez_compressed(out / "truth.npz", **truth)
    (out / "objects.json").write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def sample_of(job: Job) -> Sample:
    """One object, as it would lie in a dataset."""
    members = unpack_members(pack_object(job, OPTIONS))
    record = Record(id=job.id, kind=job.entry.info.kind, split="val", group=job.id, shard="", offset=0, length=0)
    return Sample(record, members)


if __name__ == "__main__":
    main()
