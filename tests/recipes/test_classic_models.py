"""The recipe of the classic models: its settings, and that it takes no run for another."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from shapeshot.errors import UserError
from shapeshot.files import atomic_write
from shapeshot.lab.kinds.mesh import MeshConfig
from shapeshot.lab.run_folder import CONFIG
from shapeshot.lab.settings import to_json

RECIPE = Path(__file__).parents[2] / "recipes" / "classic_models.py"


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The recipe, which counts its trainings in place of making them."""
    spec = importlib.util.spec_from_file_location("classic_models", RECIPE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.trained = []
    monkeypatch.setattr(module, "train", lambda config, folder: module.trained.append(config))
    monkeypatch.setattr(module, "run_evaluation", lambda *_, **__: type("Summary", (), {"overall": {}}))
    return module


def test_kinds_differ_in_their_own_settings_alone(recipe: ModuleType) -> None:
    for encoder in recipe.SEEDS:
        shared = [
            {name: value for name, value in to_json(recipe.config_of(kind, encoder, 1, "d")).items() if name != "model"}
            for kind in ("vox", "point")
        ]
        assert {name: shared[0][name] for name in shared[0].keys() & shared[1].keys()} == {
            name: shared[1][name] for name in shared[0].keys() & shared[1].keys()
        }
    mesh = recipe.config_of("mesh", "resnet18", 0, "d")
    assert isinstance(mesh, MeshConfig)
    assert (mesh.num_samples, mesh.w_smooth, mesh.model.ico_level, mesh.model.image_size) == (1000, 0.05, 3, 96)


def test_a_done_run_is_kept_and_one_with_other_settings_refused(recipe: ModuleType, tmp_path: Path) -> None:
    words = ("vox", "resnet18", 0)
    folder = tmp_path / "vox-resnet18-s0"
    config = recipe.config_of(*words, "data")
    atomic_write(folder / CONFIG, json.dumps(to_json(config)))
    recipe.run_one(*words, "data", tmp_path)
    assert recipe.trained == [config]
    recipe.run_one(*words, "data", tmp_path)
    assert recipe.trained == [config], "what is done is not done again"
    for other in (replace(config, max_iter=7), replace(config, data=("elsewhere",))):
        atomic_write(folder / CONFIG, json.dumps(to_json(other)))
        with pytest.raises(UserError, match="holds a run with other settings"):
            recipe.run_one(*words, "data", tmp_path)


def test_baselines_on_other_data_are_refused(recipe: ModuleType, tmp_path: Path) -> None:
    recipe.run_baseline("mean", "data", tmp_path)
    recipe.run_baseline("mean", "data", tmp_path)
    with pytest.raises(UserError, match="holds scores on data"):
        recipe.run_baseline("mean", "other", tmp_path)
