"""What a frozen encoder sees, computed once and kept on disk: a decoder then trains at its own speed.

A folder for each encoder, named by a digest of its weights, architecture and image size; in it one file for each
object, named by a digest of its views. Another dataset with the same object, another run and another seed find it
there; anything that changes a feature changes a name. Files are written whole or not at all, so a run that was stopped
goes on where it was, and nothing is ever taken from an encoder that was trained further.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Float16, Float32, Shaped
from torch import Tensor
from tqdm import tqdm

from shapeshot.files import atomic_write
from shapeshot.lab.encoders import Encoder
from shapeshot.lab.loading.batches import plain_pixels
from shapeshot.lab.loading.training_set import Arrays, TrainingObject

CACHE_VARIABLE = "SHAPESHOT_CACHE"
FORMAT_VERSION = 1  # of the features: raise it when the crop or what is stored changes


@dataclass(frozen=True, eq=False)
class Features:
    """An encoder's output for every view of every object, as it is and in the mirror.

    pooled: an array an object, float32 [views, 2, channels]; the middle axis is (as it is, mirrored).
    tokens: the same, float16 [views, 2, tokens, channels], read from disk when asked for; or None.
    """

    pooled: tuple[Float32[np.ndarray, "_ 2 channels"], ...]
    tokens: tuple[Float16[np.ndarray, "_ 2 tokens token_channels"], ...] | None

    def example(self, index: int, view: int, mirrored: bool) -> Arrays:
        """Return the parts of an EncoderOutput, float32, without a batch axis; no tokens where none are kept."""
        pooled = np.array(self.pooled[index][view, int(mirrored)])
        if self.tokens is None:
            return {"tokens": np.zeros((0, 1), np.float32), "pooled": pooled}
        return {"tokens": self.tokens[index][view, int(mirrored)].astype(np.float32), "pooled": pooled}


def cache_folder() -> Path:
    """Return $SHAPESHOT_CACHE, else `shapeshot` in the user's cache folder; its content can be removed at any time."""
    given = os.environ.get(CACHE_VARIABLE)
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "shapeshot"


def cached_features(
    encoder: Encoder,
    objects: Sequence[TrainingObject],
    folder: Path | None = None,
    want_tokens: bool = False,
    progress: bool = True,
) -> Features:
    """Return the features of every view, read from `folder` (`cache_folder()`) where they are and computed otherwise.

    Raises ExportError where the disk is full; what was written before stays good.
    """
    place = (folder or cache_folder()) / "features" / encoder_digest(encoder)
    pooled, tokens = [], []
    for item in tqdm(objects, desc="features", unit="obj", disable=not progress):
        stem = place / _views_digest(item.views)
        found = _read(stem, encoder, item, want_tokens) or _compute(encoder, item, stem, want_tokens)
        pooled.append(found[0])
        tokens.append(found[1])
    return Features(tuple(pooled), tuple(tokens) if want_tokens else None)


def encoder_digest(encoder: Encoder) -> str:
    """Compute the SHA-256 over all that determines what an encoder sees."""
    digest = hashlib.sha256(json.dumps(_facts(encoder), sort_keys=True).encode())
    for name, tensor in sorted(encoder.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:32]


def _facts(encoder: Encoder) -> dict[str, object]:
    kind = type(encoder).__qualname__
    return {"format": FORMAT_VERSION, "kind": kind, "size": encoder.image_size, "is": encoder.architecture}


def _views_digest(views: Sequence[bytes]) -> str:
    digest = hashlib.sha256()
    for view in views:
        digest.update(len(view).to_bytes(8, "little") + view)
    return digest.hexdigest()[:32]


def _files(stem: Path, want_tokens: bool) -> list[Path]:
    return [stem.with_suffix(f".{part}.npy") for part in (("pooled", "tokens") if want_tokens else ("pooled",))]


def _read(
    stem: Path, encoder: Encoder, item: TrainingObject, want_tokens: bool
) -> list[Float[np.ndarray, "views 2 ..."]] | None:
    """Read pooled and tokens (empty where not wanted); None where a file is missing, damaged or of something else."""
    files, views = _files(stem, want_tokens), len(item.views)
    try:
        pooled = np.load(files[0], allow_pickle=False)
        tokens = np.load(files[1], mmap_mode="r", allow_pickle=False) if want_tokens else pooled[:0]
    except (OSError, ValueError, EOFError):
        return None
    token_shape = (views, 2, encoder.num_tokens(encoder.image_size), encoder.token_channels)
    sound = pooled.shape == (views, 2, encoder.pooled_channels) and (not want_tokens or tokens.shape == token_shape)
    return [pooled, tokens] if sound else None


@torch.no_grad()
def _compute(
    encoder: Encoder, item: TrainingObject, stem: Path, want_tokens: bool
) -> list[Float[np.ndarray, "views 2 ..."]]:
    was_training = encoder.training
    encoder.eval()
    device = next(encoder.parameters()).device
    pixels = plain_pixels(item.views, encoder.image_size).to(device)
    seen = encoder(torch.cat([pixels, pixels.flip(-1)]))
    encoder.train(was_training)
    stored = ((seen.pooled, np.float32), (seen.tokens, np.float16))  # in the order of the files
    for path, (values, dtype) in zip(_files(stem, want_tokens), stored, strict=False):
        atomic_write(path, _encoded(_paired(values, dtype)))
    found = _read(stem, encoder, item, want_tokens)
    assert found is not None
    return found


def _paired(values: Tensor, dtype: type) -> Float[np.ndarray, "views 2 ..."]:
    """Turn [2 views, ...] into [views, 2, ...]."""
    half = len(values) // 2
    return torch.stack([values[:half], values[half:]], dim=1).float().cpu().numpy().astype(dtype)


def _encoded(array: Shaped[np.ndarray, " ..."]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()
