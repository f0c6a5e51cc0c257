"""Every decoder in DECODERS: shapes, batches of any size, gradients, save and load, and the same numbers in ONNX."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from kind_settings import model_of_kind
from safetensors.torch import load_file, save_file

from shapeshot.errors import ModelError
from shapeshot.lab.configure import model_config
from shapeshot.lab.decoders import DECODERS
from shapeshot.lab.export.to_onnx import export_model
from shapeshot.lab.kinds import KINDS
from shapeshot.lab.model import ModelConfig, SingleViewModel, build_model, decoder_name
from shapeshot.model.folder import SHAPE

TINY = {
    "encoder_weights": "none", "image_size": 32, "latent": 32, "voxel_channels": 16, "num_points": 50, "ico_level": 1,
    "width": 16, "depth": 1, "num_heads": 2, "channels": 8, "resolution": 8, "hidden": 8,
    "coarse_channels": 8, "middle_channels": 8, "fine_channels": 8, "depths": 16,
}  # fmt: skip
SHAPES = {
    "vox": (32, 32, 32),
    "point": (50, 3),
    "mesh": (42, 3),
    "field": (3, 8, 8, 8),
    "view": (16 * 16 * 16 + 48 * 8 * 8 + 39,),  # occupancy, colours, azimuth and pose
}


def config_of(name: str) -> ModelConfig:
    return model_of_kind(DECODERS[name].kind, decoder=name, **TINY)


@pytest.fixture(params=sorted(DECODERS))
def model(request: pytest.FixtureRequest) -> SingleViewModel:
    torch.manual_seed(0)
    return build_model(config_of(request.param))


def pixels(count: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(0, 256, (count, 3, 32, 32), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)


def settled(model: SingleViewModel) -> SingleViewModel:
    """With batch-norm statistics of real activations: with those of the start, everything fades to a constant."""
    model.decoder.train()
    for module in model.decoder.modules():
        if isinstance(module, torch.nn.BatchNorm3d):
            module.momentum = None  # the plain average
    with torch.no_grad():
        model.decoder(model.encoder.eval()(pixels(8)))
    return model.eval()


def test_each_kind_has_a_decoder_and_each_decoder_a_kind() -> None:
    assert {decoder.kind for decoder in DECODERS.values()} == set(KINDS) == set(SHAPES)
    for kind in KINDS:
        assert DECODERS[decoder_name(model_of_kind(kind, **TINY))].kind == kind


def test_any_batch_size_at_any_time(model: SingleViewModel) -> None:
    model.eval()
    with torch.no_grad():
        together = model(pixels(5))
        assert together.shape == (5, *SHAPES[model.kind])
        for count in (1, 3):
            torch.testing.assert_close(model(pixels(5)[:count]), together[:count], atol=1e-5, rtol=1e-4)


def test_the_output_follows_the_image(model: SingleViewModel) -> None:
    model.eval()
    with torch.no_grad():
        first, second = model(torch.cat([pixels(1), pixels(1, seed=1)]))
    assert not torch.equal(first, second)


def test_gradients_reach_every_parameter(model: SingleViewModel) -> None:
    model.train()
    output = model(pixels(3))
    output = model.field.at(output, torch.rand(3, 20, 3) - 0.5)[0] if model.kind == "field" else output
    output.square().sum().backward()
    colour = ("field.color",)  # the occupancy does not depend on it
    for name, parameter in model.decoder.named_parameters():
        if not name.startswith(colour):
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name
            assert parameter.grad.abs().sum() > 0, name


def test_save_and_load(model: SingleViewModel, tmp_path: Path) -> None:
    state = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(state, tmp_path / "weights.safetensors")
    torch.manual_seed(1)
    again = build_model(model.config)
    again.load_state_dict(load_file(tmp_path / "weights.safetensors"))
    with torch.no_grad():
        torch.testing.assert_close(again.eval()(pixels(2)), model.eval()(pixels(2)), rtol=0, atol=0)


@pytest.mark.parametrize("kind", ["vox", "point", "mesh"])  # of the field: tests/lab/test_to_onnx.py
def test_onnx_gives_the_same(kind: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = settled(build_model(model_of_kind(kind, **TINY)))
    export_model(model, {"name": "tiny", "threshold": 0.5 if kind == "vox" else None}, tmp_path / "model")
    session = onnxruntime.InferenceSession(tmp_path / "model" / SHAPE)
    seen = pixels(3, seed=2)
    (found,) = session.run(None, {"pixels": np.ascontiguousarray(seen.permute(0, 2, 3, 1).numpy())})
    with torch.no_grad():
        expected = model(seen).numpy()
    assert expected.std() > 1e-3  # else the comparison would be of constants
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_points_stay_in_the_cube_only_with_tanh() -> None:
    for tanh in (True, False):
        decoder = build_model(model_of_kind("point", **TINY, tanh=tanh)).decoder
        with torch.no_grad():
            decoder.layers[-1].bias.fill_(9.0)
            points = decoder(build_model(model_of_kind("field", **TINY)).encoder.eval()(pixels(1)))
        assert bool((points.abs() <= 0.5).all()) == tanh


def test_meshes_keep_the_templates_faces() -> None:
    model = build_model(model_of_kind("mesh", **TINY)).eval()
    with torch.no_grad():
        meshes = model.decoder.meshes(model(pixels(2)))
    assert meshes.num_faces == (80, 80)
    torch.testing.assert_close(meshes.faces_list()[1], model.decoder.faces)
    radii = meshes.vertices_packed().norm(dim=1)
    assert radii.min() > 0.2, "a mesh starts close to its sphere"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"type": "view", "width": 18, "num_heads": 4},
            "width must be a multiple of num_heads; got width 18, num_heads 4",
        ),
        ({"type": "voxel"}, "unknown type 'voxel'; choose from field, mesh, point, view, vox"),
        ({"decoder": "triplain"}, "Did you mean 'triplane'"),
        ({"type": "vox", "decoder": "triplane"}, "predicts field, not vox"),
        ({"type": "vox", "voxel_channels": 12}, "multiple of 8"),
        ({"type": "point", "num_points": 0}, "at least 1"),
        ({"type": "mesh", "ico_level": 11}, r"0\.\.9"),
        ({"encoder": "resnet17"}, "unknown encoder"),
    ],
)
def test_what_does_not_fit_is_one_clear_error(change: dict, message: str) -> None:
    with pytest.raises((ModelError, Exception), match=message) as caught:
        build_model(model_config(**{"encoder_weights": "none", "image_size": 32, **change}))
    assert type(caught.value).__module__ == "shapeshot.errors"
