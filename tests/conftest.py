"""What several tests share: models without training, photos without a camera."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shape_checks  # noqa: F401 - before anything of shapeshot

from shapeshot.model.field import Field, logit, whole_grid
from shapeshot.model.heads import Heads
from shapeshot.model.planes import PlanesReading
from shapeshot.model.seen import Seen
from shapeshot.photo import PreparedPhoto

# A shell that starts the tests in the background has them ignore Ctrl-C, and every process that they start as well.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass
class AnalyticField:
    """Stands in for a FieldModel: an ellipsoid with half axes 0.2, 0.4, 0.3 and, where asked for, a speck beside it.

    It is its own network as well: what it has seen is a real `Seen`.
    """

    half_axes: tuple[float, float, float] = (0.2, 0.4, 0.3)
    speck_radius: float = 0.0
    threshold: float = 0.4
    image_size: int = 64
    card: dict[str, Any] = field(default_factory=lambda: {"name": "analytic"})
    heads: Heads = field(default_factory=Heads)
    features: np.ndarray | None = None
    name: str = "analytic"
    calls: int = 0  # of the encoder

    def optimized(self) -> AnalyticField:
        return self

    def warm_up(self) -> None:
        pass

    def see(self, photo: PreparedPhoto) -> Seen:
        return self.see_batch([photo])[0]

    def see_batch(self, photos: Sequence[PreparedPhoto]) -> list[Seen]:
        self.calls += 1
        for photo in photos:
            assert photo.pixels.shape == (64, 64, 3)
            assert photo.pixels.dtype == np.uint8
        planes = np.zeros((3, 1, 1, 1), np.float32)
        readings = [PlanesReading(planes, photo.silhouette, self, None) for photo in photos]  # type: ignore[arg-type]
        pairs = zip(photos, readings, strict=True)
        return [Seen(photo, reading, self.features, self.heads, self.threshold) for photo, reading in pairs]

    @property
    def level(self) -> float:
        return logit(self.threshold)

    def field(self, resolution: int) -> Field:
        return whole_grid(lambda xs, ys, zs: self.logits(None, xs, ys, zs), resolution, self.level)

    def logits(self, planes: None, xs: np.ndarray, ys: np.ndarray, zs: np.ndarray) -> np.ndarray:
        return self.values(np.stack(np.meshgrid(xs, ys, zs, indexing="ij"), axis=-1))

    def values(self, points: np.ndarray) -> np.ndarray:
        inside = 1.0 - np.linalg.norm(points / np.float32(self.half_axes), axis=-1)
        if self.speck_radius:
            inside = np.maximum(inside, 1.0 - np.linalg.norm(points - np.float32(0.45), axis=-1) / self.speck_radius)
        return (10 * inside + self.level).astype(np.float32)

    def at(self, planes: None, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.values(points), np.clip(points + 0.5, 0, 1).astype(np.float32)


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
    from shapeshot.lab.export.to_onnx import export_model
    from shapeshot.lab.kinds.field import FieldModelConfig
    from shapeshot.lab.model import build_model

    torch.manual_seed(0)
    config = FieldModelConfig(encoder_weights="none", image_size=64, width=32, depth=1, channels=16, hidden=16)
    folder = tmp_path_factory.mktemp("models") / "random"
    export_model(build_model(config), {"name": "random", "threshold": 0.5}, folder)
    return folder


@pytest.fixture(scope="session")
def npm_package(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """npm_package("name@version"): a node_modules folder with it, fetched by npm; skips where that cannot be."""

    def fetch(package: str) -> Path:
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip(f"no npm here to fetch {package} with")
        folder = tmp_path_factory.mktemp("npm")
        words = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder), package]
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=120)
        except subprocess.TimeoutExpired:
            pytest.skip(f"npm did not fetch {package} within two minutes")
        if done.returncode:
            pytest.skip(f"npm could not fetch {package}: {done.stderr.strip()[-200:]}")
        return folder / "node_modules"

    return fetch
