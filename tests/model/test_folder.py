"""A model's folder: what is read of it, what is refused, and that it is written whole or not at all."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import onnx
import pytest
from hand_models import SIZE, small_memory, write_card, write_part
from onnx import TensorProto, helper

from shapeshot.errors import ExportError, ModelError
from shapeshot.model.field_model import FieldModel
from shapeshot.model.folder import CARD, GRAPHS, LICENSES, ModelFolder
from shapeshot.model.heads import Calibration, Heads


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "other"}, "no card"),
        ({"format_version": 2}, "format version 2"),
        ({"image_size": None}, "image_size"),
        ({"image_size": True}, "image_size"),
        ({"image_size": 10**9}, "image_size"),
        ({"threshold": 1.5}, "threshold"),
        ({"threshold": float("nan")}, "threshold"),
        ({"name": 5}, "name"),
        ({"sha256": {"encoder.onnx": "0"}}, "SHA-256"),
        ({"sha256": {}}, "SHA-256"),
        ({"sha256": []}, "sha256"),
    ],
)
def test_bad_cards(folder: Path, changes: dict[str, Any], message: str) -> None:
    write_card(folder, **changes)
    with pytest.raises(ModelError, match=message) as caught:
        ModelFolder.open(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", ["", "{", "[]", "\x00", "[" * 100_000, '{"a":' * 100_000])
def test_card_that_is_no_card(folder: Path, content: str) -> None:
    (folder / CARD).write_text(content)
    with pytest.raises(ModelError, match=r"card\.json") as caught:
        ModelFolder.open(folder)
    assert "\n" not in str(caught.value)


def test_a_card_that_is_too_large_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shapeshot.model.folder.MAX_CARD_BYTES", 100)
    with pytest.raises(ModelError, match="larger than 100 bytes"):
        ModelFolder.open(folder)


def test_missing_folder_card_and_graph(folder: Path) -> None:
    with pytest.raises(ModelError, match="no model in"):
        ModelFolder.open(folder / "nowhere")
    (folder / "grid.onnx").unlink()
    with pytest.raises(ModelError, match="lacks"):
        ModelFolder.open(folder)


@pytest.mark.parametrize("name", ["../payload.txt", "/etc/hostname", "payload.txt", "heads.npz/../../payload.txt", ""])
@pytest.mark.parametrize("verify", [True, False])
def test_a_card_names_no_file_but_a_models(folder: Path, name: str, verify: bool) -> None:
    (folder.parent / "payload.txt").write_text("secret")
    (folder / "payload.txt").write_text("secret")
    card = json.loads((folder / CARD).read_text())
    card["sha256"][name] = hashlib.sha256(b"secret").hexdigest()
    (folder / CARD).write_text(json.dumps(card))
    with pytest.raises(ModelError, match="names the file") as caught:
        ModelFolder.open(folder, verify=verify)
    assert repr(name) in str(caught.value)


def test_what_was_sent_is_unpacked_only_under_known_names(folder: Path, tmp_path: Path) -> None:
    contents = ModelFolder.open(folder).contents()
    assert set(contents) == {CARD, *GRAPHS}
    (tmp_path / "there").mkdir()
    again = ModelFolder.unpack(contents, tmp_path / "there")
    assert digests(again.path) == digests(folder)
    for name in ("../payload.txt", str(tmp_path / "payload.txt"), "LICENSES.md"):
        with pytest.raises(ModelError, match="names the file"):
            ModelFolder.unpack({**contents, name: b"x"}, tmp_path / "there")
    assert not (tmp_path / "payload.txt").exists()


def test_weights_in_other_files_are_refused(folder: Path) -> None:
    """Both an external initializer and one in a constant's node; the file beside is there and would load."""
    (folder.parent / "weights.bin").write_bytes(bytes(8))
    tensor = helper.make_tensor("w", TensorProto.INT64, [1], [1])
    outside = TensorProto()
    outside.CopyFrom(tensor)
    outside.ClearField("int64_data")
    outside.data_location = TensorProto.EXTERNAL
    for key, value in {"location": "../weights.bin", "offset": "0", "length": "8"}.items():
        entry = outside.external_data.add()
        entry.key, entry.value = key, value
    original = onnx.load(folder / "points.onnx")
    as_initializer, as_constant = onnx.ModelProto(), onnx.ModelProto()
    as_initializer.CopyFrom(original)
    as_initializer.graph.initializer.append(outside)
    as_constant.CopyFrom(original)
    as_constant.graph.node.insert(0, helper.make_node("Constant", [], ["w"], value=outside))
    for model in (as_initializer, as_constant):
        (folder / "points.onnx").write_bytes(model.SerializeToString())
        write_card(folder)
        with pytest.raises(ModelError, match="keeps weights in other files"):
            ModelFolder.open(folder)
    (folder / "points.onnx").write_bytes(original.SerializeToString())
    write_card(folder)
    ModelFolder.open(folder)


