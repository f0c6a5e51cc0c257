"""The errors a user can cause. Each says what came, what was expected and what to do, in one line.

Library code raises these and never prints or exits; the command line turns them into one line and an exit code.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST_ECHO = 60  # characters
_LONGEST_ERROR = 1500  # characters; what files say of themselves may be megabytes


class UserError(Exception):
    """Something the caller can mend. `exit_code` is what the command line exits with."""

    exit_code = 2

    def __str__(self) -> str:
        """The message; of a very long one its begin and its end, where the remedy is."""
        text, half = super().__str__(), _LONGEST_ERROR // 2
        return text if len(text) <= _LONGEST_ERROR else f"{text[:half]} ... {text[-half:]}"


class PhotoError(UserError):
    """An image that cannot be read, or in which no object can be found."""


class NotAnImageError(PhotoError):
    """What came is no image of a kind that can be read, whatever its name says."""


class TooLargeError(PhotoError):
    """An image of more bytes or pixels than will be read."""


class MeshError(UserError):
    """A mesh that cannot be read or has no usable geometry."""


class DatasetError(UserError):
    """A dataset, archive or catalogue that is missing, broken or of another format version."""


class ModelError(UserError):
    """Weights, a checkpoint or a model card that are missing, broken or of another kind."""


class ExportError(UserError):
    """A shape that cannot be written where, or as what, it was asked for."""


class NotFiniteError(UserError):
    """Numbers that had to be finite and are not: a training that diverged, as a rule."""


class EmptyShapeError(UserError):
    """The model saw no object: its field is empty everywhere. Never replaced by an invented shape."""

    exit_code = 3


def unknown_name(what: str, name: str, choices: Iterable[str], error: type[UserError] = UserError) -> UserError:
    """The error for a name that is not in a registry: it lists the choices and suggests the nearest."""
    known = sorted(choices)
    near = get_close_matches(name, known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return error(f"unknown {what} {shortened(name)!r}; choose from {', '.join(known)}.{hint}")


def shortened(text: str) -> str:
    """A wrong value as an error repeats it: whole, or its beginning and its length."""
    if len(text) <= _LONGEST_ECHO:
        return text
    return f"{text[:_LONGEST_ECHO]}... ({len(text)} characters)"
