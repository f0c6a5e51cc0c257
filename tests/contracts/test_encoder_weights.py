"""Where encoders get their weights: files and folders of any kind, good or bad, and the hub, there or not."""

from __future__ import annotations

import json
import math
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import transformers
from encoder_cases import EVERY, EVERY_HUB, HUB, Folders, assert_same, one_line, pixels
from safetensors.torch import load_file, save_file

from shapeshot.errors import ModelError
from shapeshot.lab.encoders import ENCODERS, HubEncoder
from shapeshot.lab.encoders.families import CLIP, RESNET18

# What is read from disk


@EVERY
def test_a_pickle_is_refused_unopened(name: str, tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "executed"),)

    folder = tmp_path / "folder"
    folder.mkdir()
    for path in (tmp_path / "w.pth", tmp_path / "w.safetensors", folder / "pytorch_model.bin"):
        path.write_bytes(pickle.dumps(Bomb()))
    torch.save({"a": torch.zeros(1)}, tmp_path / "w.pt")
    for path in (tmp_path / "w.pth", tmp_path / "w.safetensors", tmp_path / "w.pt", folder):
        with pytest.raises(ModelError) as caught:
            ENCODERS[name](str(path))
        assert "pickle" in one_line(caught)
    assert not (tmp_path / "executed").exists()


@EVERY
@pytest.mark.parametrize("damage", ["truncated", "header", "nan", "key", "shape", "empty", "missing"])
def test_damaged_weights_are_refused_in_one_line(
    name: str, damage: str, tiny_encoders: Folders, tmp_path: Path
) -> None:
    source = tiny_encoders[name]
    content, tensors = (source / "model.safetensors").read_bytes(), load_file(source / "model.safetensors")
    for config in source.glob("config.json"):
        (tmp_path / config.name).write_text(config.read_text())
    path, largest = tmp_path / "model.safetensors", max(tensors, key=lambda key: tensors[key].numel())
    if damage == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "header":
        path.write_bytes(content[:20] + b"\xff\xff" + content[22:])
    elif damage == "nan":
        tensors[largest].view(-1)[0] = math.nan
    elif damage == "key":
        tensors["a_" + largest] = tensors.pop(largest)
    elif damage == "shape":
        tensors[largest] = torch.cat([tensors[largest], tensors[largest]])
    elif damage == "empty":
        path.write_bytes(b"")
    if damage in ("nan", "key", "shape"):
        save_file(tensors, path)
    with pytest.raises(ModelError, match="safetensors") as caught:
        ENCODERS[name](str(tmp_path))
    one_line(caught)


