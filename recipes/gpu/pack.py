"""Pack data sets, settings and starting weights for a machine with a GPU; see README.md beside this file.

python recipes/gpu/pack.py --config recipes/second.json --data datasets/sweethome3d --out gpu
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path

import numpy as np
from chunks import CHUNK_BYTES, CONFIG, SPLITS, START, ChunkWriter, Item
from safetensors.torch import save_file
from tqdm import tqdm

from shapeshot.data.dataset import Dataset, Sample, require_objects, training_ids
from shapeshot.data.solids.solid import downsample_occupancy
from shapeshot.errors import UserError
from shapeshot.files import atomic_path, atomic_write
from shapeshot.lab.configure import load_config
from shapeshot.lab.model import build_model
from shapeshot.lab.runs import model_of, open_checkpoint
from shapeshot.lab.settings import to_json

NUM_POINTS = 2048


def main() -> None:
    """Write chunks, settings and starting weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, required=True, help="settings of the training, as for `shapeshot train`")
    parser.add_argument("--data", nargs="+", required=True, help="folders that `shapeshot data build` wrote")
    parser.add_argument("--start", type=Path, help="a run or checkpoint to start from; by default the config's weights")
    parser.add_argument("--views", type=int, default=8, help="of each object, at most (8)")
    parser.add_argument("--resolution", type=int, default=64, help="of the solids: 32, 64 or 128 (64)")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    config = dataclasses.replace(load_config(args.config), data=tuple(args.data), init="")
    if config.model.type != "field":
        parser.error(f"the kit draws queries for models of type field; {args.config} trains {config.model.type}")
    if args.start is None:
        model, architecture = build_model(config.model), None
    else:
        checkpoint = open_checkpoint(args.start)
        model, architecture = model_of(checkpoint), checkpoint.values.get("architecture")
    args.out.mkdir(parents=True, exist_ok=True)
    for stale in args.out.glob("chunk-*.npz"):
        stale.unlink()
    pack(args.data, args.out, args.views, args.resolution)
    with atomic_path(args.out / START) as temporary:
        save_file({name: value.contiguous() for name, value in model.state_dict().items()}, temporary)
    atomic_write(args.out / CONFIG, json.dumps({"config": to_json(config), "architecture": architecture}, indent=1))


def pack(folders: list[str], out: Path, num_views: int, resolution: int, limit: int = CHUNK_BYTES) -> None:
    """Write the train and val splits of several data sets as chunks."""
    datasets = [Dataset.open(folder) for folder in folders]
    chosen = [(0, dataset, key) for dataset, key in training_ids(datasets)]
    chosen += [(1, dataset, key) for dataset in datasets for key in dataset.ids("val")]
    for split, name in enumerate(SPLITS):
        require_objects([key for number, _, key in chosen if number == split], name, ", ".join(folders))
    writer = ChunkWriter(out, limit)
    for split, dataset, key in tqdm(chosen, desc="packing", unit="obj"):
        writer.add(packed(dataset.sample(key), split, num_views, resolution))
    writer.flush()


def packed(sample: Sample, split: int, num_views: int, resolution: int) -> Item:
    """One object as it travels: at most `num_views` views, spread over all of them, so that rooms are among them."""
    every = sample.encoded_views()
    chosen = np.unique(np.linspace(0, len(every) - 1, min(num_views, len(every))).round().astype(int))
    points = np.random.default_rng(0).permutation(len(sample.points))
    points = np.resize(points, NUM_POINTS)
    rooms = np.asarray(getattr(sample, "rooms", np.zeros(len(every), bool)))
    return Item(
        split,
        tuple(every[index] for index in chosen),
        rooms[chosen],
        downsample_occupancy(sample.solid, resolution),
        sample.points[points],
        sample.colors[points],
    )


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"pack.py: {error}")
