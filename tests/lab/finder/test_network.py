"""The finder's network: its shapes, its hints, and its graph."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from shapeshot.errors import ModelError
from shapeshot.lab.checkpoint import Checkpoint
from shapeshot.lab.finder.config import FinderConfig
from shapeshot.lab.finder.export import export_finder, folded, network_of
from shapeshot.lab.finder.network import FinderNetwork
from shapeshot.photo.finder import Finder


@pytest.fixture(scope="module")
def network() -> FinderNetwork:
    """Untrained, but for random statistics and hints, so that folding and hints have something to do."""
    torch.manual_seed(0)
    network = FinderNetwork("none").eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.1, 0.1)
            torch.nn.init.uniform_(module.running_var, 0.5, 2.0)
    for layer in (network.fine_hints, network.coarse_hints):
        torch.nn.init.normal_(layer.weight, std=0.5)
    return network


def scene(height: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    pixels = torch.randint(0, 256, (2, 3, height, width), dtype=torch.uint8, generator=generator)
    return pixels, torch.zeros(2, 2, height, width)


@pytest.mark.parametrize(("height", "width"), [(64, 64), (96, 160)])
def test_shapes(network: FinderNetwork, height: int, width: int) -> None:
    with torch.no_grad():
        output = network(*scene(height, width))
    assert output.logits.shape == (2, height, width)
    assert output.scores.shape == (2, 2)


def test_no_hint_says_nothing_before_training() -> None:
    network = FinderNetwork("none").eval()
    pixels, hints = scene(64, 64)
    with torch.no_grad():
        assert torch.equal(network(pixels, hints).logits, network(pixels, torch.ones_like(hints)).logits)


def test_a_hint_counts(network: FinderNetwork) -> None:
    pixels, hints = scene(64, 64)
    pointed = hints.clone()
    pointed[:, 0, 20:24, 20:24] = 1
    with torch.no_grad():
        assert not torch.allclose(network(pixels, hints).logits, network(pixels, pointed).logits)


def test_training_keeps_the_encoder_s_statistics(network: FinderNetwork) -> None:
    before = network.stem.norm.running_mean.clone()
    own = network.steps[0].first.norm.running_mean.clone()
    network.train()
    network(*scene(64, 64))
    network.eval()
    assert torch.equal(network.stem.norm.running_mean, before)
    assert not torch.equal(network.steps[0].first.norm.running_mean, own)


def test_folding_changes_nothing_but_the_last_bits(network: FinderNetwork) -> None:
    pixels, hints = scene(96, 64)
    hints[:, 0, 10:20, 10:20] = 1
    with torch.no_grad():
        whole, half = network(pixels, hints), folded(network)(pixels, hints)
    assert torch.allclose(whole.logits, half.logits, atol=0.02 * float(whole.logits.abs().max()))
    assert torch.allclose(whole.scores, half.scores, atol=0.02)


def checkpoint(network: FinderNetwork) -> Checkpoint:
    config = FinderConfig(("datasets/rooms",), "datasets/photos")
    return Checkpoint({"ema": network.state_dict()}, {"finder": config.to_json(), "step": 3})


def test_the_exported_graph_answers_as_the_network_does(network: FinderNetwork, tmp_path) -> None:
    path = export_finder(checkpoint(network), tmp_path / "finder")
    assert path.stat().st_size < 8e6
    assert "datasets/" not in (tmp_path / "finder" / "finder.json").read_text()
    session = Finder(path)._session
    for height, width in ((96, 64), (64, 128)):
        pixels, hints = scene(height, width)
        inputs = {"pixels": pixels[:1].numpy().astype(np.float32), "hints": hints[:1].numpy()}
        logits, scores = session.run(inputs)
        with torch.no_grad():
            expected = network(pixels[:1], hints[:1])
        np.testing.assert_allclose(logits, expected.logits.numpy(), atol=0.02 * float(expected.logits.abs().max()))
        np.testing.assert_allclose(scores, expected.scores.numpy(), atol=0.02)


def test_another_checkpoint_is_refused(network: FinderNetwork) -> None:
    with pytest.raises(ModelError, match="not of a finder"):
        network_of(Checkpoint({"ema": {}}, {}))
    with pytest.raises(ModelError, match="another version"):
        network_of(Checkpoint({"ema": {}}, checkpoint(network).values))
