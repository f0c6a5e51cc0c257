"""The kit for a borrowed GPU trains a view as `shapeshot train` does: the same targets, losses and validation."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from box_datasets import BOXES, seen_box_members, write_boxes
from gpu_kit import KIT, kit
from PIL import Image

from shapeshot.data.augment import AugmentOptions, Framing, alpha_box, turned
from shapeshot.data.dataset import Dataset
from shapeshot.data.frustum_truth import frustum_places
from shapeshot.errors import UserError
from shapeshot.geometry.box import Box
from shapeshot.geometry.frustum import Frustum
from shapeshot.lab.configure import config_from_json
from shapeshot.lab.kinds.view import View, ViewConfig, unpack_bits
from shapeshot.lab.loading.batches import AugmentedViews, Shot, plain_pixels
from shapeshot.lab.loading.training_set import TrainingObject, TrainingSet
from shapeshot.lab.model import build_model
from shapeshot.lab.settings import to_json
from shapeshot.photo import crop_on_grey

SIZE, POINTS = 64, 500
TOY = {
    "model": {"type": "view", "encoder_weights": "none", "image_size": SIZE, "width": 16, "depth": 1, "num_heads": 2}
    | {"coarse_channels": 8, "middle_channels": 8, "fine_channels": 8, "depths": 32, "update_statistics": False},
    "warmup": 2,
    "val_views": 2,
    "surface_weight": 1.0,
    "overlap_weight": 0.3,
    "augment": {"background": 0.1, "roll_deg": 4.0},
}
GEOMETRIC = AugmentOptions(background=0, matte=0, blur=0, compress=0, noise=0, light=0, color=0)
STILL = replace(GEOMETRIC, roll_deg=0, shift=0, zoom=0)
# What a borrowed machine need not have.
ABSENT = ("scipy", "onnx", "onnxruntime", "accelerate", "transformers", "mitsuba", "matplotlib", "trimesh", "pykdtree")


@pytest.fixture(scope="module")
def boxes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_boxes(tmp_path_factory.mktemp("data") / "boxes", BOXES, members_of=seen_box_members)


@pytest.fixture(scope="module")
def objects(boxes: Path) -> list[TrainingObject]:
    return TrainingSet([str(boxes)], "train", progress=False).objects


@pytest.fixture(scope="module")
def packed(boxes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Chunks of every view, whole solids, as a training with a model starts from."""
    out = tmp_path_factory.mktemp("packed")
    with pytest.MonkeyPatch.context() as monkeypatch:
        kit("pack", monkeypatch).pack([str(boxes)], out, 3, 128, 100_000, POINTS, need_cameras=True)
        sizes = kit("chunks", monkeypatch).chunk_sizes(out)
    (out / "start.safetensors").touch()
    told = {"config": {**TOY, "amp": False}, "architecture": None, "chunks": sizes}
    (out / "config.json").write_text(json.dumps(told))
    return out


