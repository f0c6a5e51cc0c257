"""Which pixels of a photo are the object: one function a way, chosen by name from `BACKGROUNDS`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from PIL import Image

from shapeshot.beside import Beside
from shapeshot.errors import PhotoError, unknown_name
from shapeshot.onnx_runtime import silence_telemetry
from shapeshot.photo.alpha import has_cutout, is_all_transparent, read_cutout
from shapeshot.photo.finder import NOTHING_MEANT, NOTHING_THERE, Point, doubts, require_object, shipped_finder
from shapeshot.photo.plain import plain_background
from shapeshot.photo.regions import grown, in_regions, label_regions, regions_at

if TYPE_CHECKING:
    from jaxtyping import Float, UInt8

_MIN_OBJECT = 0.001  # of the frame: about 32 x 32 pixels of a 1024 x 1024 photo
_AGREEING = 0.8  # IoU with the finder's mask from which on a plain background's, which is finer, is the better one
_SURE = 0.94  # certainty from which on the finder is right where the two disagree
_INSIDE = 0.9  # of what the finder took, that lies in what stands out from a plain background
_NEARLY_ALL = 0.9  # of what stands out from a plain background
_FRAMED = 0.03  # of the frame's length, that it may lie on beyond that
_PARTS_SIDE = 256  # pixels: the resolution at which parts are told apart
_DISAGREEING = (
    "the finder sees less of the object than what stands out from the plain background, which was taken; compare the "
    "mask, and point at the object or draw a region around it"
)
_CLUTTERED = (
    "the background is too cluttered for background='plain' ({reason}); leave it to the finder with background='auto', "
    "give a transparent PNG, or pass background='keep' if the object fills the frame"
)
_ONLY_PLAIN = (
    "the finder sees no object; what stands out from the plain background was taken, a shadow or a print perhaps"
)
_IGNORED_ALPHA = "the picture's alpha is 0 everywhere, which says nothing; it was ignored"


@dataclass(frozen=True, eq=False)
class ObjectMask:
    """Where the object is.

    mask: float32 [height, width], 1 on the object, 0 on the background, between at antialiased edges.
    method: "alpha", "finder", "plain background", "rembg", "kept", or "given mask".
    certainty: the IoU with the truth that the finder expects of its mask; None where it was not asked.
    remarks: what speaks against the mask, one sentence each. notes: what was made of the picture, likewise.
    """

    mask: Float[np.ndarray, "height width"]
    method: str
    certainty: float | None = None
    remarks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def find_object(
    rgba: UInt8[np.ndarray, "height width 4"], background: str = "auto", points: Sequence[Point] = ()
) -> ObjectMask:
    """Tell the object from its background.

    rgba: uint8 [height, width, 4], straight alpha, as load_photo returns.
    background: "auto" (alpha where it says something, else the finder; before a plain background, all that stands out
    where it saw an object), "alpha", "finder", "plain", "rembg", or "keep" (the whole frame is the object).
    points: (x, y) in pixels of rgba, each on the object that is meant; they guide the finder.
    Raises PhotoError where there is no object, the background is cluttered and "plain" was asked for, or points are
    given to a way that takes none.
    """
    if background not in BACKGROUNDS:
        raise unknown_name("background", background, BACKGROUNDS, PhotoError)
    if points and background not in _POINTED:
        raise PhotoError(
            f"points guide the finder; background={background!r} does not use it, so leave one of them out"
        )
    found = _without_empty_alpha(rgba, BACKGROUNDS[background], points)
    if (found.mask >= 0.5).mean() < _MIN_OBJECT and points:
        raise PhotoError(NOTHING_THERE.format(""))
    if (found.mask >= 0.5).mean() < _MIN_OBJECT:
        raise PhotoError("no object found: the picture is empty or one plain colour; give a photo of one object")
    return found


def _without_empty_alpha(rgba: UInt8[np.ndarray, "height width 4"], way: Way, points: Sequence[Point]) -> ObjectMask:
    """Look at a picture that is transparent everywhere as if it were opaque, and say so."""
    if not is_all_transparent(rgba):
        return way(rgba, points)
    opaque = rgba.copy()
    opaque[..., 3] = 255
    found = way(opaque, points)
    return replace(found, notes=(_IGNORED_ALPHA, *found.notes))


def _by_alpha(rgba: UInt8[np.ndarray, "height width 4"], points: Sequence[Point]) -> ObjectMask:
    mask, remarks, notes = read_cutout(rgba)
    return ObjectMask(mask, "alpha", None, remarks, notes)


def _by_finder(rgba: UInt8[np.ndarray, "height width 4"], points: Sequence[Point]) -> ObjectMask:
    return _told(_sighted(rgba, points), bool(points))


def _told(found: ObjectMask, pointed: bool) -> ObjectMask:
    """With the finder's doubt among the remarks. Raises PhotoError where it found nothing."""
    require_object(found.mask, pointed)
    assert found.certainty is not None
    unsure = () if NOTHING_MEANT in found.remarks else doubts(found.certainty)  # one of the two says it
    return replace(found, remarks=(*found.remarks, *unsure))


