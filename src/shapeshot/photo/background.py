"""Which pixels of a photo are the object: one function a way, chosen by name from `BACKGROUNDS`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image

from shapeshot.errors import PhotoError, unknown_name
from shapeshot.onnx_runtime import silence_telemetry
from shapeshot.photo.plain import PlainResult, plain_background

_MIN_TRANSPARENT = 0.01  # less than this fraction of transparent pixels is a rounded corner, not a cut-out
_MIN_OBJECT = 0.001  # of the frame: about 32 x 32 pixels of a 1024 x 1024 photo
_CLUTTERED = (
    "the background is too cluttered to tell the object from it ({reason}); install the background remover with "
    "pip install 'shapeshot[photo]', or give a photo on a plain background or a transparent PNG, or pass "
    "background='keep' if the object fills the frame"
)


@dataclass(frozen=True, eq=False)
class ObjectMask:
    """Where the object is.

    mask: float32 [height, width], 1 on the object, 0 on the background, between at antialiased edges.
    method: "alpha", "plain background", "rembg" or "kept".
    """

    mask: np.ndarray
    method: str


def find_object(rgba: np.ndarray, background: str = "auto") -> ObjectMask:
    """Tell the object from its background.

    rgba: uint8 [height, width, 4], straight alpha, as load_photo returns.
    background: "auto" (alpha if the photo has any, else a plain background, else rembg where it is installed),
    "alpha", "plain", "rembg", or "keep" (the whole frame is the object).
    Raises PhotoError where there is no object, or the background is cluttered and rembg is not installed.
    """
    if background not in BACKGROUNDS:
        raise unknown_name("background", background, BACKGROUNDS, PhotoError)
    found = BACKGROUNDS[background](rgba)
    if (found.mask >= 0.5).mean() < _MIN_OBJECT:
        raise PhotoError("no object found: the picture is empty or one plain colour; give a photo of one object")
    return found


def _by_alpha(rgba: np.ndarray) -> ObjectMask:
    if not _has_cutout(rgba):
        raise PhotoError("background='alpha' needs a picture with a transparent background; this one is opaque")
    return ObjectMask(rgba[..., 3].astype(np.float32) / 255, "alpha")


def _by_plain_background(rgba: np.ndarray) -> ObjectMask:
    return _accept(plain_background(rgba))


def _by_rembg(rgba: np.ndarray) -> ObjectMask:
    """U^2-Net through the optional package rembg, which downloads the network on first use."""
    try:
        mask = _rembg_mask(Image.fromarray(np.ascontiguousarray(rgba[..., :3])))
    except ImportError as error:
        raise PhotoError("background='rembg' needs an optional package: pip install 'shapeshot[photo]'") from error
    except (Exception, SystemExit) as error:  # its model download, its ONNX session; it even exits where one is missing
        detail = (str(error).splitlines() or [type(error).__name__])[0]
        raise PhotoError(
            f"the background remover rembg failed ({detail}); check the network for its first download, "
            "or give a photo on a plain background or a transparent PNG"
        ) from error
    return ObjectMask(np.asarray(mask.convert("L"), np.float32) / 255, "rembg")


def _rembg_mask(image: Image.Image) -> Image.Image:
    silence_telemetry()  # rembg imports ONNX Runtime
    from rembg import remove

    mask: Image.Image = remove(image, session=_rembg_session(), only_mask=True)
    return mask


@lru_cache(maxsize=1)
def _rembg_session() -> Any:
    from rembg import new_session

    return new_session("u2net")


def _keep_all(rgba: np.ndarray) -> ObjectMask:
    return ObjectMask(np.ones(rgba.shape[:2], np.float32), "kept")


def _automatic(rgba: np.ndarray) -> ObjectMask:
    if _has_cutout(rgba):
        return _by_alpha(rgba)
    result = plain_background(rgba)
    if result.clutter and _rembg_installed():
        return _by_rembg(rgba)
    return _accept(result)


def _accept(result: PlainResult) -> ObjectMask:
    if result.clutter:
        raise PhotoError(_CLUTTERED.format(reason=result.clutter))
    return ObjectMask(result.mask, "plain background")


def _has_cutout(rgba: np.ndarray) -> bool:
    return bool((rgba[::2, ::2, 3] < 128).mean() >= _MIN_TRANSPARENT)


def _rembg_installed() -> bool:
    if "rembg" in sys.modules:
        return True
    from importlib.util import find_spec

    return find_spec("rembg") is not None


BACKGROUNDS: dict[str, Callable[[np.ndarray], ObjectMask]] = {
    "auto": _automatic,
    "alpha": _by_alpha,
    "plain": _by_plain_background,
    "rembg": _by_rembg,
    "keep": _keep_all,
}
