"""A glTF file's JSON, checked as it is walked, and its buffers."""

from __future__ import annotations

import base64
import binascii
import json
import struct
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

from shapeshot.data.sources.readers.budget import ObjectBudget, ReadFile
from shapeshot.data.sources.readers.text import decode_text
from shapeshot.errors import MeshError

DRACO, INSTANCING, QUANTIZATION = "KHR_draco_mesh_compression", "EXT_mesh_gpu_instancing", "KHR_mesh_quantization"
MESHOPT = ("EXT_meshopt_compression", "KHR_meshopt_compression")
TRANSFORM, SPECULAR = "KHR_texture_transform", "KHR_materials_pbrSpecularGlossiness"
IMAGES = ("EXT_texture_webp", "EXT_texture_avif")
VISIBILITY = "KHR_node_visibility"
SUPPORTED = frozenset({DRACO, INSTANCING, QUANTIZATION, *MESHOPT, TRANSFORM, SPECULAR, *IMAGES, VISIBILITY})
# Those that add to how a surface shines or glows, or lie beside it: its shape and base colour are whole without them.
_SHEENS = "anisotropy clearcoat diffuse_transmission dispersion emissive_strength ior iridescence sheen specular"
BESIDE = frozenset(
    {f"KHR_materials_{name}" for name in [*_SHEENS.split(), "transmission", "unlit", "volume"]}
    | {"KHR_lights_punctual", "EXT_lights_image_based", "EXT_lights_ies", "KHR_xmp_json_ld", "KHR_animation_pointer"}
    | {"EXT_mesh_features", "EXT_structural_metadata", "KHR_node_hoverability", "KHR_node_selectability"}
    | {"KHR_interactivity", "KHR_audio_emitter", "KHR_physics_rigid_bodies", "KHR_materials_variants", "MSFT_lod"}
    | {"EXT_mesh_manifold", "GODOT_single_root"}
)
_JSON_CHUNK, _BINARY_CHUNK = 0x4E4F534A, 0x004E4942
_MAX_URI = 2000  # characters of a file's name


class Document:
    """A parsed file. name: what errors call it. Raises MeshError wherever it is not what the specification says."""

    def __init__(self, content: bytes, name: str, read_file: ReadFile, budget: ObjectBudget) -> None:
        self.name, self.budget = name, budget
        self._read_file = budget.reading(read_file)
        text, self._binary = _split(content, name)
        self.root = _parsed(text, name)
        self._check_extensions()
        self._buffers: dict[int, bytes] = {}

    def items(self, key: str) -> list[Any]:
        """A list at the root; empty where there is none."""
        value = self.root.get(key, [])
        if not isinstance(value, list):
            raise MeshError(f"{self.name} has {key!r} that is no list; check the file")
        return value

    def item(self, key: str, index: Any) -> Mapping[str, Any]:
        """One of a list at the root, by its number."""
        items = self.items(key)
        if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < len(items):
            raise MeshError(f"{self.name} refers to number {str(index)[:20]} of its {len(items)} {key}; check the file")
        if not isinstance(items[index], dict):
            raise MeshError(f"{self.name} has one of its {key} that is no object; check the file")
        found: Mapping[str, Any] = items[index]
        return found

    def extension(self, holder: Mapping[str, Any], *names: str) -> Mapping[str, Any] | None:
        """The extension of one of these names that an object carries, or None."""
        extensions = holder.get("extensions")
        for name in names:
            if isinstance(extensions, dict) and isinstance(extensions.get(name), dict):
                found: Mapping[str, Any] = extensions[name]
                return found
        return None

    def buffer(self, index: Any) -> bytes:
        """A buffer's bytes, at least as many as it announces."""
        buffer = self.item("buffers", index)
        if index not in self._buffers:
            uri = buffer.get("uri")
            content = self._binary if uri is None and index == 0 else self.load_uri(uri, f"buffer {index}")
            if content is None:
                raise MeshError(f"{self.name} needs buffer {index}, which holds no data; check the file")
            length = whole(buffer, "byteLength", self.name)
            if len(content) < length:
                raise MeshError(f"{self.name} is cut short: buffer {index} has {len(content)} of its {length} bytes")
            self._buffers[index] = content[:length]
        return self._buffers[index]

    def view(self, index: Any) -> memoryview:
        """The bytes of an uncompressed buffer view."""
        view = self.item("bufferViews", index)
        return self.slice_of(view)

    def slice_of(self, view: Mapping[str, Any]) -> memoryview:
        """What a buffer view, or an extension in the place of one, says of a buffer."""
        content = self.buffer(view.get("buffer"))
        start, length = whole(view, "byteOffset", self.name, 0), whole(view, "byteLength", self.name)
        if start + length > len(content):
            raise MeshError(f"{self.name} has a view that ends beyond its buffer; the file may be cut short")
        return memoryview(content)[start : start + length]

    def load_uri(self, uri: Any, what: str) -> bytes | None:
        """The bytes behind a URI: data in the URI itself, or a file beside this one. None where there is no URI."""
        if uri is None:
            return None
        if not isinstance(uri, str):
            raise MeshError(f"{self.name} has a URI of {what} that is no text; check the file")
        if uri[:5].lower() == "data:":
            return _data_uri(uri, self.name, what)
        for candidate in dict.fromkeys([unquote(uri), uri, unquote(uri, "latin-1")]):
            if len(uri) <= _MAX_URI and (content := self._read_file(candidate)) is not None:
                return content
        raise MeshError(f"{self.name} needs {unquote(uri)[:200]!r}, which is missing or lies outside the folder")

    def _check_extensions(self) -> None:
        required = self.items("extensionsRequired")
        unknown = sorted(str(extension)[:80] for extension in required if str(extension) not in SUPPORTED | BESIDE)
        if unknown:
            raise MeshError(f"{self.name} requires {', '.join(unknown)}, which is not read; save it without")


