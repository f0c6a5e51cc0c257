"""What every encoder in ENCODERS promises, on tiny random variants loaded as users load theirs."""

from __future__ import annotations

import json
import math
import warnings
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
import transformers
from encoder_cases import EVERY, EVERY_HUB, SIZE, Folders, assert_same, load, one_line, pixels
from safetensors.torch import load_file, save_file
from torch import nn

from shapeshot.errors import ModelError
from shapeshot.lab.encoders import ENCODERS


@EVERY
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("size", [32, 64])
def test_shapes_are_those_it_says(name: str, batch: int, size: int, tiny_encoders: Folders) -> None:
    encoder = load(name, tiny_encoders).eval()
    with torch.no_grad():
        tokens, pooled, *_ = encoder(pixels(batch, size))
    assert tokens.shape == (batch, encoder.num_tokens(size), encoder.token_channels)
    assert pooled.shape == (batch, encoder.pooled_channels)
    assert tokens.dtype == pooled.dtype == torch.float32
    assert tokens.isfinite().all()
    assert pooled.isfinite().all()


@EVERY
def test_the_same_pixels_give_the_same_and_others_do_not(name: str, tiny_encoders: Folders) -> None:
    encoder = load(name, tiny_encoders).eval()
    with torch.no_grad():
        first, again, as_float, other = (encoder(x) for x in (pixels(), pixels(), pixels().float(), pixels(seed=1)))
    for part in range(2):
        assert torch.equal(first[part], again[part])
        assert torch.equal(first[part], as_float[part])
        assert not torch.allclose(first[part], other[part])


@EVERY
def test_tokens_run_row_by_row_from_the_top_left(name: str, tiny_encoders: Folders) -> None:
    """Of all tokens, one in the quarter whose pixels change is changed most."""
    encoder = load(name, tiny_encoders, size=128).eval()
    image = pixels(1, 128)
    for row, column in ((0, 0), (0, 1), (1, 0), (1, 1)):
        other, quarter = image.clone(), (slice(64 * row, 64 * row + 64), slice(64 * column, 64 * column + 64))
        other[(..., *quarter)] = 255 - other[(..., *quarter)]
        with torch.no_grad():
            change = (encoder(image).tokens - encoder(other).tokens).square().sum(-1)[0]
        side = math.isqrt(len(change))
        where = int(change.argmax())
        assert (where // side >= side // 2, where % side >= side // 2) == (row, column)


@EVERY
def test_random_weights_follow_torchs_seed(name: str, tiny_encoders: Folders) -> None:
    architecture = load(name, tiny_encoders).architecture
    made = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        made.append(ENCODERS[name]("none", image_size=SIZE, architecture=architecture).state_dict())
    assert all(torch.equal(a, b) for a, b in zip(made[0].values(), made[1].values(), strict=True))
    assert any(not torch.equal(a, b) for a, b in zip(made[0].values(), made[2].values(), strict=True))


@EVERY
def test_every_parameter_gets_a_gradient(name: str, tiny_encoders: Folders) -> None:
    """One without would make several processes wait for each other for ever."""
    encoder = load(name, tiny_encoders, statistics=True).train()
    tokens, pooled, *_ = encoder(pixels(4))
    (tokens.square().mean() + pooled.square().mean()).backward()
    without = [key for key, parameter in encoder.named_parameters() if parameter.grad is None]
    assert without == []
    assert all(parameter.grad.isfinite().all() for parameter in encoder.parameters())


@EVERY
def test_pooled_and_tokens_follow_the_pixels_gradient(name: str, tiny_encoders: Folders) -> None:
    encoder = load(name, tiny_encoders).eval()
    image = pixels().float().requires_grad_()
    for part in encoder(image)[:2]:
        (gradient,) = torch.autograd.grad(part.square().sum(), image, retain_graph=True)
        assert gradient.isfinite().all()
        assert gradient.abs().sum() > 0


@EVERY
def test_frozen_layers_are_a_growing_part_from_the_image_on(name: str, tiny_encoders: Folders) -> None:
    trained, layers = [], 0
    while True:
        try:
            encoder = load(name, tiny_encoders, frozen=layers)
        except ModelError as error:
            assert "num_frozen_layers" in str(error)  # noqa: PT017 (one past the last layer)
            break
        trained.append({key for key, parameter in encoder.named_parameters() if parameter.requires_grad})
        layers += 1
    assert len(trained) >= 4
    assert all(more < fewer for fewer, more in pairwise(trained))
    assert trained[-1] == set()
    everything = load(name, tiny_encoders, frozen=-1)
    assert not any(parameter.requires_grad for parameter in everything.parameters())
    with pytest.raises(ModelError, match="num_frozen_layers"):
        load(name, tiny_encoders, frozen=-2)


@EVERY
def test_a_frozen_encoder_does_not_change_in_training(name: str, tiny_encoders: Folders) -> None:
    encoder = load(name, tiny_encoders, frozen=-1, statistics=True).train()
    before = {key: value.clone() for key, value in encoder.state_dict().items()}
    tokens, pooled, *_ = encoder(pixels())
    assert not tokens.requires_grad
    assert not pooled.requires_grad
    assert all(torch.equal(value, before[key]) for key, value in encoder.state_dict().items())


@EVERY
@pytest.mark.parametrize("asked", [False, True])
def test_statistics_change_only_when_asked_to(name: str, asked: bool, tiny_encoders: Folders) -> None:
    encoder = load(name, tiny_encoders, statistics=asked).train()
    norms = [module for module in encoder.modules() if isinstance(module, nn.BatchNorm2d)]
    before = [norm.running_mean.clone() for norm in norms]
    encoder(pixels(4))
    changed = [not torch.equal(norm.running_mean, mean) for norm, mean in zip(norms, before, strict=True)]
    assert all(changed) if asked else not any(changed)


@EVERY
@pytest.mark.parametrize("size", [32, 64])
def test_onnx_agrees_for_any_batch(name: str, size: int, tiny_encoders: Folders, tmp_path: Path) -> None:
    encoder, path = load(name, tiny_encoders, size=size).eval(), tmp_path / "encoder.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            encoder, (pixels(2, size),), str(path), input_names=["pixels"], output_names=["tokens", "pooled"],
            dynamic_axes={"pixels": {0: "batch"}}, opset_version=17, dynamo=False,
        )  # fmt: skip
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for batch in (1, 5):
        image = pixels(batch, size, seed=batch)
        with torch.no_grad():
            expected = encoder(image)
        expected = (expected.tokens, expected.pooled, *expected.maps)
        for ours, theirs in zip(expected, session.run(None, {"pixels": image.numpy()}), strict=True):
            np.testing.assert_allclose(theirs, ours.numpy(), rtol=1e-4, atol=1e-4)


