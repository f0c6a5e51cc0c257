"""glTF files that are broken, hostile or beyond the reader: refused in one line."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gltf_files import GltfFile, box, broken, outcome, read, volume

from shapeshot.data.objects import ObjectModel
from shapeshot.errors import MeshError


@pytest.mark.parametrize("extension", ["KHR_texture_basisu", "KHR_gaussian_splatting", "ACME_secret"])
def test_an_unknown_required_extension_is_refused_by_name(extension: str) -> None:
    file = GltfFile()
    file.node([file.primitive(*box())])
    file.root["extensionsUsed"] = [extension, "KHR_materials_unlit"]
    assert volume(read(file)) == pytest.approx(6)
    file.root["extensionsRequired"] = [extension, "KHR_materials_unlit"]
    with pytest.raises(MeshError, match=extension):
        read(file)


@pytest.mark.parametrize("extension", ["KHR_materials_variants", "MSFT_lod", "KHR_lights_punctual"])
def test_what_lies_beside_the_shape_may_be_required(extension: str) -> None:
    file = GltfFile()
    file.node([file.primitive(*box())])
    file.root["extensionsRequired"] = [extension]
    assert volume(read(file)) == pytest.approx(6)


BREAKS: dict[str, tuple[Any, str]] = {
    "an accessor without data": (lambda root: root["accessors"][0].pop("bufferView"), "without data"),
    "rows beyond the view": (lambda root: root["accessors"][0].update(count=9), "beyond its view"),
    "a view beyond the buffer": (lambda root: root["bufferViews"][1].update(byteLength=99_999), "beyond its buffer"),
    "a corner beyond the vertices": (lambda root: root["accessors"][0].update(count=7), "beyond its 7 vertices"),
    "a half triangle": (lambda root: root["accessors"][1].update(count=35), "multiple of 3"),
    "another component": (lambda root: root["accessors"][0].update(componentType=5130), "component type"),
    "another width": (lambda root: root["accessors"][0].update(type="VEC2"), "2 numbers a row where 3"),
    "indices of floats": (lambda root: root["accessors"][1].update(componentType=5126), "no unsigned integers"),
    "a negative offset": (lambda root: root["accessors"][0].update(byteOffset=-4), "byteOffset"),
    "a million million vertices": (lambda root: root["accessors"][0].update(count=10**12), "vertices"),
    "a mesh that is not there": (lambda root: root["nodes"][0].update(mesh=3), "number 3 of its 1 meshes"),
    "a number that is text": (lambda root: root["nodes"][0].update(mesh="x"), "number x of its 1 meshes"),
    "a circle of nodes": (lambda root: root["nodes"][0].update(children=[0]), "twice"),
    "a matrix of 3": (lambda root: root["nodes"][0].update(matrix=[1, 2, 3]), "expected 16 numbers"),
    "a translation of text": (lambda root: root["nodes"][0].update(translation=["a", 0, 0]), "expected 3 numbers"),
    "an infinite scale": (lambda root: root["nodes"][0].update(scale=[1e39, 1, 1]), "expected 3 numbers"),
    "another version": (lambda root: root["asset"].update(version="1.0"), "version 1.0"),
    "no asset": (lambda root: root.pop("asset"), "names no asset"),
    "primitives of text": (lambda root: root["meshes"][0].update(primitives=["x"]), "without attributes"),
    "a buffer elsewhere": (lambda root: root["bufferViews"][0].update(buffer=1), "number 1 of its 1 buffers"),
    "a mode of 9": (lambda root: root["meshes"][0]["primitives"][0].update(mode=9), "mode 9"),
    "meshes of text": (lambda root: root.update(meshes="x"), "no list"),
    "a material of text": (lambda root: root["meshes"][0]["primitives"][0].update(material="red"), "materials"),
}


@pytest.mark.parametrize("what", BREAKS)
def test_broken_documents_are_refused_by_name(what: str) -> None:
    change, told = BREAKS[what]
    with pytest.raises(MeshError, match=told) as caught:
        read(broken(change))
    assert "test.glb" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_random_damage_is_always_a_mesh_error() -> None:
    whole = np.frombuffer(broken(lambda root: None).glb(), np.uint8)
    rng = np.random.default_rng(11)
    for _ in range(300):
        damaged = whole.copy()
        damaged[rng.integers(0, len(whole), 4)] = rng.integers(0, 256, 4)
        assert isinstance(outcome(damaged.tobytes()), ObjectModel | str)


def test_random_json_is_always_a_mesh_error() -> None:
    """Any value of the document becomes something of another kind."""
    rng = np.random.default_rng(12)
    odd = [None, True, -1, 1e300, "x", [], {}, [[]], {"a": 1}, 2**70, [None] * 16]
    for _ in range(400):
        file = broken(lambda root: None)
        holder: Any = file.root
        while True:
            keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            key = keys[rng.integers(len(keys))]
            if isinstance(holder[key], (dict, list)) and holder[key] and rng.random() < 0.8:
                holder = holder[key]
                continue
            holder[key] = odd[rng.integers(len(odd))]
            break
        assert isinstance(outcome(file), ObjectModel | str)


def test_deep_json_is_no_recursion_error() -> None:
    with pytest.raises(MeshError, match="JSON"):
        read(b'{"asset":' + b"[" * 100_000)
