"""The model at run time: ONNX sessions that turn a photo crop into planes, and planes into field values.

A model is a folder of three graphs and a card (`lab/to_onnx.py` writes it):

    encoder.onnx   pixels uint8 [batch, size, size, 3] -> planes float32 [batch, 3, C, R, R], features [batch, features]
    grid.onnx      planes [3, C, R, R], xs [x], ys [y], zs [z] -> logits float32 [x, y, z]
    points.onnx    planes [3, C, R, R], points [points, 3] -> logits [points], colors [points, 3]
    heads.npz      size, familiarity and temperature, see `shapeshot.model.heads`; only where `shapeshot calibrate` ran
    memory.npz     outlines and shapes of training objects, see `model.memory`; only where `shapeshot remember` ran
    card.json      format, image size, threshold, training, scores, licence, SHA-256 of each file
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from shapeshot.errors import ModelError
from shapeshot.geometry import cell_centers
from shapeshot.geometry.surface_blocks import surface_blocks
from shapeshot.model.heads import HEADS_FILE, Heads
from shapeshot.model.memory import MEMORY_FILE, ShapeMemory, sample_axes

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

    from shapeshot.photo import PreparedPhoto

FORMAT, FORMAT_VERSION = "shapeshot-field-model", 1
ENCODER, GRID, POINTS, CARD = "encoder.onnx", "grid.onnx", "points.onnx", "card.json"
PLANES, FEATURES = "planes", "features"  # the encoder's outputs
DEFAULT_FOLDER = Path(__file__).parents[1] / "weights" / "default"
# Cells of the grid evaluated in one run: their features stay in the processor's cache, and memory stays bounded.
CELLS_PER_RUN = 16_384
# Points of one run, for the same reasons. ONNX Runtime keeps the memory of its largest run for good: 0.4 GB for the
# 117,000 vertices of a mesh at 256^3 in one go.
POINTS_PER_RUN = 4096


@dataclass(frozen=True, eq=False)
class Field:
    """Occupancy on a regular grid over the canonical cube.

    logits: float32 [n, n, n], indexed [x, y, z], at the cells' centres; above `level` is inside.
    """

    logits: np.ndarray
    level: float

    @property
    def resolution(self) -> int:
        """Cells along each side."""
        return self.logits.shape[0]

    @property
    def occupancy(self) -> np.ndarray:
        """bool [n, n, n]: inside the solid."""
        return self.logits > self.level


class FieldModel:
    """A loaded model. Sessions start when first needed; one object may serve many photos and threads."""

    def __init__(
        self, folder: Path, card: dict[str, Any], num_threads: int | None = None, optimize: bool = False
    ) -> None:
        """Use `load`. num_threads: of one run; None is one for each core."""
        self.folder, self.card, self._num_threads, self._optimize = folder, card, num_threads, optimize

    @classmethod
    def load(
        cls,
        folder: str | Path | None = None,
        *,
        num_threads: int | None = None,
        verify: bool = True,
        optimize: bool = False,
    ) -> FieldModel:
        """The model in `folder`; None is the one that ships with shapeshot.

        verify: compare each graph with the card's SHA-256, which takes about 20 ms.
        optimize: fuse and lay out the graphs for this processor: a start takes some 35 ms longer and a photo's encoding
            a third less. Logits differ by rounding, about 1e-5. For many photos.
        Raises ModelError where the folder, its card or a graph is missing, broken, altered or of another version.
        """
        path = DEFAULT_FOLDER if folder is None else Path(folder)
        card = _read_card(path)
        for name in (ENCODER, GRID, POINTS):
            _check_file(path / name, card["sha256"].get(name), verify)
        for name in (HEADS_FILE, MEMORY_FILE):
            if name in card["sha256"]:
                _check_file(path / name, card["sha256"][name], verify)
        return cls(path, card, num_threads, optimize)

    def optimized(self) -> FieldModel:
        """The same model, loaded with `optimize`, for many photos."""
        return self if self._optimize else FieldModel(self.folder, self.card, self._num_threads, optimize=True)

    @property
    def image_size(self) -> int:
        """Side of the square crop that `encode` takes, pixels."""
        return self.card["image_size"]

    @property
    def threshold(self) -> float:
        """The occupancy probability of the surface, fixed on the validation split."""
        return self.card["threshold"]

    @property
    def level(self) -> float:
        """`threshold` as a logit: log(t / (1 - t)), what logits are compared with."""
        return math.log(self.threshold / (1 - self.threshold))

    @cached_property
    def heads(self) -> Heads:
        """What `shapeshot calibrate` fitted on top of the model; without parts where the card lists no heads."""
        if HEADS_FILE not in self.card["sha256"]:
            return Heads()
        return Heads.decode((self.folder / HEADS_FILE).read_bytes())

    @cached_property
    def memory(self) -> ShapeMemory | None:
        """What `shapeshot remember` gave the model of its training objects; None where the card lists no memory."""
        if MEMORY_FILE not in self.card["sha256"]:
            return None
        return ShapeMemory.decode((self.folder / MEMORY_FILE).read_bytes())

    def recall(self, photo: PreparedPhoto) -> np.ndarray | None:
        """What the model remembers by the outline, float32 [32, 32, 32], for `grid`; None without a memory."""
        return None if self.memory is None else self.memory.recall(photo.outline)

    def encode(self, pixels: np.ndarray) -> np.ndarray:
        """RGB crop uint8 [size, size, 3] -> planes float32 [3, C, R, R]."""
        return self.encode_batch(np.asarray(pixels)[None])[0]

    def encode_batch(self, pixels: np.ndarray) -> np.ndarray:
        """RGB crops uint8 [batch, size, size, 3] -> planes float32 [batch, 3, C, R, R]. ModelError on another shape."""
        return self.see_batch(pixels)[0]

    def see(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """RGB crop uint8 [size, size, 3] -> planes float32 [3, C, R, R], features float32 [features] for `heads`."""
        planes, features = self.see_batch(np.asarray(pixels)[None])
        return planes[0], None if features is None else features[0]

    def see_batch(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """As `encode_batch`, and features float32 [batch, features]: what the encoder saw, pooled over the picture.

        The features are None for a model that was exported before its encoder gave them.
        """
        size = self.image_size
        if pixels.ndim != 4 or pixels.shape[1:] != (size, size, 3) or pixels.dtype != np.uint8:
            expected = f"uint8 [batch, {size}, {size}, 3]"
            raise ModelError(f"the model takes RGB pixels as {expected}; got {pixels.dtype} {list(pixels.shape)}")
        planes, *rest = self._encoder.run(None, {"pixels": pixels})
        return planes, rest[0] if rest else None

    def grid(
        self, planes: np.ndarray, resolution: int, guide: Field | None = None, recalled: np.ndarray | None = None
    ) -> Field:
        """The field at the centres of resolution^3 cells, `planes` as one photo's from `encode`.

        recalled: of the same photo, from `recall`; without it the field is the network's alone.

        guide: the same planes' field on a grid that this one divides evenly, such as half as fine. The network is then
        run only where the surface may be by the guide, in a fraction of the time, and the result holds the guide's
        values elsewhere: its surface and what lies inside are the same, its logits far from the surface are not.
        Raises ModelError for a resolution below 1 and a guide that does not fit.
        """
        if resolution < 1:
            raise ModelError(f"the grid's resolution must be at least 1; got {resolution}")
        centers = cell_centers(resolution)
        if guide is not None:
            return self._guided_grid(planes, centers, guide, recalled)
        logits = np.empty((resolution,) * 3, dtype=np.float32)
        step = max(1, CELLS_PER_RUN // resolution**2)
        for start in range(0, resolution, step):
            rows = slice(start, start + step)
            logits[rows] = self._block(planes, centers[rows], centers, centers, recalled)
        return Field(logits, self.level)

    def _block(
        self, planes: np.ndarray, xs: np.ndarray, ys: np.ndarray, zs: np.ndarray, recalled: np.ndarray | None
    ) -> np.ndarray:
        """Logits float32 [x, y, z] where the coordinates cross."""
        logits = self._grid.run(None, {"planes": planes, "xs": xs, "ys": ys, "zs": zs})[0]
        if recalled is None or self.memory is None:
            return logits
        return self.memory.joined(logits, sample_axes(recalled, xs, ys, zs))

    def _guided_grid(self, planes: np.ndarray, centers: np.ndarray, guide: Field, recalled: np.ndarray | None) -> Field:
        times, rest = divmod(len(centers), guide.resolution)
        if rest:
            raise ModelError(f"a grid of {len(centers)} cells a side cannot be guided by one of {guide.resolution}")
        logits = guide.logits
        for axis in range(3):
            logits = logits.repeat(times, axis)
        for box in surface_blocks(guide.logits, guide.level):
            x, y, z = (slice(cells.start * times, cells.stop * times) for cells in box)
            logits[x, y, z] = self._block(planes, centers[x], centers[y], centers[z], recalled)
        return Field(logits, guide.level)

    def at(self, planes: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The field at points [points, 3] in the canonical cube: logits float32 [points], sRGB float32 [points, 3]."""
        positions = np.ascontiguousarray(points, dtype=np.float32)
        if positions.ndim != 2 or positions.shape[1] != 3:
            raise ModelError(f"points must have shape [points, 3]; got {list(positions.shape)}")
        if not len(positions):
            return np.zeros(0, np.float32), np.zeros((0, 3), np.float32)
        chunks = np.split(positions, range(POINTS_PER_RUN, len(positions), POINTS_PER_RUN))
        runs = [self._points.run(None, {"planes": planes, "points": chunk}) for chunk in chunks]
        logits, colors = (np.concatenate(parts) for parts in zip(*runs, strict=True))
        return logits, colors

    def colors_at(self, planes: np.ndarray, points: np.ndarray) -> np.ndarray:
        """sRGB float32 [points, 3] at points [points, 3] in the canonical cube."""
        return self.at(planes, points)[1]

    @cached_property
    def _encoder(self) -> InferenceSession:
        return self._session(ENCODER)

    @cached_property
    def _grid(self) -> InferenceSession:
        return self._session(GRID)

    @cached_property
    def _points(self) -> InferenceSession:
        return self._session(POINTS)

    def _session(self, graph: str) -> InferenceSession:
        return _session(self.folder / graph, self._num_threads, self._optimize)


