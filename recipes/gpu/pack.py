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
from chunks import CHUNK_BYTES, CONFIG, SPLITS, START, ChunkWriter, Item, chunk_sizes, turns
from safetensors.torch import save_file
from supervision import SUPERVISIONS
from tqdm import tqdm

from shapeshot.data.dataset import Dataset, Sample, require_objects, training_ids
from shapeshot.data.solids.solid import downsample_occupancy
from shapeshot.errors import DatasetError, UserError
from shapeshot.files import atomic_path, atomic_write
from shapeshot.lab.configure import load_config
from shapeshot.lab.model import NO_WEIGHTS, ModelConfig, SingleViewModel, build_model
from shapeshot.lab.runs import open_checkpoint
from shapeshot.lab.settings import to_json

NUM_POINTS = 2048


def main() -> None:
    """Write chunks, settings and starting weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, required=True, help="settings of the training, as for `shapeshot train`")
    parser.add_argument("--data", nargs="+", required=True, help="folders that `shapeshot data build` wrote")
    parser.add_argument("--start", type=Path, help="a run or checkpoint to start from; by default the config's init")
    parser.add_argument("--views", type=int, default=8, help="of each object, at most (8)")
    parser.add_argument("--resolution", type=int, help="of the solids: 32, 64 or 128 (64; of a view's 128)")
    parser.add_argument("--points", type=int, default=NUM_POINTS, help=f"of each object's surface ({NUM_POINTS})")
    parser.add_argument("--turn-mib", type=float, default=CHUNK_BYTES / 2**20, help="that travel at a time (60)")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    config = load_config(args.config)
    kind = config.model.type
    if kind not in SUPERVISIONS:
        parser.error(f"the kit trains models of type {', '.join(SUPERVISIONS)}; {args.config} trains {kind}")
    model, architecture = started(config.model, args.start or config.init)
    config = dataclasses.replace(config, data=tuple(args.data), init="", tracker="none")
    resolution = args.resolution or SUPERVISIONS[kind].resolution
    limit = int(args.turn_mib * 2**20)
    args.out.mkdir(parents=True, exist_ok=True)
    for stale in args.out.glob("chunk-*.npz"):
        stale.unlink()
    need_cameras = SUPERVISIONS[kind].needs_cameras
    pack(args.data, args.out, args.views, resolution, limit, args.points, need_cameras)
    with atomic_path(args.out / START) as temporary:
        save_file({name: value.contiguous() for name, value in model.state_dict().items()}, temporary)
    told = {"config": to_json(config), "architecture": architecture, "chunks": chunk_sizes(args.out)}
    atomic_write(args.out / CONFIG, json.dumps(told, indent=1))
    for number, paths in enumerate(turns([*args.out.glob("chunk-*.npz"), args.out / START], limit)):
        size = sum(path.stat().st_size for path in paths) / 2**20
        print(f"turn {number + 1}: {' '.join(map(str, sorted(paths)))} ({size:.1f} MiB)")
    print(f"with each: {args.out / CONFIG}")


def started(config: ModelConfig, init: str | Path) -> tuple[SingleViewModel, dict[str, object] | None]:
    """The network to start from and its encoder's architecture: with the weights of `init`, or as its settings say.

    Raises UserError where the weights are of another network.
    """
    if not str(init):
        return build_model(config), None
    checkpoint = open_checkpoint(init, config.type)
    architecture = checkpoint.values.get("architecture")
    model = build_model(dataclasses.replace(config, encoder_weights=NO_WEIGHTS), architecture)
    try:
        model.load_state_dict(checkpoint.tensors["model"])
    except (KeyError, RuntimeError) as error:
        raise UserError(f"the weights of {init} do not fit this model ({error}); give a run of the same") from error
    return model, architecture


def pack(
    folders: list[str],
    out: Path,
    num_views: int,
    resolution: int,
    limit: int = CHUNK_BYTES,
    num_points: int = NUM_POINTS,
    need_cameras: bool = False,
) -> None:
    """Write the train and val splits of several data sets as chunks."""
    datasets = [Dataset.open(folder) for folder in folders]
    chosen = [(0, dataset, key) for dataset, key in training_ids(datasets)]
    chosen += [(1, dataset, key) for dataset in datasets for key in dataset.ids("val")]
    for split, name in enumerate(SPLITS):
        require_objects([key for number, _, key in chosen if number == split], name, ", ".join(folders))
    writer = ChunkWriter(out, limit)
    for split, dataset, key in tqdm(chosen, desc="packing", unit="obj"):
        sample = dataset.sample(key)
        if need_cameras and not sample.has_geometry:
            raise DatasetError(f"the cameras of {key}'s views are not known; a view model cannot be trained on it")
        writer.add(packed(sample, split, num_views, resolution, num_points))
    writer.flush()


def packed(sample: Sample, split: int, num_views: int, resolution: int, num_points: int = NUM_POINTS) -> Item:
    """One object as it travels: at most `num_views` views, spread over all of them, so that rooms are among them."""
    every = sample.encoded_views()
    chosen = np.unique(np.linspace(0, len(every) - 1, min(num_views, len(every))).round().astype(int))
    points = np.random.default_rng(0).permutation(len(sample.points))
    points = np.resize(points, num_points)
    rooms = np.asarray(getattr(sample, "rooms", np.zeros(len(every), bool)))
    return Item(
        split,
        tuple(every[index] for index in chosen),
        rooms[chosen],
        cameras_of(sample, len(every))[chosen],
        downsample_occupancy(sample.solid, resolution),
        sample.points[points],
        sample.colors[points],
    )


def cameras_of(sample: Sample, count: int) -> np.ndarray:
    """The cameras of all views, float64 [count, 4] as a chunk has them."""
    if not sample.has_geometry:  # without it a source's cameras do not fit its pictures
        return np.full((count, 4), np.nan)
    rows = [(camera.azimuth_deg, camera.elevation_deg, camera.distance, camera.fov_deg) for camera in sample.cameras]
    return np.array(rows, np.float64)


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"pack.py: {error}")