@EVERY
def test_state_and_architecture_build_the_same_again(name: str, tiny_encoders: Folders, tmp_path: Path) -> None:
    encoder = load(name, tiny_encoders)
    save_file(encoder.state_dict(), tmp_path / "state.safetensors")
    architecture = json.loads(json.dumps(encoder.architecture))
    assert architecture == encoder.architecture
    again = ENCODERS[name]("none", image_size=SIZE, architecture=architecture)
    again.load_state_dict(load_file(tmp_path / "state.safetensors"))
    assert again.architecture == architecture
    assert_same(encoder, again)


@EVERY
def test_an_architecture_of_another_encoder_is_refused(name: str) -> None:
    with pytest.raises(ModelError) as caught:
        ENCODERS[name]("none", architecture={"surprise": 1})
    assert "surprise" in one_line(caught)


@EVERY
def test_the_published_architecture_is_known_without_a_network(name: str) -> None:
    with torch.device("meta"):
        encoder = ENCODERS[name]("none")
    sizes = {"efficientnet-lite0": 128, "efficientnet-lite1": 256, "efficientnet-lite2": 256}
    assert encoder.image_size == sizes.get(name, 224)
    expected = {"resnet18": (49, 512), "clip": (49, 768), "dino": (196, 384), "dinov2": (256, 384)}
    expected |= {"efficientnet-lite1": (256, 592), "efficientnet-lite2": (256, 664)}
    shape = encoder.num_tokens(encoder.image_size), encoder.token_channels
    assert shape == expected.get(name, (64, 592))
    # Published sizes: ResNet-18 without classifier 11.18 M, ViT-B/32 87.46 M, ViT-S/16 21.67 M, ViT-S/14 22.06 M.
    millions = {"resnet18": 11.18, "clip": 87.46, "dino": 21.67, "dinov2": 22.06, "efficientnet-lite0": 3.37}
    millions |= {"efficientnet-lite1": 4.14, "efficientnet-lite2": 4.81}
    count = sum(parameter.numel() for parameter in encoder.parameters()) / 1e6
    assert count == pytest.approx(millions[name], abs=0.006)