def _sighted(rgba: UInt8[np.ndarray, "height width 4"], points: Sequence[Point]) -> ObjectMask:
    """What the finder makes of a photo, which may be nothing. Where there is a cut-out, it looks inside that.

    Raises PhotoError where points lie on nothing that is an object.
    """
    sighting = shipped_finder().find(rgba[..., :3], points)
    if sighting.astray:
        raise PhotoError(sighting.astray)
    mask = sighting.mask * (rgba[..., 3].astype(np.float32) / 255) if has_cutout(rgba) else sighting.mask
    return ObjectMask(mask, "finder", sighting.certainty, sighting.remarks)


def _by_plain_background(rgba: UInt8[np.ndarray, "height width 4"], points: Sequence[Point]) -> ObjectMask:
    result = plain_background(rgba)
    if result.clutter:
        raise PhotoError(_CLUTTERED.format(reason=result.clutter))
    return ObjectMask(result.mask, "plain background")


def _by_rembg(rgba: UInt8[np.ndarray, "height width 4"], points: Sequence[Point]) -> ObjectMask:
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


def _keep_all(rgba: UInt8[np.ndarray, "height width 4"], points: Sequence[Point]) -> ObjectMask:
    return ObjectMask(np.ones(rgba.shape[:2], np.float32), "kept")


def _automatic(rgba: UInt8[np.ndarray, "height width 4"], points: Sequence[Point]) -> ObjectMask:
    if points:
        return _by_finder(rgba, points)
    if has_cutout(rgba):
        return _by_alpha(rgba, points)
    beside = Beside(partial(plain_background, rgba))
    found, plain = _sighted(rgba, points), beside.result()
    whole = None if plain.clutter else _whole_of(found.mask, plain.mask)
    if whole is not None:
        overlap = _overlap(whole, found.mask)
        if overlap >= _AGREEING:  # no doubt is told: two that agree are surer than one
            return replace(found, mask=whole, method="plain background")
        if (found.certainty or 0.0) < _SURE:
            return replace(found, mask=whole, method="plain background", remarks=(*found.remarks, _DISAGREEING))
    if not found.mask.any() and plain.mask.any():
        return ObjectMask(plain.mask, "plain background", found.certainty, (_ONLY_PLAIN,))
    return _told(found, pointed=False)


def _whole_of(found: np.ndarray, plain: np.ndarray) -> np.ndarray | None:
    """What stands out from a plain background where the finder saw an object; None where it is something else.

    It is that object if it holds nearly all that the finder took, and the frame cuts it no more than that: a floor that
    is taken along with a chair reaches the frame. On real photographs the finder leaves out parts of another colour
    more often than a plain background's mask takes shadows along (docs/finder.md).
    """
    step = -(-max(found.shape) // _PARTS_SIDE)
    seen, outstanding = found[::step, ::step] >= 0.5, plain[::step, ::step] >= 0.5
    labels = label_regions(outstanding)
    parts = in_regions(labels, regions_at(labels, seen & outstanding))
    spare = _FRAMED * 2 * sum(parts.shape)
    if not parts.any() or (seen & parts).sum() < _INSIDE * seen.sum() or _framed(parts) > _framed(seen) + spare:
        return None
    if parts.sum() >= _NEARLY_ALL * outstanding.sum():
        return plain  # with its small loose parts, which are the object's more often than not
    rows, columns = (np.arange(length) // step for length in found.shape)
    mask: np.ndarray = plain * grown(parts, 2)[rows][:, columns]
    return mask


def _framed(mask: np.ndarray) -> int:
    """How many pixels of a bool mask lie on the frame's edge."""
    return int(mask[0].sum() + mask[-1].sum() + mask[:, 0].sum() + mask[:, -1].sum())


def _overlap(first: Float[np.ndarray, "height width"], second: Float[np.ndarray, "height width"]) -> float:
    """Intersection over union of two masks; 0 where both are empty."""
    one, other = first >= 0.5, second >= 0.5
    return float((one & other).sum() / max(1, (one | other).sum()))


Way: TypeAlias = Callable[[np.ndarray, Sequence[Point]], ObjectMask]
BACKGROUNDS: dict[str, Way] = {
    "auto": _automatic,
    "alpha": _by_alpha,
    "finder": _by_finder,
    "plain": _by_plain_background,
    "rembg": _by_rembg,
    "keep": _keep_all,
}
_POINTED = ("auto", "finder")
