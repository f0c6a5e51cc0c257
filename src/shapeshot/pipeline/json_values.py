"""Dataclasses as JSON values and back, checked: for files that are read again by another run or another version."""

from __future__ import annotations

import dataclasses
import types
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
OMITTED = "omitted_when_none"  # in a field's metadata: the key is left out where the value is None
ALIAS = "alias"  # in a field's metadata: the key, where it cannot be a name in Python


def to_json(value: Any) -> Any:
    """A dataclass as a dictionary, sequences as lists; everything inside them likewise."""
    if dataclasses.is_dataclass(value):
        return {
            key_of(field): to_json(inner)
            for field in dataclasses.fields(value)
            if not ((inner := getattr(value, field.name)) is None and field.metadata.get(OMITTED))
        }
    if isinstance(value, dict):
        return {key: to_json(inner) for key, inner in value.items()}
    return [to_json(inner) for inner in value] if isinstance(value, list | tuple) else value


def from_json(kind: type[T], value: Any) -> T:
    """The `kind` of dataclass that `to_json` made `value` of. Keys that it does not have are passed over.

    Raises ValueError where a key is missing or a value has another type.
    """
    return _read(kind, value, kind.__name__)  # type: ignore[no-any-return]


def key_of(field: dataclasses.Field[Any]) -> str:
    """The key that a field has in JSON."""
    return str(field.metadata.get(ALIAS, field.name))


def _read(kind: Any, value: Any, where: str) -> Any:
    if kind is Any:
        return value
    if dataclasses.is_dataclass(kind):
        return _read_fields(kind, value, where)
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        [present] = [choice for choice in inner if choice is not types.NoneType]
        return None if value is None else _read(present, value, where)
    if origin is tuple and isinstance(value, list):
        return _read_tuple(inner, value, where)
    if origin is dict and isinstance(value, dict):
        return {key: _read(inner[1], item, f"{where}.{key}") for key, item in value.items()}
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise ValueError(f"{where} must be {getattr(kind, '__name__', kind)}; got {type(value).__name__}")
    return value


def _read_fields(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise ValueError(f"{where} must be an object; got {type(value).__name__}")
    hints = get_type_hints(kind)
    found = {}
    for field in dataclasses.fields(kind):
        key = key_of(field)
        if key in value:
            found[field.name] = _read(hints[field.name], value[key], f"{where}.{key}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise ValueError(f"{where}.{key} is missing")
    return kind(**found)


def _read_tuple(kinds: tuple[Any, ...], value: list[Any], where: str) -> tuple[Any, ...]:
    if kinds[-1] is Ellipsis:
        kinds = kinds[:1] * len(value)
    if len(kinds) != len(value):
        raise ValueError(f"{where} must have {len(kinds)} items; got {len(value)}")
    return tuple(_read(kind, item, f"{where}[{i}]") for i, (kind, item) in enumerate(zip(kinds, value, strict=True)))
