"""A view model in the lab: its targets are the photo's, its graph gives the same at run time, and it can be resumed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from kind_settings import model_of_kind

from shapeshot.data.augment import AugmentOptions, Framing, plain_framing
from shapeshot.data.queries import PackedSolid
from shapeshot.data.shards import decode_view, encode_view
from shapeshot.errors import DatasetError, ModelError
from shapeshot.geometry.camera import Camera
from shapeshot.lab.encoders.encoder import EncoderOutput
from shapeshot.lab.export.to_onnx import export_model
from shapeshot.lab.kinds.view import View, ViewConfig, ViewModelConfig, framed, unpack_bits
from shapeshot.lab.loading.batches import AugmentedViews, Shot
from shapeshot.lab.loading.training_set import TrainingObject
from shapeshot.lab.model import build_model
from shapeshot.model.view_network import ViewNetwork
from shapeshot.photo import Box, PreparedPhoto

TINY = {
    "encoder_weights": "none", "image_size": 64, "width": 16, "depth": 1, "num_heads": 2, "coarse_channels": 8,
    "middle_channels": 8, "fine_channels": 8, "depths": 64,
}  # fmt: skip
CONFIG = ViewConfig(model=ViewModelConfig(**TINY), num_colors=64)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def item() -> TrainingObject:
    """A block that is longer than it is high, red on its right half, seen from the front and from the right."""
    x, y, z = (np.indices((64, 64, 64)) + 0.5) / 64 - 0.5
    solid = (abs(x) < 0.4) & (abs(y) < 0.1) & (abs(z) < 0.2)
    rng = np.random.default_rng(0)
    points = rng.uniform(-1, 1, (4000, 3))
    points[np.arange(4000), rng.integers(0, 3, 4000)] = rng.choice([-1.0, 1.0], 4000)
    points = (points * [0.4, 0.1, 0.2]).astype(np.float32)
    colors = np.where(points[:, :1] > 0, np.uint8([255, 0, 0]), np.uint8([0, 0, 255])).astype(np.uint8)
    cameras = (Camera(0.0, 10.0, 2.5, 35.0), Camera(90.0, 10.0, 2.5, 35.0))
    views = []
    for camera in cameras:
        dense = np.repeat(points, 10, axis=0) + rng.normal(0, 0.005, (40_000, 3)).astype(np.float32)
        columns, rows = np.clip(camera.project(dense, 96), 0, 95).astype(int).T
        rgba = np.zeros((96, 96, 4), np.uint8)
        rgba[rows, columns] = (128, 64, 64, 255)
        views.append(encode_view(rgba))
    return TrainingObject("block", tuple(views), PackedSolid.pack(solid), points.astype(np.float16), colors, cameras)


def target(item: TrainingObject, shot: Shot) -> dict[str, np.ndarray]:
    return View.target_of_view(item, shot, np.random.default_rng(0), CONFIG)


def occupancy(arrays: dict[str, np.ndarray]) -> np.ndarray:
    """bool [rows, columns, depths]."""
    return np.unpackbits(arrays["occupancy"], axis=-1).astype(bool)


def test_the_target_is_what_the_crop_shows(item: TrainingObject) -> None:
    arrays = target(item, Shot(0, mirrored=False))
    met = occupancy(arrays).any(axis=-1)
    assert np.ptp(np.flatnonzero(met.any(axis=0))) > 2 * np.ptp(np.flatnonzero(met.any(axis=1)))
    assert (arrays["rays"] >= met).all()
    azimuth, elevation, roll, log_distance = arrays["camera"]
    assert (azimuth, roll) == (0.0, 0.0)
    assert elevation == pytest.approx(np.radians(10.0))
    assert np.exp(log_distance) > 1


def test_the_mirror_shows_the_mirrored_object(item: TrainingObject) -> None:
    plain, mirrored = (target(item, Shot(1, mirrored=side)) for side in (False, True))
    np.testing.assert_array_equal(occupancy(mirrored), occupancy(plain)[:, ::-1])
    np.testing.assert_allclose(mirrored["camera"], plain["camera"] * [-1, 1, -1, 1])
    np.testing.assert_allclose(mirrored["places"], plain["places"] * [-1, 1, 1])


def test_an_object_without_a_front_has_no_azimuth(item: TrainingObject) -> None:
    known, unknown = target(item, Shot(1, False)), target(replace(item, has_front=False), Shot(1, False))
    assert np.isnan(unknown["camera"][0])
    np.testing.assert_array_equal(unknown["camera"][1:], known["camera"][1:])
    np.testing.assert_array_equal(unknown["occupancy"], known["occupancy"])


def test_colours_lie_where_the_crop_shows_them(item: TrainingObject) -> None:
    arrays = target(item, Shot(0, mirrored=False))
    is_red = arrays["colors"][:, 0] > 0.5
    assert (arrays["places"][is_red, 0] > -0.05).all()
    assert (arrays["places"][~is_red, 0] < 0.05).all()


def test_a_framing_moves_the_target_with_the_pixels(item: TrainingObject) -> None:
    rgba = decode_view(item.views[0])
    box = plain_framing(rgba).box
    moved = Framing(Box(box.left + box.side / 4, box.top, box.side))
    plain, shifted = (occupancy(target(item, Shot(0, False, framing))).any(axis=-1) for framing in (None, moved))
    np.testing.assert_array_equal(shifted[:, :20], plain[:, 8:28])


def test_inputs_tell_how_they_were_framed(item: TrainingObject) -> None:
    views = AugmentedViews(
        [item], 64, AugmentOptions(background=0, matte=0, blur=0, compress=0, noise=0, light=0, color=0)
    )
    own, plain = [], []
    for seed in range(6):
        arrays, shot = views.example(0, 0, False, np.random.default_rng(seed))
        assert shot.framing is not None
        shown = np.abs(arrays["pixels"].astype(int) - 128).sum(axis=0) > 40
        for scores, how in ((own, shot), (plain, Shot(0, mirrored=False))):
            met = occupancy(target(item, how)).any(axis=-1).repeat(2, axis=0).repeat(2, axis=1)
            scores.append((met & shown).sum() / (met | shown).sum())
    assert min(own) > 0.7
    assert np.mean(own) > np.mean(plain) + 0.05


def test_a_view_that_was_turned_already_is_not_turned_again(item: TrainingObject) -> None:
    _, shot = AugmentedViews([item], 64, AugmentOptions()).example(0, 0, True, np.random.default_rng(3))
    assert shot.turned is not None
    at_hand, from_file = target(item, shot), target(item, replace(shot, turned=None))
    assert at_hand.keys() == from_file.keys()
    for name, values in at_hand.items():
        np.testing.assert_array_equal(values, from_file[name])


def test_bits_come_back(item: TrainingObject) -> None:
    arrays = target(item, Shot(0, mirrored=False))
    np.testing.assert_array_equal(unpack_bits(torch.from_numpy(arrays["occupancy"])).numpy(), occupancy(arrays))


def test_the_truth_scores_one(item: TrainingObject) -> None:
    model = build_model(
        ViewModelConfig(
            encoder_weights="none",
            width=16,
            depth=1,
            num_heads=2,
            coarse_channels=8,
            middle_channels=8,
            fine_channels=8,
        )
    )
    truth = View.truth(item, model.config)  # type: ignore[arg-type]
    solid = unpack_bits(truth)
    best = torch.where(solid, 9.0, -9.0).flatten(1)
    rest = torch.zeros(len(best), model.decoder(model.encoder(torch.zeros(1, 3, 128, 128))).shape[1] - best.shape[1])
    assert View.score(model, torch.cat([best, rest], dim=1), truth).min() == 1.0


def test_views_without_cameras_are_refused(item: TrainingObject) -> None:
    blind = TrainingObject(item.id, item.views, item.solid, item.points, item.colors)
    with pytest.raises(DatasetError, match="cameras of block's views are not known"):
        framed(blind, 0)


def test_features_of_a_frozen_encoder_are_not_enough() -> None:
    model = build_model(CONFIG.model).eval()
    with torch.no_grad():
        seen = model.look(torch.zeros(1, 3, 64, 64))
        with pytest.raises(ModelError, match="feature maps"):
            model.decoder(EncoderOutput(seen.tokens, seen.pooled))


def test_the_runtime_sees_what_the_lab_sees(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = build_model(model_of_kind("view", **TINY)).eval()
    export_model(model, {"name": "tiny", "threshold": 0.5}, tmp_path / "model")
    pixels = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    photos = [PreparedPhoto(one, Box(0, 0, 1), "keep", np.ones((32, 32), np.float32)) for one in pixels]
    network = ViewNetwork(tmp_path / "model", 64, num_threads=1)
    with torch.no_grad():
        output, pooled = model.see(torch.from_numpy(pixels).permute(0, 3, 1, 2))
        parts = model.decoder.split(output)
    for index, (reading, features) in enumerate(network.read(pixels, photos, 0.0)):
        np.testing.assert_allclose(reading._raw, parts.occupancy[index].numpy(), atol=1e-4)
        np.testing.assert_allclose(features, pooled[index].numpy(), atol=1e-4)
        assert reading._estimate.camera.elevation_deg == pytest.approx(
            np.degrees(float(parts.pose[index, 0])), abs=1e-2
        )


def test_a_mirrored_photo_is_read_as_the_mirrored_view() -> None:
    torch.manual_seed(0)
    plain, both = (build_model(model_of_kind("view", **TINY, mirror=mirror)).eval() for mirror in (False, True))
    both.load_state_dict(plain.state_dict())
    pixels = torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8)
    with torch.no_grad():
        straight, mirrored = plain(pixels), plain(pixels.flip(-1))
        torch.testing.assert_close(both(pixels), (straight + plain.decoder.mirror(mirrored)) / 2)
        parts = plain.decoder.split(straight)
        turned = plain.decoder.split(plain.decoder.mirror(straight))
        torch.testing.assert_close(plain.decoder.mirror(plain.decoder.mirror(straight)), straight)
    torch.testing.assert_close(turned.occupancy, parts.occupancy.flip(-1))
    torch.testing.assert_close(turned.colors, parts.colors.flip(-1))
    torch.testing.assert_close(turned.azimuth[:, [0, 1, 35]], parts.azimuth[:, [0, 35, 1]])
    torch.testing.assert_close(turned.pose, parts.pose * torch.tensor([1.0, -1.0, 1.0]))


def test_an_object_in_a_room_is_cut_out_as_the_finder_sees_it(item: TrainingObject) -> None:
    room = np.full((96, 96, 4), (205, 200, 190, 0), np.uint8)
    room[30:80, 30:60] = (200, 40, 30, 255)
    in_room = replace(item, views=(encode_view(room), *item.views[1:]), rooms=(True, *[False] * (len(item.views) - 1)))
    options = AugmentOptions(finder=1.0, roll_deg=0.0)
    for view, is_found in ((0, True), (1, False)):
        _, shot = AugmentedViews([in_room], 64, options).example(0, view, False, np.random.default_rng(0))
        assert shot.turned is not None
        exact = decode_view(in_room.views[view])
        assert (shot.turned[..., 3] != exact[..., 3]).any() == is_found