def test_tampered_and_broken_graphs(folder: Path) -> None:
    (folder / "encoder.onnx").write_bytes(b"not a graph")
    with pytest.raises(ModelError, match="SHA-256 differs"):
        ModelFolder.open(folder)
    write_card(folder)  # now the card agrees, and the graph is still none
    with pytest.raises(ModelError, match="cannot be loaded") as caught:
        ModelFolder.open(folder)
    assert "\n" not in str(caught.value)


def test_adding_keeps_everything_and_the_card_tells_the_truth(folder: Path) -> None:
    (folder / LICENSES).write_text("by many")
    (folder / "notes.txt").write_text("of mine")
    (folder / "link").symlink_to("notes.txt")
    before = digests(folder)
    content = Heads(calibration=Calibration(1.5)).encode()
    ModelFolder.open(folder).add({"heads.npz": content}, {"calibration": {"temperature": 1.5}})
    after = digests(folder)
    assert {name for name in after if after[name] != before.get(name)} == {CARD, "heads.npz"}
    assert (folder / "link").is_symlink()
    card = json.loads((folder / CARD).read_text())
    assert card["sha256"] == {name: after[name] for name in sorted((*GRAPHS, "heads.npz"))}
    assert card["calibration"] == {"temperature": 1.5}
    assert FieldModel.load(folder).heads.calibration == Calibration(1.5)
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


def test_adding_into_another_folder_leaves_the_first(folder: Path, tmp_path: Path) -> None:
    before = digests(folder)
    made = ModelFolder.open(folder).add({"memory.npz": small_memory().encode()}, {"threshold": 0.5}, tmp_path / "new")
    assert digests(folder) == before
    assert made.path == tmp_path / "new"
    assert FieldModel.load(tmp_path / "new").threshold == 0.5
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "letter.txt").write_text("dear")
    with pytest.raises(ExportError, match="no model folder"):
        made.add({}, {}, tmp_path / "letters")
    with pytest.raises(ModelError, match="names the file"):
        made.add({"../payload.txt": b""}, {})


@pytest.mark.parametrize("stage", ["replace_folder", "json.dumps"])
def test_a_failed_write_leaves_the_old_folder_and_nothing_else(
    folder: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    before = digests(folder)

    def full_disk(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(f"shapeshot.model.folder.{stage}", full_disk)
    with pytest.raises(ExportError, match="No space left"):
        ModelFolder.open(folder).add({"heads.npz": Heads().encode()}, {})
    monkeypatch.undo()
    assert digests(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


def test_licences_are_there_the_moment_the_model_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[set[str]] = []

    def look(target: Path, new: Path, old: Path) -> None:
        seen.append({path.name for path in new.iterdir()})

    monkeypatch.setattr("shapeshot.model.folder.replace_folder", look)
    contents = {name: (folder / name).read_bytes() for name in GRAPHS}
    ModelFolder.write(folder, json.loads((folder / CARD).read_text()), {**contents, LICENSES: b"by many"})
    assert seen == [{*GRAPHS, CARD, LICENSES}]


@pytest.mark.parametrize(("name", "part"), [("heads.npz", "heads"), ("memory.npz", "memory")])
def test_tampered_missing_and_broken_parts(folder: Path, name: str, part: str) -> None:
    contents = {
        "heads.npz": [Heads(calibration=Calibration(value)).encode() for value in (1.5, 1.4)],
        "memory.npz": [small_memory(value).encode() for value in (0.3, 0.9)],
    }[name]
    (folder / name).write_bytes(b"of nobody's card")
    assert not getattr(FieldModel.load(folder), part) or FieldModel.load(folder).heads.calibration is None
    write_part(folder, contents[0], name)
    assert getattr(FieldModel.load(folder), part)
    (folder / name).write_bytes(contents[1])
    with pytest.raises(ModelError, match=rf"{name} is not what its card describes"):
        FieldModel.load(folder)
    (folder / name).unlink()
    with pytest.raises(ModelError, match=rf"lacks .*{name}"):
        FieldModel.load(folder)
    write_part(folder, b"no arrays", name)  # the card agrees, and still nothing can be read
    with pytest.raises(ModelError, match="the model again"):
        getattr(FieldModel.load(folder), part)


def test_a_model_without_a_name_is_called_by_its_folder(folder: Path) -> None:
    assert ModelFolder.open(folder).name == "model"
    write_card(folder, name="other")
    assert FieldModel.load(folder).name == "other"
    assert FieldModel.load(folder).image_size == SIZE
