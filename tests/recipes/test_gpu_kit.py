"""The kit for a borrowed GPU: its twins of augmentation and sampling, and pack, train and bring home end to end."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from box_datasets import BOXES, write_boxes
from gpu_kit import KIT, kit

from shapeshot.data.augment import plain_crop
from shapeshot.data.dataset import Dataset
from shapeshot.data.solids.solid import downsample_occupancy

TOY = {
    "model": {"type": "field", "encoder_weights": "none", "image_size": 64, "width": 32, "depth": 1, "channels": 8}
    | {"resolution": 8, "hidden": 16, "num_heads": 2, "update_statistics": True},
    "num_queries": 64,
    "warmup": 2,
    "val_views": 1,
}


@pytest.fixture
def packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Dataset]:
    """Chunks of the boxes, small enough to be several."""
    folder = write_boxes(tmp_path / "boxes", BOXES)
    pack = kit("pack", monkeypatch)
    (tmp_path / "gpu").mkdir()
    pack.pack([str(folder)], tmp_path / "gpu", 2, 64, limit=40_000)
    return tmp_path / "gpu", Dataset.open(folder)


def test_every_object_travels_in_chunks_under_the_limit(packed: tuple[Path, Dataset], monkeypatch) -> None:
    folder, dataset = packed
    chunks = sorted(folder.glob("chunk-*.npz"))
    assert len(chunks) > 1
    assert all(chunk.stat().st_size < 60_000 for chunk in chunks)
    device = kit("device_data", monkeypatch)
    train, val = (device.load(folder, split, 96, torch.device("cpu")) for split in (0, 1))
    assert (len(train), len(val)) == (len(dataset.ids("train")), len(dataset.ids("val")))
    assert train.num_views.tolist() == [2] * len(train)


def test_queries_tell_what_the_solid_says(packed: tuple[Path, Dataset], monkeypatch) -> None:
    folder, dataset = packed
    device = kit("device_data", monkeypatch)
    data = device.load(folder, 0, 96, torch.device("cpu"))
    generator = torch.Generator().manual_seed(0)
    objects = torch.tensor([1, 2])
    mirrored = torch.tensor([False, True])
    drawn = device.queries(data, objects, mirrored, 4000, generator)
    for row, key in enumerate(np.array(dataset.ids("train"))[objects]):
        solid = downsample_occupancy(dataset.sample(str(key)).solid, 64)
        points = drawn["points"][row].numpy() * [-1 if mirrored[row] else 1, 1, 1]
        cells = ((points + 0.5) * 64).astype(int).clip(0, 63)
        agree = solid[tuple(cells.T)] == (drawn["occupancy"][row].numpy() > 0.5)
        assert agree.mean() > 0.999  # all but points on the border of two cells
    near, far = drawn["points"][:, :2000], drawn["points"][:, 2000:]
    assert drawn["near"][:, :2000].all()
    assert not drawn["near"][:, 2000:].any()
    assert far.std() == pytest.approx(1 / 12**0.5, rel=0.03)
    assert near.std() != pytest.approx(1 / 12**0.5, rel=0.03)
    assert (drawn["colors"][:, :2000] == 128 / 255).all()


def test_plain_crops_are_the_runtimes(packed: tuple[Path, Dataset], monkeypatch) -> None:
    folder, dataset = packed
    device, cutting = kit("device_data", monkeypatch), kit("device_crops", monkeypatch)
    data = device.load(folder, 0, 96, torch.device("cpu"))
    straight = torch.zeros(1, dtype=torch.bool)
    for index, key in enumerate(dataset.ids("train")):
        views = data.first_view[index][None]
        mine = cutting.crops(data, views, straight, 64, None, torch.Generator()).pixels[0].permute(1, 2, 0).numpy()
        theirs = plain_crop(dataset.sample(key).view(0), 64)
        assert np.abs(mine - theirs).mean() < 1


def test_a_mirrored_crop_is_the_crop_in_the_mirror(packed: tuple[Path, Dataset], monkeypatch) -> None:
    folder, _ = packed
    device, cutting = kit("device_data", monkeypatch), kit("device_crops", monkeypatch)
    data = device.load(folder, 0, 96, torch.device("cpu"))
    views = data.first_view[:2]
    straight, turned = (
        cutting.crops(data, views, torch.full((2,), flag), 64, None, torch.Generator()).pixels for flag in (False, True)
    )
    assert (straight.flip(-1) - turned).abs().max() <= 1


@pytest.mark.slow
def test_pack_train_and_bring_home(tmp_path: Path) -> None:
    folder = write_boxes(tmp_path / "boxes", BOXES)
    (tmp_path / "toy.json").write_text(json.dumps(TOY))

    def run(name: str, *words: str) -> str:
        done = subprocess.run([sys.executable, str(KIT / name), *words], capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("pack.py", "--config", "toy.json", "--data", str(folder), "--views", "2", "--out", "gpu")
    run("train.py", "gpu", "--minutes", "0.05", "--batch-size", "4", "--workers", "1", "--out", "brought")
    assert all(path.stat().st_size <= 16 * 2**20 for path in (tmp_path / "brought").iterdir())
    lines = [json.loads(line) for line in (tmp_path / "brought" / "log.jsonl").read_text().splitlines()]
    assert lines[-1]["done"]
    assert lines[-1]["steps"] > 0
    told = run("bring_home.py", "brought", "--run", "run", "--model", "model", "--score", str(folder))
    assert "validation score" in told
    assert json.loads((tmp_path / "model" / "card.json").read_text())["training"]["steps"] > 0


def test_a_part_that_stayed_behind_is_told(tmp_path: Path, monkeypatch) -> None:
    chunks = kit("chunks", monkeypatch)
    chunks.write_weights(tmp_path, {f"w{index}": torch.ones(2**21) for index in range(4)}, {"step": 1})
    parts = sorted(tmp_path.glob("weights-*.safetensors"))
    assert len(parts) == 4
    weights, state = chunks.read_weights(tmp_path)
    assert len(weights) == 4
    assert state == {"step": 1}
    parts[1].unlink()
    with pytest.raises(Exception, match="carry all of it"):
        chunks.read_weights(tmp_path)


def test_another_kind_is_refused_before_anything_is_packed(tmp_path: Path) -> None:
    config = tmp_path / "vox.json"
    config.write_text('{"model": {"type": "vox", "encoder_weights": "none"}}')
    command = [
        sys.executable,
        str(KIT / "pack.py"),
        "--config",
        str(config),
        "--data",
        "nowhere",
        "--out",
        str(tmp_path / "gpu"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("models of type field, view; " + str(config) + " trains vox")
    assert not (tmp_path / "gpu").exists()


def test_a_chunk_that_stayed_behind_is_told(packed: tuple[Path, Dataset], monkeypatch) -> None:
    folder, _ = packed
    chunks = kit("chunks", monkeypatch)
    with pytest.raises(Exception, match=r"lacks config\.json, start\.safetensors; carry all"):
        chunks.read_config(folder)
    (folder / "start.safetensors").touch()
    (folder / "config.json").write_text(json.dumps({"chunks": chunks.chunk_sizes(folder)}))
    count = len(chunks.read_config(folder)["chunks"])
    assert count > 1
    shutil.copy(folder / "chunk-000.npz", folder / "chunk-099.npz")  # of another pack
    assert len(list(chunks.read_chunks(folder))) == count
    (folder / "chunk-000.npz").write_bytes((folder / "chunk-000.npz").read_bytes() + b"0")
    with pytest.raises(Exception, match=r"chunk-000\.npz in .* are of another pack"):
        chunks.read_config(folder)
    (folder / "chunk-001.npz").unlink()
    with pytest.raises(Exception, match=r"lacks chunk-001\.npz; carry all"):
        chunks.read_config(folder)


def test_files_travel_in_few_turns(tmp_path: Path, monkeypatch) -> None:
    sizes = {"a": 50, "b": 30, "c": 30, "d": 20, "e": 200}
    for name, size in sizes.items():
        (tmp_path / name).write_bytes(bytes(size))
    rows = kit("chunks", monkeypatch).turns([tmp_path / name for name in sizes], 80)
    assert sorted(path.name for row in rows for path in row) == sorted(sizes)
    assert len(rows) == 3
    assert all(len(row) == 1 or sum(sizes[path.name] for path in row) <= 80 for row in rows)