def started(packed: Path, out: Path, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> Any:
    """A training that is ready for its first step, with random weights."""
    from safetensors.torch import save_file

    told = json.loads((packed / "config.json").read_text())
    told["config"] |= changes
    folder = out / "packed"
    folder.mkdir()
    for chunk in packed.glob("chunk-*.npz"):
        (folder / chunk.name).symlink_to(chunk)
    (folder / "config.json").write_text(json.dumps(told))
    torch.manual_seed(0)
    save_file(build_model(config_from_json(told["config"]).model).state_dict(), folder / "start.safetensors")
    train = kit("train", monkeypatch)
    return train.Training(folder, 4, 1.0, 0, 0, out)


def every_view(data: Any, mirrored: bool) -> Any:
    """A batch of all views of a split, in order."""
    from supervision import Sampled  # of recipes/gpu, which `kit` put on the path

    objects = torch.arange(len(data)).repeat_interleave(data.num_views)
    views = torch.arange(len(data.views))
    return Sampled(objects, views, torch.full((len(views),), mirrored))


def targets_of(objects: list[TrainingObject], shots: list[Shot], config: ViewConfig) -> dict[str, torch.Tensor]:
    """What `shapeshot train` tells of these views. shots: one for each view of each object, in order."""
    items = [item for item in objects for _ in item.views]
    rng = np.random.default_rng(0)
    rows = [View.target_of_view(item, shot, rng, config) for item, shot in zip(items, shots, strict=True)]
    return {name: torch.from_numpy(np.stack([row[name] for row in rows])) for name in rows[0]}


def plain_shots(objects: list[TrainingObject], mirrored: bool) -> list[Shot]:
    return [Shot(view, mirrored) for item in objects for view in range(len(item.views))]


def agreement(mine: torch.Tensor, theirs: torch.Tensor) -> float:
    """Intersection over union."""
    return float((mine & theirs).sum() / (mine | theirs).sum())


@pytest.mark.parametrize("mirrored", [False, True])
def test_targets_are_those_of_training(
    packed: Path, objects: list[TrainingObject], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mirrored: bool
) -> None:
    training = started(packed, tmp_path, monkeypatch)
    batch = every_view(training.train_data, mirrored)
    cut = training._cut(training.train_data, batch, None)
    mine = training.supervision.targets(training.train_data, batch, cut, training.config, training.generator)
    theirs = targets_of(objects, plain_shots(objects, mirrored), training.config)
    assert mine.keys() == theirs.keys()
    assert all(mine[name].dtype == value.dtype and mine[name].shape == value.shape for name, value in theirs.items())
    assert agreement(unpack_bits(mine["occupancy"]), unpack_bits(theirs["occupancy"])) > 0.999
    assert agreement(mine["rays"], theirs["rays"]) > 0.995
    torch.testing.assert_close(mine["camera"], theirs["camera"], rtol=0, atol=1e-4)
    pixels = torch.cat([plain_pixels(item.views, SIZE) for item in objects]).float()
    assert (cut.pixels - (pixels.flip(-1) if mirrored else pixels)).abs().mean() < 0.5


def test_the_loss_is_that_of_training(
    packed: Path, objects: list[TrainingObject], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = started(packed, tmp_path, monkeypatch, outside_share=1.0, num_colors=20_000)
    training.model.eval()
    with torch.no_grad():
        mine = training.losses(every_view(training.train_data, mirrored=False), disturbed=False)
        pixels = torch.cat([plain_pixels(item.views, SIZE) for item in objects])
        targets = targets_of(objects, plain_shots(objects, False), training.config)
        model = training.model
        theirs = View.loss(model, model(pixels), targets, training.config, torch.Generator().manual_seed(0))
    assert mine.keys() == theirs.keys() == {"loss", "occupancy", "color", "camera", "surface", "overlap"}
    for name, value in theirs.items():
        tolerance = 0.01 if name == "color" else 0.001  # colours are compared at points that are drawn
        assert float(mine[name]) == pytest.approx(float(value), rel=tolerance), name


def test_a_disturbed_crop_and_its_targets_move_together(
    packed: Path, boxes: Path, objects: list[TrainingObject], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Framed as the device drew it, training's own functions make the same crops and targets."""
    training = started(packed, tmp_path, monkeypatch)
    data, dataset = training.train_data, Dataset.open(boxes)
    batch = every_view(data, mirrored=True)
    cut = training._cut(data, batch, GEOMETRIC)
    mine = training.supervision.targets(data, batch, cut, training.config, training.generator)
    shots = []
    pairs = [(item, view) for item in objects for view in range(len(item.views))]
    for place, (item, view) in enumerate(pairs):
        rgba, frames = dataset.sample(item.id).view(view), cut.frames
        side, roll = float(frames.side[place]), float(torch.rad2deg(frames.roll[place]))
        left, top = (float(value) + rgba.shape[0] / 2 - side / 2 for value in frames.center[place])
        shots.append(Shot(view, True, Framing(Box(left, top, side), roll)))
        theirs = crop_on_grey(turned(rgba, roll), Box(left, top, side), SIZE)[:, ::-1].astype(np.float32)
        assert np.abs(cut.pixels[place].permute(1, 2, 0).numpy() - theirs).mean() < 3
        plain = alpha_box(turned(rgba, roll))  # the disturbed one is as far from it as the options allow
        assert abs(np.log(side / plain.side)) < GEOMETRIC.zoom + 0.03
        assert abs(left + side / 2 - plain.left - plain.side / 2) < (GEOMETRIC.shift + 0.02) * plain.side
        assert abs(top + side / 2 - plain.top - plain.side / 2) < (GEOMETRIC.shift + 0.02) * plain.side
    told = targets_of(objects, shots, training.config)
    assert agreement(unpack_bits(mine["occupancy"]), unpack_bits(told["occupancy"])) > 0.99
    assert agreement(mine["rays"], told["rays"]) > 0.97
    torch.testing.assert_close(mine["camera"], told["camera"], rtol=0, atol=1e-4)
    assert cut.frames.roll.abs().max() > np.radians(2)
    assert cut.frames.side.std() > 0


def test_disturbances_are_as_large_as_in_training(
    packed: Path, objects: list[TrainingObject], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one view framed many times, centre, side and roll have the spread that `AugmentedViews` gives them."""
    training = started(packed, tmp_path, monkeypatch)
    data, count = training.train_data, 300
    views, straight = torch.zeros(count, dtype=torch.long), torch.zeros(count, dtype=torch.bool)
    from device_crops import crops  # of recipes/gpu, which `kit` put on the path

    frames = crops(data, views, straight, SIZE, GEOMETRIC, training.generator).frames
    mine = torch.stack([frames.center[:, 0], frames.center[:, 1], frames.side, torch.rad2deg(frames.roll)], 1).numpy()
    drawn = AugmentedViews(objects, SIZE, GEOMETRIC)
    theirs = []
    for seed in range(count):
        framing = drawn.example(0, 0, False, np.random.default_rng(seed))[1].framing
        assert framing is not None
        (left, top, side), middle = framing.box, float(data.sides[0]) / 2
        theirs.append((left + side / 2 - middle, top + side / 2 - middle, side, framing.roll_deg))
    spread = np.std(theirs, axis=0)
    assert np.abs(mine.mean(axis=0) - np.mean(theirs, axis=0)).max() < 4 * spread.max() / count**0.5 + 0.5
    np.testing.assert_allclose(mine.std(axis=0), spread, rtol=0.15)


def test_places_of_colours_are_those_of_the_frustum(
    packed: Path, objects: list[TrainingObject], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = started(packed, tmp_path, monkeypatch)
    data, batch = training.train_data, every_view(training.train_data, mirrored=True)
    cut = training._cut(data, batch, None)
    from device_views import Frusta  # of recipes/gpu, which `kit` put on the path

    points = data.points[batch.objects].float()
    mine = Frusta.of(data, batch.views, cut.frames).places(points)
    cameras = [camera for item in objects for camera in item.cameras]
    for place, camera in enumerate(cameras):
        left_top = cut.frames.center[place] + data.sides[place] / 2 - cut.frames.side[place] / 2
        box = Box(*(float(value) for value in left_top), float(cut.frames.side[place]))
        theirs = frustum_places(Frustum(camera, box, int(data.sides[place])), points[place].numpy())
        np.testing.assert_allclose(mine[place].numpy(), theirs * [-1, 1, 1], atol=1e-4)


def test_validation_compares_with_the_same_truth(
    packed: Path, boxes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = started(packed, tmp_path, monkeypatch)
    held_out = TrainingSet([str(boxes)], "val", 2, progress=False).objects
    from supervision import views_of  # of recipes/gpu, which `kit` put on the path

    assert len(held_out) == len(training.val_data)
    for index, item in enumerate(held_out):
        batch = views_of(training.val_data, index, 2)
        cut = training._cut(training.val_data, batch, None)
        mine = training.supervision.truth(training.val_data, batch, cut, training.config)
        assert agreement(unpack_bits(mine), unpack_bits(View.truth(item, training.config.model))) > 0.999


def test_steps_make_the_loss_smaller(packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    training = started(packed, tmp_path, monkeypatch, lr=0.003)
    batch = every_view(training.train_data, mirrored=False)
    before = training.losses(batch, disturbed=False)["loss"].detach()
    for _ in range(8):
        training.train_step(batch, 0.0)
    assert training.losses(batch, disturbed=False)["loss"] < 0.9 * before
    assert training.step == 8


def test_a_matte_that_is_too_wide_shows_what_is_there(
    packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a room the room, and elsewhere the object's own colours: never a black rim."""
    training = started(packed, tmp_path, monkeypatch)
    data, batch = training.train_data, every_view(training.train_data, mirrored=False)
    cut = training._cut(data, batch, STILL)
    wide = training._cut(data, batch, replace(STILL, matte=1.0)).pixels
    assert (wide.amin(dim=(1, 2, 3)) > cut.pixels.amin(dim=(1, 2, 3)) - 25)[~data.room].all()
    rim = (cut.cover == 0) & ((wide - 128).abs().amax(dim=1) > 20) & data.room[:, None, None]
    assert rim.any()
    behind = data.views[:, :3, 16:80, 16:80].float() - 128  # the crop's part of the window
    share = ((wide - 128) * behind).sum(dim=1) / (behind**2).sum(dim=1)  # of the room in a mixture with grey
    assert (wide - 128 - share[:, None] * behind).abs().amax(dim=1)[rim].max() < 2
    assert share[rim].min() > 0


def test_disturbances_beyond_what_is_stored_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    cutting = kit("device_crops", monkeypatch)
    cutting.require_room(AugmentOptions())
    with pytest.raises(UserError, match="reach beyond what"):
        cutting.require_room(AugmentOptions(roll_deg=30))


def test_packing_needs_cameras(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_boxes(tmp_path / "blind", BOXES)
    with pytest.raises(UserError, match="the cameras of board-1's views are not known"):
        kit("pack", monkeypatch).pack([str(folder)], tmp_path, 2, 128, need_cameras=True)


def test_bits_are_packed_as_numpy_does(monkeypatch: pytest.MonkeyPatch) -> None:
    bits = torch.rand(3, 5, 21, generator=torch.Generator().manual_seed(0)) < 0.5
    packed = kit("device_views", monkeypatch).pack_bits(bits)
    np.testing.assert_array_equal(packed.numpy(), np.packbits(bits.numpy(), axis=-1))


def test_the_start_is_the_configs_init(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from shapeshot.lab.checkpoint import save_checkpoint

    config = config_from_json({**TOY})
    model = build_model(config.model)
    save_checkpoint(tmp_path / "own.safetensors", {"model": model.state_dict()}, {"config": to_json(config)})
    pack = kit("pack", monkeypatch)
    start, _ = pack.started(config.model, str(tmp_path / "own.safetensors"))
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in start.state_dict().items())
    with pytest.raises(UserError, match="do not fit this model"):
        pack.started(replace(config.model, width=32), tmp_path / "own.safetensors")


def test_a_step_lies_on_one_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is made on the CPU beside another device's tensors is refused by torch: so it would be by a GPU."""
    device, cutting, told = (kit(name, monkeypatch) for name in ("device_data", "device_crops", "supervision"))

    def some(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        return torch.zeros(*shape, dtype=dtype, device="meta")

    longs = {"dtype": torch.long}
    data = device.DeviceData(
        some(5, 4, 96, 96, dtype=torch.uint8), some(5, dtype=torch.bool), some(5, 3), some(5), some(5, 4),
        some(3, **longs), some(3, **longs), some(3, 32**3 // 8, dtype=torch.uint8), some(3, 50, 3),
        some(3, 50, 3, dtype=torch.uint8), 32,
    )  # fmt: skip
    batch = told.Sampled(some(4, **longs), some(4, **longs), some(4, dtype=torch.bool))
    cut = cutting.crops(data, batch.views, batch.mirrored, SIZE, AugmentOptions(), None)
    config = config_from_json({**TOY})
    view = told.SUPERVISIONS["view"]
    made = [cut.pixels, cut.cover, view.truth(data, batch, cut, config)]
    made += view.targets(data, batch, cut, config, None).values()
    made += device.queries(data, batch.objects, batch.mirrored, 16, None).values()
    assert {tensor.device.type for tensor in made} == {"meta"}


@pytest.mark.slow
def test_pack_train_bring_home_and_reconstruct(boxes: Path, tmp_path: Path) -> None:
    """On a machine without anything but torch, numpy, Pillow, tqdm, jaxtyping and safetensors."""
    (tmp_path / "toy.json").write_text(json.dumps(TOY))
    absent = f"import sys, runpy; sys.modules.update(dict.fromkeys({ABSENT})); sys.path.insert(0, {str(KIT)!r}); "

    def run(*words: str) -> str:
        done = subprocess.run([sys.executable, *words], capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return done.stdout

    told = run(str(KIT / "pack.py"), "--config", "toy.json", "--data", str(boxes), "--out", "gpu", "--turn-mib", "0.1")
    assert told.count("turn") > 1
    script = f"{absent} sys.argv[0] = 'train.py'; runpy.run_path({str(KIT / 'train.py')!r}, run_name='__main__')"
    run("-c", script, "gpu", "--minutes", "0.1", "--batch-size", "4", "--workers", "2", "--last", "--out", "brought")
    lines = [json.loads(line) for line in (tmp_path / "brought" / "log.jsonl").read_text().splitlines()]
    assert lines[-1]["done"]
    assert lines[-1]["steps"] > 0
    assert "val_score" in lines[1]  # before the first step
    told = run(str(KIT / "bring_home.py"), "brought", "--run", "run", "--model", "model", "--score", str(boxes))
    assert "validation score" in told
    assert json.loads((tmp_path / "model" / "card.json").read_text())["training"]["steps"] == lines[-1]["steps"]
    Image.fromarray(Dataset.open(boxes).sample("board-v").view(0)).save(tmp_path / "board.png")
    run("-m", "shapeshot", "reconstruct", "board.png", "--model", "model", "--threshold", "0.1", "--out", "board.glb")
    assert (tmp_path / "board.glb").stat().st_size > 0
