"""Assembly, and that the assembled model can learn."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from shapeshot.errors import ModelError, UserError
from shapeshot.lab.configure import model_config
from shapeshot.lab.kinds.field import FieldModelConfig
from shapeshot.lab.losses import field_color_loss, field_occupancy_loss
from shapeshot.lab.model import build_model

TINY = FieldModelConfig(
    encoder_weights="none", image_size=32, width=32, depth=1, num_heads=2, channels=16, resolution=16, hidden=16
)


def test_shapes_and_batch_independence() -> None:
    torch.manual_seed(0)
    model = build_model(TINY).eval()
    pixels = torch.randint(0, 256, (3, 3, 32, 32), dtype=torch.uint8)
    with torch.no_grad():
        planes = model(pixels)
        assert planes.shape == (3, 3, 16, 16, 16)
        torch.testing.assert_close(model(pixels[2:]), planes[2:], rtol=1e-4, atol=1e-5)
    axis = torch.linspace(-0.4, 0.4, 5)
    assert model.field.grid(planes, axis, axis, axis).shape == (3, 5, 5, 5)


def test_same_seed_same_model() -> None:
    models = []
    for _ in range(2):
        torch.manual_seed(7)
        models.append(build_model(TINY).state_dict())
    assert all(torch.equal(models[0][name], models[1][name]) for name in models[0])


def test_reading_the_mirror_image_too_makes_the_model_symmetric() -> None:
    torch.manual_seed(0)
    model = build_model(replace(TINY, mirror=True)).eval()
    pixels = torch.randint(0, 256, (3, 3, 32, 32), dtype=torch.uint8)
    with torch.no_grad():
        planes, pooled = model.see(pixels)
        mirrored, mirrored_pooled = model.see(pixels.flip(-1))
        alone = build_model(TINY).eval()
        alone.load_state_dict(model.state_dict())
        straight, turned = alone(pixels), model.decoder.mirror(alone(pixels.flip(-1)))
    torch.testing.assert_close(mirrored, model.decoder.mirror(planes), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(mirrored_pooled, pooled, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(planes, (straight + turned) / 2, rtol=1e-4, atol=1e-5)
    assert (planes - straight).abs().max() > 0.01  # else there was nothing to average


def test_training_reads_a_photo_once() -> None:
    torch.manual_seed(0)
    once, twice = build_model(TINY), build_model(replace(TINY, mirror=True))
    twice.load_state_dict(once.state_dict())
    pixels = torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8)
    with torch.no_grad():
        torch.testing.assert_close(twice.train()(pixels), once.train()(pixels))


def test_learns_two_objects_apart() -> None:
    """A red ball and a blue slab: only a model that looks at the photo can give both."""
    torch.manual_seed(0)
    model = build_model(replace(TINY, num_frozen_layers=18))  # the encoder's own gradients have their own test
    pixels = torch.full((2, 3, 32, 32), 128, dtype=torch.uint8)
    pixels[0, :, 8:24, 8:24] = torch.tensor([250, 10, 10], dtype=torch.uint8)[:, None, None]
    pixels[1, :, 13:19] = torch.tensor([10, 10, 250], dtype=torch.uint8)[:, None, None]
    points = (torch.rand(1, 512, 3) - 0.5).expand(2, -1, -1)
    inside = torch.stack([points[0].norm(dim=-1) < 0.4, points[0, :, 1].abs() < 0.15])
    colors = torch.tensor([[1.0, 0, 0], [0, 0, 1.0]])[:, None].expand(2, 512, 3)
    optimizer = torch.optim.AdamW(model.decoder.parameters(), lr=3e-3)
    encoded = model.encoder(pixels)
    for _ in range(80):
        logits, predicted = model.field.at(model.decoder(encoded), points)
        loss = field_occupancy_loss(logits, inside) + field_color_loss(predicted, colors, inside.float())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    hit = logits > 0
    iou = (hit & inside).sum(dim=1) / (hit | inside).sum(dim=1)
    assert iou.min() > 0.9
    assert (predicted - colors)[inside].abs().mean() < 0.1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"encoder": "efficientnet-light0"}, "efficientnet-lite0"),
        ({"decoder": "triplain"}, "triplane"),
        ({"image_size": 100}, "multiple of 32"),
        ({"resolution": 10}, "multiple of 4"),
        ({"num_frozen_layers": 19}, "0..18"),
    ],
)
def test_bad_configurations_are_one_line(wrong: dict, message: str) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        build_model(replace(TINY, **wrong))
    assert "\n" not in str(caught.value)


def test_only_a_field_is_read_in_the_mirror() -> None:
    with pytest.raises(UserError, match=r"vox .* mirror"):
        model_config("vox", mirror=True)


def test_wrong_pixels_are_refused() -> None:
    with pytest.raises(ModelError, match=r"\[batch, 3, 32, 32\]"):
        build_model(TINY)(torch.zeros(1, 3, 64, 64))