@EVERY
@pytest.mark.parametrize("size", [-32, 33])
def test_a_size_that_does_not_fit_is_refused(name: str, size: int, tiny_encoders: Folders) -> None:
    if name == "resnet18" and size > 0:
        assert load(name, tiny_encoders, size=size)(pixels(size=size)).tokens.shape[1] == 3 * 3
        return
    with pytest.raises(ModelError, match="multiple of"):
        load(name, tiny_encoders, size=size)


# Independent oracles


@EVERY_HUB
def test_pixels_are_normalised_as_published(name: str, tiny_encoders: Folders) -> None:
    """The numbers of each repository's preprocessor_config.json, written here once more, in numpy."""
    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    if name == "clip":
        mean, std = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
    image = pixels().numpy()
    expected = np.empty(image.shape)
    for channel in range(3):
        expected[:, channel] = (image[:, channel] / 255.0 - mean[channel]) / std[channel]
    np.testing.assert_allclose(load(name, tiny_encoders).normalise(pixels()).numpy(), expected, atol=1e-6)


@EVERY_HUB
@pytest.mark.parametrize("size", [32, 48])
def test_output_is_that_of_the_librarys_own_model(name: str, size: int, tiny_encoders: Folders) -> None:
    folder = tiny_encoders[name]
    model = transformers.AutoModel.from_pretrained(folder, local_files_only=True).eval()
    encoder = load(name, tiny_encoders, size=size).eval()
    x = encoder.normalise(pixels(size=size))
    options = {"interpolate_pos_encoding": True} if name in ("clip", "dino") else {}
    with torch.no_grad():
        ours, theirs = encoder(pixels(size=size)), model(x, **options)
        hidden = theirs.last_hidden_state
        if name == "resnet18":
            tokens, pooled = hidden.reshape(2, 16, -1).permute(0, 2, 1), hidden.mean(dim=(2, 3))
        elif name == "clip":
            tokens, pooled = model.post_layernorm(hidden)[:, 1:], model.post_layernorm(hidden[:, 0])
        else:
            tokens, pooled = hidden[:, 1:], hidden[:, 0]
    torch.testing.assert_close(ours.tokens, tokens)
    torch.testing.assert_close(ours.pooled, pooled)


def test_published_names_of_whole_models_are_understood(tiny_encoders: Folders, tmp_path: Path) -> None:
    """As the repositories have them: CLIP with its text half, DINO in the ViT layout of old, ResNet with classifier."""
    extras = {
        "clip": ("vision_model.", {"text_model.embeddings.w": 3, "logit_scale": 1, "visual_projection.weight": 2}),
        "resnet18": ("resnet.", {"classifier.1.weight": 4}),
        "dino": ("", {"pooler.dense.weight": 4}),
    }
    for name, (prefix, more) in extras.items():
        tensors = {prefix + key: value for key, value in load_file(tiny_encoders[name] / "model.safetensors").items()}
        tensors |= {key: torch.zeros(count) for key, count in more.items()}
        folder = tmp_path / name
        folder.mkdir()
        save_file(tensors, folder / "model.safetensors")
        config = json.loads((tiny_encoders[name] / "config.json").read_text())
        if name == "clip":
            config = {"model_type": "clip", "vision_config": config, "text_config": {}}
        (folder / "config.json").write_text(json.dumps(config))
        assert_same(ENCODERS[name](str(folder)), load(name, tiny_encoders))


def test_dinos_published_layout_of_names(tiny_encoders: Folders, tmp_path: Path) -> None:
    encoder = load("dino", tiny_encoders)
    new_to_old = {
        "layers.": "encoder.layer.", "q_proj": "attention.query", "k_proj": "attention.key",
        "v_proj": "attention.value",
        "o_proj": "output.dense", "mlp.fc1": "intermediate.dense", "mlp.fc2": "output.dense",
    }  # fmt: skip
    tensors = {}
    for key, value in encoder.tower.state_dict().items():
        for new, old in new_to_old.items():
            key = key.replace(new, old)
        tensors[key] = value
    assert "encoder.layer.0.attention.attention.query.weight" in tensors
    save_file(tensors, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text((tiny_encoders["dino"] / "config.json").read_text())
    assert_same(encoder, ENCODERS["dino"](str(tmp_path)))