@EVERY
def test_weights_that_are_not_there(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no encoder weights at .*nowhere.*; give"):
        ENCODERS[name](str(tmp_path / "nowhere"))


@EVERY_HUB
def test_weights_of_another_encoder_are_refused(name: str, tiny_encoders: Folders) -> None:
    other = "dino" if name != "dino" else "clip"
    with pytest.raises(ModelError, match="not '" + HUB[name].model_type) as caught:
        ENCODERS[name](str(tiny_encoders[other]))
    one_line(caught)


@EVERY_HUB
@pytest.mark.parametrize(
    "change",
    [
        {"hidden_act": "no_such"},
        {"num_attention_heads": 5},
        {"hidden_size": "many", "embedding_size": "many"},
        "{",
        "[]",
    ],
    ids=str,
)
def test_a_config_that_does_not_fit_is_refused(
    name: str, change: object, tiny_encoders: Folders, tmp_path: Path
) -> None:
    if name == "resnet18" and change == {"num_attention_heads": 5}:
        change = {"layer_type": "wide"}
    save_file(load_file(tiny_encoders[name] / "model.safetensors"), tmp_path / "model.safetensors")
    config = json.loads((tiny_encoders[name] / "config.json").read_text())
    text = change if isinstance(change, str) else json.dumps({**config, **change})
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(ModelError) as caught:
        ENCODERS[name](str(tmp_path))
    assert str(tmp_path) in one_line(caught)


@EVERY_HUB
def test_code_that_a_config_names_is_ignored(name: str, tiny_encoders: Folders, tmp_path: Path) -> None:
    """Remote code, attention kernels and quantisers are all ways of a config.json to run something."""
    save_file(load_file(tiny_encoders[name] / "model.safetensors"), tmp_path / "model.safetensors")
    config = json.loads((tiny_encoders[name] / "config.json").read_text())
    config |= {
        "auto_map": {"AutoModel": "evil.Model"},
        "_attn_implementation": "someone/kernels",
        "attn_implementation": "someone/kernels",
        "quantization_config": {"quant_method": "gptq", "bits": 4},
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "evil.py").write_text("raise SystemExit('executed')")
    assert_same(ENCODERS[name](str(tmp_path)), ENCODERS[name](str(tiny_encoders[name])))


@EVERY_HUB
def test_a_file_takes_the_config_beside_it(name: str, tiny_encoders: Folders) -> None:
    folder = tiny_encoders[name]
    assert_same(ENCODERS[name](str(folder / "model.safetensors")), ENCODERS[name](str(folder)))


def test_a_file_alone_has_the_published_architecture(tmp_path: Path) -> None:
    torch.manual_seed(0)
    source = transformers.ResNetModel(transformers.ResNetConfig(**RESNET18.architecture)).eval()
    save_file(source.state_dict(), tmp_path / "w.safetensors")
    encoder = ENCODERS["resnet18"](str(tmp_path / "w.safetensors")).eval()
    assert encoder.architecture == dict(RESNET18.architecture)
    with torch.no_grad():
        x = pixels(1, 64)
        torch.testing.assert_close(encoder(x).pooled, source(encoder.normalise(x)).pooler_output.flatten(1))


# The hub


def run_offline(code: str, tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    surroundings = {**os.environ, "HF_HOME": str(tmp_path / "fresh"), "HF_HUB_CACHE": "", **environment}
    surroundings.pop("HF_HUB_CACHE")
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=surroundings, timeout=120)


CATCH_EVERY = f"""
import time
from shapeshot.errors import ModelError
from shapeshot.lab.encoders import ENCODERS
import transformers
for name in {list(HUB)}:
    start = time.monotonic()
    try:
        ENCODERS[name]()
        print("loaded", name)
    except ModelError as error:
        print(error)
    assert time.monotonic() - start < 30
"""


@pytest.mark.parametrize(
    "environment",
    [{"HF_HUB_OFFLINE": "1"}, {"HF_HUB_OFFLINE": "0", "HF_ENDPOINT": "http://127.0.0.1:9"}],
    ids=["offline", "refused"],
)
def test_without_network_and_cache_one_line_says_what_to_do(tmp_path: Path, environment: dict[str, str]) -> None:
    done = run_offline(CATCH_EVERY, tmp_path, **environment)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert len(lines) == len(HUB)
    for line, family in zip(lines, HUB.values(), strict=True):
        for part in (family.repository, family.model, "--encoder-weights FOLDER", "none", "efficientnet-lite0"):
            assert part in line


def put_in_cache(cache: Path, repository: str, file: str) -> Path:
    """Where huggingface_hub looks for a repository's file."""
    folder = cache / f"models--{repository.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("0" * 40)
    (folder / "snapshots" / ("0" * 40)).mkdir(parents=True)
    return folder / "snapshots" / ("0" * 40) / file


@pytest.mark.parametrize("file", ["model.safetensors", "pytorch_model.bin"])
def test_cached_weights_need_no_network(file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    torch.manual_seed(0)
    state = transformers.ResNetModel(transformers.ResNetConfig(**RESNET18.architecture)).state_dict()
    path = put_in_cache(tmp_path, RESNET18.repository, file)
    (torch.save if file.endswith("bin") else save_file)(state, path)
    ours = ENCODERS["resnet18"]().tower.state_dict()
    assert all(torch.equal(value, ours[key]) for key, value in state.items())


def test_a_cached_pickle_executes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))

    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "executed"),)

    torch.save({"weight": Bomb()}, put_in_cache(tmp_path, CLIP.repository, "pytorch_model.bin"))
    with pytest.raises(ModelError, match=r"pytorch_model\.bin is damaged") as caught:
        ENCODERS["clip"]()
    one_line(caught)
    assert not (tmp_path / "executed").exists()


def test_every_hub_encoder_is_tried_here() -> None:
    assert set(HUB) == {name for name, make in ENCODERS.items() if getattr(make, "func", None) is HubEncoder}