def _read_card(folder: Path) -> dict[str, Any]:
    path = folder / CARD
    if not path.is_file():
        raise ModelError(f"no model in {folder} (it has no {CARD}); give a folder that shapeshot exported")
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"cannot read {path} ({error}); export the model again") from None
    if not isinstance(card, dict) or card.get("format") != FORMAT:
        raise ModelError(f"{path} is no card of a shapeshot field model; give a folder that shapeshot exported")
    if card.get("format_version") != FORMAT_VERSION:
        version = card.get("format_version")
        raise ModelError(f"{path} has format version {version!r}, not {FORMAT_VERSION}; export it with this shapeshot")
    size, threshold = card.get("image_size"), card.get("threshold")
    sound = isinstance(size, int) and size > 0 and isinstance(threshold, float) and 0 < threshold < 1
    if not sound or not isinstance(card.get("sha256"), dict):
        raise ModelError(f"{path} lacks a sound image_size, threshold or sha256; export the model again")
    return card


def _check_file(path: Path, sha256: str | None, verify: bool) -> None:
    if not path.is_file():
        raise ModelError(f"the model lacks {path}; export or install it again")
    if verify and hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        raise ModelError(f"{path} is not what its card describes (SHA-256 differs); export or install it again")


def _session(path: Path, num_threads: int | None, optimize: bool) -> InferenceSession:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # The graphs were simplified when exported. Fusing further takes a cold start some 35 ms longer than it saves.
    levels = onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = levels.ORT_ENABLE_ALL if optimize else levels.ORT_DISABLE_ALL
    # Memory is planned anew for every shape of the inputs and kept; grids and points come in thousands of shapes.
    options.enable_mem_pattern = False
    if num_threads is not None:
        options.intra_op_num_threads = num_threads
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has its own exception for each way in which a graph can be broken
        reason = str(error).strip().splitlines()[0]
        raise ModelError(f"{path} cannot be loaded ({reason}); export or install the model again") from None
