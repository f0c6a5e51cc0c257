"""A dataset small enough to train on in seconds, and settings to match."""

from __future__ import annotations

import pytest

from shapeshot.data.build import build_dataset
from shapeshot.data.build_options import BuildOptions
from shapeshot.data.sources import make_source
from shapeshot.lab.kinds.field import FieldConfig, FieldModelConfig
from shapeshot.lab.train_config import TrainConfig


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Eight procedural objects, two small views each, with every split that training needs."""
    folder = tmp_path_factory.mktemp("tiny") / "procedural"
    options = BuildOptions(views=2, size=48, samples=1, seed=1)
    dataset = build_dataset(make_source("procedural", count=8, seed=1), folder, options, workers=1, progress=False)
    assert dataset.counts()["train"]
    assert dataset.counts()["val"]
    return str(folder)


@pytest.fixture(scope="session")
def tiny_config(tiny_data: str) -> TrainConfig:
    """Four steps of a network with random weights on 32-pixel crops."""
    model = FieldModelConfig(
        encoder_weights="none", update_statistics=True, image_size=32, width=16, depth=1, num_heads=2, channels=8,
        resolution=8, hidden=8,
    )  # fmt: skip
    return FieldConfig(
        data=(tiny_data,), model=model, batch_size=2, max_iter=4, num_queries=32, warmup=1, val_every=2, val_views=1,
        save_every=1, workers=0, amp=False,
    )  # fmt: skip
