"""Whether an ONNX graph keeps weights in other files: such files are covered by no checksum, and may lie anywhere.

Only the structure of the file is walked, by the protobuf wire format and the field numbers of `onnx.proto3`; weights
are skipped over. The package `onnx` is not needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

MAX_DEPTH = 100  # of graphs inside graphs; those of a model have none

# The messages in which a tensor may lie, as {field number: the message in it}.
_CHILDREN: Mapping[str, Mapping[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14  # of a tensor
_VARINT, _EIGHT_BYTES, _MESSAGE, _FOUR_BYTES = 0, 1, 2, 5


def has_external_data(content: bytes | memoryview) -> bool:
    """Tell whether any tensor of an ONNX file keeps its values in another file. Raises ValueError for other files."""
    return _is_external(memoryview(content), "model", 0)


def _is_external(message: memoryview, kind: str, depth: int) -> bool:
    if depth > MAX_DEPTH:
        raise ValueError(f"graphs are nested more than {MAX_DEPTH} deep")
    for number, value in _fields(message):
        if kind == "tensor" and (number == _EXTERNAL_DATA or (number == _DATA_LOCATION and value != 0)):
            return True
        child = _CHILDREN[kind].get(number)
        if child and isinstance(value, memoryview) and _is_external(value, child, depth + 1):
            return True
    return False


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """The fields of a protobuf message: their numbers, with numbers as int and all else as bytes."""
    place, end = 0, len(message)
    while place < end:
        tag, place = _varint(message, place)
        number, wire = tag >> 3, tag & 7
        if wire == _VARINT:
            value, place = _varint(message, place)
            yield number, value
            continue
        if wire == _MESSAGE:
            length, place = _varint(message, place)
        elif wire in (_EIGHT_BYTES, _FOUR_BYTES):
            length = 8 if wire == _EIGHT_BYTES else 4
        else:
            raise ValueError(f"byte {place} is of no ONNX file")
        if place + length > end:
            raise ValueError("the file ends too soon")
        yield number, message[place : place + length]
        place += length


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    """The number that begins at `place`, and the place after it."""
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(message):
            break
        byte = message[place]
        value |= (byte & 0x7F) << shift
        place += 1
        if byte < 0x80:
            return value, place
    raise ValueError("the file ends too soon")