def whole(holder: Mapping[str, Any], key: str, name: str, otherwise: int | None = None) -> int:
    """A number that counts something, up to 2^48."""
    value = holder.get(key, otherwise)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**48:
        raise MeshError(f"{name} has {key} = {str(value)[:40]}; expected a whole number that is not negative")
    return value


def numbers(holder: Mapping[str, Any], key: str, otherwise: tuple[float, ...], name: str) -> tuple[float, ...]:
    """Read a list of as many finite numbers as the default has."""
    value = holder.get(key)
    if value is None:
        return otherwise
    values = value if isinstance(value, list) else [value]
    is_right = len(values) == len(otherwise) and all(
        isinstance(number, (int, float)) and not isinstance(number, bool) and abs(number) < 1e30 for number in values
    )
    if not is_right:
        raise MeshError(f"{name} has {key} = {str(value)[:60]}; expected {len(otherwise)} numbers")
    return tuple(float(number) for number in values)


def _split(content: bytes, name: str) -> tuple[bytes, bytes | None]:
    """Split a GLB, or a plain glTF, into its JSON and its binary chunk or None."""
    if content[:4] != b"glTF":
        return content, None
    if len(content) < 20:
        raise MeshError(f"{name} is cut short: it ends in its header")
    _, version, length = struct.unpack_from("<4sII", content)
    if version != 2:
        raise MeshError(f"{name} is of version {version} of glTF; expected 2, convert it")
    if length > len(content):
        raise MeshError(f"{name} is cut short: it has {len(content)} of its {length} bytes; get a fresh copy")
    chunks: dict[int, bytes] = {}
    at = 12
    while at + 8 <= length:
        size, kind = struct.unpack_from("<II", content, at)
        if at + 8 + size > length:
            raise MeshError(f"{name} is cut short: a chunk ends beyond the file; get a fresh copy")
        chunks.setdefault(kind, content[at + 8 : at + 8 + size])
        at += 8 + size + -size % 4
    if _JSON_CHUNK not in chunks:
        raise MeshError(f"{name} holds no JSON chunk; it is no GLB of version 2")
    return chunks[_JSON_CHUNK], chunks.get(_BINARY_CHUNK)


def _parsed(text: bytes, name: str) -> Mapping[str, Any]:
    try:
        root = json.loads(decode_text(text).rstrip("\0 \r\n\t"))
    except (ValueError, RecursionError) as error:
        raise MeshError(f"{name} holds no JSON that can be read ({str(error)[:80]}); check the file") from error
    if not isinstance(root, dict) or not isinstance(root.get("asset"), dict):
        raise MeshError(f"{name} is no glTF: its JSON names no asset")
    version = str(root["asset"].get("minVersion", root["asset"].get("version", "")))[:20]
    if not version.startswith("2."):
        raise MeshError(f"{name} is of version {version or '?'} of glTF; expected 2.0, convert it")
    return root


def _data_uri(uri: str, name: str, what: str) -> bytes:
    head, comma, data = uri.partition(",")
    if not comma:
        raise MeshError(f"{name} has a data URI of {what} without data; check the file")
    if not head.lower().endswith(";base64"):
        return unquote_to_bytes(data)
    try:
        return base64.b64decode(unquote(data), validate=False)
    except (binascii.Error, ValueError) as error:
        raise MeshError(f"{name} has a data URI of {what} that is no base64 ({error}); check the file") from error
