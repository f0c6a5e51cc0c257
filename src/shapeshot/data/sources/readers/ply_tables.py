"""The elements of a PLY file as columns of numbers: text, and binary of both byte orders, with lists of any length."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Int, Num

from shapeshot.data.sources.readers.text import decode_text
from shapeshot.errors import MeshError
from shapeshot.limits import OBJECT_CORNERS, OBJECT_VERTICES

_TYPES = {
    "char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "i2", "int16": "i2", "ushort": "u2",
    "uint16": "u2", "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4", "float": "f4", "float32": "f4",
    "double": "f8", "float64": "f8",
}  # fmt: skip
_ORDERS = {"binary_little_endian": "<", "binary_big_endian": ">", "ascii": ""}
_HEADER_END = re.compile(rb"(?:^|[\r\n])end_header[ \t]*(\r\n|\n|\r)")
_MAX_PROPERTIES = 1000


@dataclass
class _Property:
    """type: numpy's, without byte order. count_type: of the number before a list, "" for a single value."""

    name: str
    type: str
    count_type: str = ""


@dataclass
class _Element:
    name: str
    count: int
    properties: list[_Property] = field(default_factory=list)

    @property
    def has_lists(self) -> bool:
        return any(item.count_type for item in self.properties)


@dataclass
class Table:
    """The values of one element: a column a property; of a list, its values one after the other, and its lengths."""

    columns: dict[str, Num[np.ndarray, " values"]] = field(default_factory=dict)
    lengths: dict[str, Int[np.ndarray, " rows"]] = field(default_factory=dict)
    is_integer: dict[str, bool] = field(default_factory=dict)


def read_tables(content: bytes, name: str) -> tuple[dict[str, Table], list[str]]:
    """Read the elements by name, and the textures that comments name. name: what errors call the file.

    Raises MeshError for what is no PLY or cut short.
    """
    file_format, elements, textures, start = _header(content, name)
    return _read(content, start, file_format, elements, name), textures


def _header(content: bytes, name: str) -> tuple[str, list[_Element], list[str], int]:
    """Read the header: format, elements, the textures that comments name, and where the data begins."""
    end = _HEADER_END.search(content, 0, 1_000_000)
    if content[:3] != b"ply" or end is None:
        raise MeshError(f"{name} is no PLY file: it has no header from 'ply' to 'end_header'")
    file_format = ""
    textures: list[str] = []
    elements: list[_Element] = []
    for line in decode_text(content[: end.start()]).splitlines()[1:]:
        words = line.split()
        if words[:1] == ["format"]:
            file_format = words[1] if len(words) > 1 else ""
        elif words[:1] == ["comment"] and len(words) > 2 and words[1].lower() == "texturefile":
            textures.append(line.split(None, 2)[2].strip())
        elif words[:1] == ["element"]:
            elements.append(_element(words, name))
        elif words[:1] == ["property"]:
            if not elements or len(elements[-1].properties) >= _MAX_PROPERTIES:
                raise MeshError(f"{name} has a property of no element, or too many; check the file")
            elements[-1].properties.append(_property(words, name))
    if file_format not in _ORDERS:
        raise MeshError(f"{name} is a PLY of format {file_format[:40]!r}; expected one of {', '.join(_ORDERS)}")
    return file_format, elements, textures, end.end()


def _element(words: list[str], name: str) -> _Element:
    count = int(words[2]) if len(words) == 3 and words[2].isdecimal() and len(words[2]) < 12 else -1
    if not 0 <= count <= max(OBJECT_VERTICES, OBJECT_CORNERS):
        raise MeshError(f"{name} has the header line {' '.join(words)[:60]!r}; expected a name and a sensible count")
    return _Element(words[1], count)


def _property(words: list[str], name: str) -> _Property:
    is_list = words[1:2] == ["list"]
    types = words[2:4] if is_list else words[1:2]
    if len(words) != (5 if is_list else 3) or any(kind not in _TYPES for kind in types):
        raise MeshError(f"{name} has the header line {' '.join(words)[:60]!r}; expected a type and a name")
    count_type = _TYPES[types[0]] if is_list else ""
    if count_type.startswith("f"):
        raise MeshError(f"{name} counts a list in {types[0]}; expected a whole number")
    return _Property(words[-1], _TYPES[types[-1]], count_type)


