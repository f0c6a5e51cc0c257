"""What several tests share: models without training, photos without a camera."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shapeshot.geometry import cell_centers
from shapeshot.model.field_model import Field
from shapeshot.model.heads import Heads
from shapeshot.photo import PreparedPhoto


@dataclass
class AnalyticField:
    """Stands in for a FieldModel: an ellipsoid with half axes 0.2, 0.4, 0.3 and, where asked for, a speck beside it."""

    half_axes: tuple[float, float, float] = (0.2, 0.4, 0.3)
    speck_radius: float = 0.0
    threshold: float = 0.4
    image_size: int = 64
    card: dict[str, Any] = field(default_factory=lambda: {"name": "analytic"})
    heads: Heads = field(default_factory=Heads)
    features: np.ndarray | None = None
    memory: None = None

    def encode(self, pixels: np.ndarray) -> np.ndarray:
        assert pixels.shape == (64, 64, 3)
        assert pixels.dtype == np.uint8
        return np.zeros((3, 1, 1, 1), np.float32)

    def encode_batch(self, pixels: np.ndarray) -> np.ndarray:
        return np.stack([self.encode(one) for one in pixels])

    def optimized(self) -> AnalyticField:
        return self

    def see(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        planes, features = self.see_batch(pixels[None])
        return planes[0], None if features is None else features[0]

    def see_batch(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        features = None if self.features is None else np.tile(self.features, (len(pixels), 1))
        return self.encode_batch(pixels), features

    @property
    def level(self) -> float:
        return float(np.log(self.threshold / (1 - self.threshold)))

    def recall(self, photo: PreparedPhoto) -> None:
        return None

    def grid(
        self, planes: np.ndarray, resolution: int, guide: Field | None = None, recalled: np.ndarray | None = None
    ) -> Field:
        axis = cell_centers(resolution)
        points = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)
        return Field(self.logits(points), self.level if guide is None else guide.level)

    def logits(self, points: np.ndarray) -> np.ndarray:
        inside = 1.0 - np.linalg.norm(points / np.float32(self.half_axes), axis=-1)
        if self.speck_radius:
            inside = np.maximum(inside, 1.0 - np.linalg.norm(points - np.float32(0.45), axis=-1) / self.speck_radius)
        return (10 * inside + self.level).astype(np.float32)

    def colors_at(self, planes: np.ndarray, points: np.ndarray) -> np.ndarray:
        return np.clip(points + 0.5, 0, 1).astype(np.float32)


@pytest.fixture(scope="session")
def analytic_field() -> type[AnalyticField]:
    """The class of models whose field is known in closed form."""
    return AnalyticField


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing that a test keeps goes into the user's own cache, or comes from it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHAPESHOT_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Torch on one thread: how sums are shared among threads rounds them, so equal bits need an equal number."""
    torch = pytest.importorskip("torch", reason="needs the extra `train`")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def photo() -> np.ndarray:
    """A brown disc on transparency."""
    y, x = np.mgrid[:96, :96] - 47.5
    rgba = np.zeros((96, 96, 4), np.uint8)
    rgba[x**2 + y**2 < 30**2] = (120, 80, 40, 255)
    return rgba


@pytest.fixture(scope="session")
def random_model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small field model with seeded random weights, exported for the runtime: it sees some shape in any photo."""
    torch = pytest.importorskip("torch", reason="needs the extra `train`")
    from shapeshot.lab.model import ModelConfig, build_model
    from shapeshot.lab.to_onnx import export_model

    torch.manual_seed(0)
    config = ModelConfig(encoder_weights="none", image_size=64, width=32, depth=1, channels=16, hidden=16)
    folder = tmp_path_factory.mktemp("models") / "random"
    export_model(build_model(config), {"name": "random", "threshold": 0.5}, folder)
    return folder
