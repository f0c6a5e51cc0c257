"""A model's files of arrays: read without executing anything, and held to the types and shapes that they must have."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from shapeshot.errors import ModelError

if TYPE_CHECKING:
    from jaxtyping import Shaped

MAX_BYTES = 2**30  # of all arrays of a file together, unpacked
_KINDS = {"f": "float", "i": "int", "u": "uint", "S": "bytes", "U": "str", "b": "bool", "c": "complex"}


def pack(arrays: Mapping[str, Any]) -> bytes:
    """An npz of plain arrays; the same arrays give the same bytes."""
    buffer = io.BytesIO()
    np.savez(buffer, **dict(arrays))  # members are dated 1980, so nothing of the clock gets in
    return buffer.getvalue()


def unpack(content: bytes, file: str, advice: str) -> dict[str, Shaped[np.ndarray, " ..."]]:
    """The arrays of an npz by name. Raises ModelError where it is damaged, too large or holds a pickle.

    file: the name to tell. advice: what the user should do then.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(member.file_size for member in archive.infolist()) > MAX_BYTES:
                raise ValueError(f"it unpacks to more than {MAX_BYTES} bytes")
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return {name: np.asarray(arrays[name]) for name in arrays.files}
    except Exception as error:  # zipfile, zlib and numpy raise half a dozen unrelated types on damaged bytes
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ModelError(f"{file} cannot be read ({reason}); {advice}") from None


def number(array: Shaped[np.ndarray, " *shape"]) -> Any:
    """An array without dimensions as a plain number. Raises ModelError for any other."""
    if array.ndim or array.dtype.kind not in "fiu":
        raise ModelError(f"a number was expected and an array {_told(array)} found")
    return array.item()


def require_array(name: str, array: Shaped[np.ndarray, " *shape"], kind: str, shape: tuple[int | None, ...]) -> None:
    """ModelError unless an array is of a kind ("f" float, "i" int, "u" uint), of a shape, and finite.

    shape: a length for each dimension, None for any.
    """
    fits = isinstance(array, np.ndarray) and array.dtype.kind == kind and array.ndim == len(shape)
    if not fits or any(wanted not in (None, found) for wanted, found in zip(shape, array.shape, strict=True)):
        wanted_shape = ", ".join("any" if length is None else str(length) for length in shape)
        raise ModelError(f"{name} is {_told(array)}, not {_KINDS[kind]} [{wanted_shape}]")
    if kind == "f" and not np.isfinite(array).all():
        raise ModelError(f"{name} holds values that are not finite")


def require_number(name: str, value: float, low: float, high: float) -> None:
    """ModelError unless low < value < high; a value that is no number lies nowhere."""
    if not low < value < high:
        raise ModelError(f"{name} is {value}, which does not lie between {low} and {high}")


def _told(array: Shaped[np.ndarray, " *shape"]) -> str:
    array = np.asarray(array)
    return f"{array.dtype} {list(array.shape)}"