def _read(content: bytes, start: int, file_format: str, elements: list[_Element], name: str) -> dict[str, Table]:
    tables: dict[str, Table] = {}
    words = content[start:].split() if file_format == "ascii" else []
    at = 0 if file_format == "ascii" else start
    for element in elements:
        try:
            if file_format == "ascii":
                table, at = _text_table(words, at, element)
            elif element.has_lists:
                table, at = _list_table(content, at, element, _ORDERS[file_format])
            else:
                table, at = _plain_table(content, at, element, _ORDERS[file_format])
        except (IndexError, struct.error) as error:
            raise MeshError(
                f"{name} is cut short: it has fewer than its {element.count} of {element.name!r}; get a fresh copy"
            ) from error
        except ValueError as error:
            raise MeshError(f"{name} has a value among its {element.name!r} that is no number ({error})") from error
        table.is_integer = {item.name: item.type[0] in "iu" for item in element.properties}
        tables.setdefault(element.name, table)
    return tables


def _plain_table(content: bytes, at: int, element: _Element, order: str) -> tuple[Table, int]:
    """An element without lists. Raises IndexError where the content ends before it."""
    names = [f"p{number}" for number in range(len(element.properties))]
    row = np.dtype({"names": names, "formats": [order + item.type for item in element.properties]})
    end = at + element.count * row.itemsize
    if end > len(content):
        raise IndexError
    values = np.frombuffer(content, row, element.count, at) if element.count else np.zeros(0, row)
    pairs = zip(names, element.properties, strict=True)
    return Table({item.name: values[key].astype(np.float64) for key, item in pairs}), end


def _list_table(content: bytes, at: int, element: _Element, order: str) -> tuple[Table, int]:
    """An element with lists: at one go where all rows are as long as the first, as of triangles, else row by row."""
    uniform = _uniform_table(content, at, element, order)
    if uniform is not None:
        return uniform
    found: dict[str, list[float]] = {item.name: [] for item in element.properties}
    lengths: dict[str, list[int]] = {item.name: [] for item in element.properties if item.count_type}
    codes = {kind: np.dtype(kind).char for kind in set(_TYPES.values())}
    size = {kind: np.dtype(kind).itemsize for kind in set(_TYPES.values())}
    for _ in range(element.count):
        for item in element.properties:
            number = 1
            if item.count_type:
                (number,) = struct.unpack_from(order + codes[item.count_type], content, at)
                at += size[item.count_type]
                if number < 0 or at + number * size[item.type] > len(content):
                    raise IndexError
                lengths[item.name].append(number)
            found[item.name].extend(struct.unpack_from(f"{order}{number}{codes[item.type]}", content, at))
            at += number * size[item.type]
    columns = {key: np.array(values, np.float64) for key, values in found.items()}
    return Table(columns, {key: np.array(values, np.int64) for key, values in lengths.items()}), at


def _uniform_table(content: bytes, at: int, element: _Element, order: str) -> tuple[Table, int] | None:
    """The rows of an element whose lists are all as long as the first row's, or None where they are not."""
    fields: list[tuple[str, str, tuple[int, ...]]] = []
    first, numbers = at, []
    for place, item in enumerate(element.properties):
        number = 1
        if item.count_type:
            count = np.dtype(order + item.count_type)
            if not element.count or first + count.itemsize > len(content):
                return None
            number = int(np.frombuffer(content, count, 1, first)[0])
            if not 0 <= number <= len(content):
                return None
            fields.append((f"n{place}", order + item.count_type, ()))
            first += count.itemsize
        fields.append((f"p{place}", order + item.type, (number,)))
        first += number * np.dtype(item.type).itemsize
        numbers.append(number)
    row = np.dtype(fields)
    if at + element.count * row.itemsize > len(content):
        return None
    values = np.frombuffer(content, row, element.count, at)
    table = Table()
    for place, item in enumerate(element.properties):
        if item.count_type:
            if (values[f"n{place}"] != numbers[place]).any():
                return None
            table.lengths[item.name] = np.full(element.count, numbers[place], np.int64)
        table.columns[item.name] = values[f"p{place}"].reshape(-1).astype(np.float64)
    return table, at + element.count * row.itemsize


def _text_table(words: list[bytes], at: int, element: _Element) -> tuple[Table, int]:
    if not element.has_lists:
        width = len(element.properties)
        end = at + element.count * width
        if end > len(words):
            raise IndexError
        values = np.array(words[at:end], dtype="S").astype(np.float64).reshape(-1, width)
        return Table({item.name: values[:, column] for column, item in enumerate(element.properties)}), end
    found: dict[str, list[bytes]] = {item.name: [] for item in element.properties}
    lengths: dict[str, list[int]] = {item.name: [] for item in element.properties if item.count_type}
    for _ in range(element.count):
        for item in element.properties:
            number = 1
            if item.count_type:
                number = int(words[at])
                at += 1
                lengths[item.name].append(number)
            if number < 0 or at + number > len(words):
                raise IndexError
            found[item.name] += words[at : at + number]
            at += number
    columns = {key: np.array(values or [b"0"][:0], dtype="S").astype(np.float64) for key, values in found.items()}
    return Table(columns, {key: np.array(values, np.int64) for key, values in lengths.items()}), at
