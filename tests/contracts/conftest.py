"""Tiny variants of every encoder, saved as users save theirs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from shapeshot.lab.loading.training_set import TrainingObject

TINY_VIT = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 32, "patch_size": 8}


def save_tiny_encoder(name: str, folder: Path) -> Path:
    """A folder with config.json and model.safetensors of a seeded random variant for 32-pixel images."""
    import torch
    import transformers as t
    from safetensors.torch import save_file

    from shapeshot.lab.encoders import ENCODERS

    torch.manual_seed(7)
    if name == "resnet18":
        config = t.ResNetConfig(embedding_size=8, hidden_sizes=[8, 12, 16], depths=[1, 2, 1], layer_type="basic")
        model = t.ResNetModel(config)
        for module in model.modules():  # so that normalising with the stored statistics makes a difference
            if isinstance(module, torch.nn.BatchNorm2d):
                torch.nn.init.uniform_(module.running_mean, -0.1, 0.1)
                torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
        model.save_pretrained(folder)
    elif name == "clip":
        t.CLIPVisionModel(t.CLIPVisionConfig(**TINY_VIT, intermediate_size=32)).save_pretrained(folder)
    elif name == "dino":
        t.ViTModel(t.ViTConfig(**TINY_VIT, intermediate_size=32)).save_pretrained(folder)
    elif name == "dinov2":
        t.Dinov2Model(t.Dinov2Config(**TINY_VIT, layerscale_value=0.5)).save_pretrained(folder)
    elif name.startswith("efficientnet-lite"):
        folder.mkdir(parents=True)
        save_file(ENCODERS[name]("none").state_dict(), folder / "model.safetensors")
    else:
        raise AssertionError(f"say here how a tiny {name} is made")
    return folder


@pytest.fixture(scope="session")
def tiny_encoders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Name in ENCODERS -> folder for --encoder-weights."""
    pytest.importorskip("transformers", reason="needs the extra `train`")
    from shapeshot.lab.encoders import ENCODERS

    room = tmp_path_factory.mktemp("encoders")
    return {name: save_tiny_encoder(name, room / name) for name in ENCODERS}


@pytest.fixture(scope="session")
def chair() -> TrainingObject:
    """A block for a seat and one for a back as a solid of boxes, points of its surface, and two views of it."""
    pytest.importorskip("torch", reason="needs the extra `train`")
    from shapeshot.data.queries import PackedSolid
    from shapeshot.data.shards import encode_view
    from shapeshot.geometry.camera import Camera
    from shapeshot.lab.loading.training_set import TrainingObject

    centers = (np.indices((128, 128, 128)) + 0.5) / 128 - 0.5
    x, y, z = centers
    seat = (abs(x) < 0.2) & (y < -0.1) & (abs(z) < 0.3)
    back = (abs(x) < 0.2) & (abs(z + 0.2) < 0.1)
    solid = seat | back
    inner = solid[1:-1, 1:-1, 1:-1].copy()
    for axis in range(3):
        for shift in (-1, 1):
            inner &= np.roll(solid, shift, axis)[1:-1, 1:-1, 1:-1]
    shell = np.argwhere(solid[1:-1, 1:-1, 1:-1] & ~inner) + 1
    rng = np.random.default_rng(0)
    points = ((rng.permutation(shell)[:4096] + 0.5) / 128 - 0.5).astype(np.float16)
    colors = np.full((len(points), 3), 128, np.uint8)
    cameras = (Camera(30.0, 20.0, 2.5, 40.0), Camera(-110.0, 5.0, 2.5, 40.0))
    views = []
    for camera in cameras:
        columns, rows = np.clip(camera.project(points.astype(np.float32), 64), 0, 63).astype(int).T
        rgba = np.zeros((64, 64, 4), np.uint8)
        for shift in (-1, 0, 1):  # the points lie a pixel or two apart
            rgba[np.clip(rows + shift, 0, 63), columns] = rgba[rows, np.clip(columns + shift, 0, 63)] = (
                128,
                128,
                128,
                255,
            )
        views.append(encode_view(rgba))
    return TrainingObject("chair", tuple(views), PackedSolid.pack(solid), points, colors, cameras)
