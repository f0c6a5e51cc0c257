"""The triplane: three ways to read it agree with each other and with a naive loop."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from shapeshot.errors import ModelError
from shapeshot.lab.decoders.triplane import (
    PLANE_AXES,
    Attention,
    TriplaneDecoder,
    TriplaneField,
    gather_planes,
    interpolation_matrix,
    sample_planes,
)
from shapeshot.lab.encoders import EncoderOutput

SMALL = {"width": 16, "depth": 1, "num_heads": 2, "channels": 8, "resolution": 8, "hidden": 8}


def random_planes(batch: int = 2, channels: int = 5, resolution: int = 8, seed: int = 0) -> torch.Tensor:
    return torch.randn(batch, 3, channels, resolution, resolution, generator=torch.Generator().manual_seed(seed))


def random_points(batch: int = 2, count: int = 50, seed: int = 1) -> torch.Tensor:
    """Also a little outside the cube, where values are held constant."""
    return torch.rand(batch, count, 3, generator=torch.Generator().manual_seed(seed)) * 1.2 - 0.6


def naive_sample(planes: torch.Tensor, point: torch.Tensor) -> torch.Tensor:
    """Bilinear by definition, at one point: planes [3, C, R, R] -> [C]."""
    resolution = planes.shape[-1]
    total = torch.zeros(planes.shape[1])
    for plane, (first, second) in enumerate(PLANE_AXES):
        u, v = (min(max((point[axis].item() + 0.5) * resolution - 0.5, 0), resolution - 1) for axis in (first, second))
        for i in range(resolution):
            for j in range(resolution):
                total += max(0, 1 - abs(u - i)) * max(0, 1 - abs(v - j)) * planes[plane, :, i, j]
    return total


def test_sampling_is_bilinear() -> None:
    planes, points = random_planes(), random_points(count=12)
    expected = [[naive_sample(planes[k], point) for point in points[k]] for k in range(2)]
    expected = torch.stack([torch.stack(row) for row in expected])
    torch.testing.assert_close(sample_planes(planes, points), expected, rtol=1e-5, atol=1e-5)


def test_gathering_equals_sampling() -> None:
    planes, points = random_planes(1), random_points(1, 200)
    expected = sample_planes(planes, points)[0]
    torch.testing.assert_close(gather_planes(planes[0], points[0]), expected, rtol=1e-5, atol=1e-5)


def test_a_cell_centre_reads_that_cell() -> None:
    planes = torch.zeros(1, 3, 1, 8, 8)
    planes[0, 0, 0, 2, 5] = 1.0  # plane xy, x cell 2, y cell 5
    point = torch.tensor([[[2.5 / 8 - 0.5, 5.5 / 8 - 0.5, 0.1]]])
    assert sample_planes(planes, point).item() == pytest.approx(1.0)


def test_grid_equals_points() -> None:
    torch.manual_seed(0)
    field, planes = TriplaneField(5, 7), random_planes()
    xs, ys, zs = torch.linspace(-0.55, 0.5, 4), torch.linspace(-0.3, 0.4, 5), torch.linspace(-0.1, 0.6, 6)
    cells = torch.stack(torch.meshgrid(xs, ys, zs, indexing="ij"), dim=-1).reshape(1, -1, 3).expand(2, -1, -1)
    logits, colors = field.at(planes, cells)
    torch.testing.assert_close(field.grid(planes, xs, ys, zs).flatten(1), logits, rtol=1e-5, atol=1e-5)
    assert colors.shape == (2, 120, 3)
    assert 0 <= colors.min() <= colors.max() <= 1


def test_mirrored_planes_hold_the_field_in_the_mirror() -> None:
    planes, points = random_planes(), random_points()
    mirrored = TriplaneDecoder.mirror(planes)
    there = points * torch.tensor([-1.0, 1.0, 1.0])
    torch.testing.assert_close(sample_planes(mirrored, there), sample_planes(planes, points), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(TriplaneDecoder.mirror(mirrored), planes)
    assert (mirrored - planes).abs().max() > 0.1


def test_interpolation_weights_sum_to_one_and_reproduce_lines() -> None:
    coordinates = torch.linspace(-0.4, 0.4, 17)
    weights = interpolation_matrix(coordinates, 8)
    centers = (torch.arange(8) + 0.5) / 8 - 0.5
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(17))
    torch.testing.assert_close(weights @ centers, coordinates)


def test_attention_is_scaled_dot_product_attention() -> None:
    torch.manual_seed(0)
    layer, x, context = Attention(16, 4), torch.randn(2, 6, 16), torch.randn(2, 9, 16)
    key, value = layer.key_value(context).chunk(2, dim=-1)
    heads = [part.unflatten(-1, (4, 4)).transpose(1, 2) for part in (layer.query(x), key, value)]
    expected = layer.output(F.scaled_dot_product_attention(*heads).transpose(1, 2).flatten(2))
    torch.testing.assert_close(layer(x, context), expected)


def test_every_parameter_is_trained() -> None:
    torch.manual_seed(0)
    decoder = TriplaneDecoder(6, 10, 4, **SMALL)
    planes = decoder(EncoderOutput(torch.randn(3, 4, 6), torch.randn(3, 10)))
    assert planes.shape == (3, 3, 8, 8, 8)
    logits, colors = decoder.field.at(planes, random_points(3))
    (logits.square().sum() + colors.sum()).backward()
    assert [n for n, p in decoder.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []


def test_the_image_decides_the_planes() -> None:
    torch.manual_seed(0)
    decoder = TriplaneDecoder(6, 10, 4, **SMALL).eval()
    tokens, pooled = torch.randn(2, 4, 6), torch.randn(2, 10)
    planes = decoder(EncoderOutput(tokens, pooled))
    assert (planes[0] - planes[1]).abs().max() > 1e-3
    alone = decoder(EncoderOutput(tokens[1:], pooled[1:]))
    torch.testing.assert_close(planes[1:], alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("wrong", [{"resolution": 10}, {"num_heads": 3}])
def test_sizes_that_do_not_fit_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ModelError, match="multiple"):
        TriplaneDecoder(6, 10, 4, **{**SMALL, **wrong})
