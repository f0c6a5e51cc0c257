"""Models by name: the shipped one, those of installed packages, and folders everywhere."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from shapeshot.cli import main
from shapeshot.errors import ModelError
from shapeshot.model.field_model import FieldModel, load_model
from shapeshot.model.registry import SHIPPED, find_model, model_names, names_a_model

Install = Callable[..., Path]


@pytest.fixture
def install(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Installs a wheel's worth: a package that holds the model, and an entry point that names it."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))

    def make(name: str, package: str, value: str | None = None, place: str = "") -> Path:
        target = site / package / place
        shutil.copytree(folder, target)
        (site / package / "__init__.py").write_text("raise RuntimeError('code of a model was run')\n")
        info = site / f"{package}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[shapeshot.models]\n{name} = {value or package}\n")
        return target

    return make


def test_the_shipped_model_by_name_and_without(monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_model() == find_model("default") == SHIPPED["default"]
    assert (SHIPPED["default"] / "card.json").is_file()
    assert model_names()[0] == "default"
    assert load_model() is load_model(None)


def test_a_package_offers_a_model_without_code(install: Install) -> None:
    target = install("chairs", "shapeshot_chairs")
    assert model_names() == ["default", "chairs"]
    assert find_model("chairs") == target
    assert FieldModel.load("chairs").image_size == 4
    assert "shapeshot_chairs" not in sys.modules
    inner = install("lamps", "shapeshot_lamps", "shapeshot_lamps.weights.best", "weights/best")
    assert find_model("lamps") == inner


def test_a_folder_stays_possible(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_model(folder) == find_model(str(folder)) == folder
    monkeypatch.chdir(folder.parent)
    assert find_model("model") == Path("model")
    assert FieldModel.load("./model").image_size == 4
    shutil.copytree(folder, "default")
    assert find_model("default") == SHIPPED["default"], "a name is a name; ./default is the folder"
    assert find_model("./default") == Path("default")
    assert not names_a_model("./default")
    assert names_a_model("default")


def test_unknown_names_list_the_choices(install: Install) -> None:
    install("chairs", "shapeshot_chairs")
    with pytest.raises(ModelError, match=r"unknown model 'chair'; choose from chairs, default\. Did you mean 'chairs'"):
        find_model("chair")
    with pytest.raises(ModelError, match="no model in"):
        FieldModel.load("no/such/folder")


def test_a_name_that_two_packages_claim_is_refused(install: Install) -> None:
    install("chairs", "shapeshot_chairs")
    install("chairs", "other_chairs")
    install("default", "impostor")
    with pytest.raises(ModelError, match="several packages name a model 'chairs'"):
        find_model("chairs")
    with pytest.raises(ModelError, match="several packages name a model 'default' \\(shapeshot, impostor\\)"):
        find_model("default")
    assert find_model() == SHIPPED["default"]


@pytest.mark.parametrize("value", ["gone_package", "shapeshot_chairs:MODEL", "shapeshot_chairs..weights", "sys"])
def test_entry_points_that_lead_nowhere(install: Install, value: str) -> None:
    install("chairs", "shapeshot_chairs", value)
    with pytest.raises(ModelError, match="install it again"):
        find_model("chairs")


def test_the_command_line_takes_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = Path(__file__).parents[2] / "examples" / "armchair.jpg"
    assert main(["reconstruct", str(photo), "--out", str(tmp_path / "out"), "--model", "defualt"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "unknown model 'defualt'; choose from default" in line
    assert main(["reconstruct", str(photo), "--out", str(tmp_path / "out"), "--model", "default"]) == 0
    assert json.loads((tmp_path / "out" / "armchair" / "result.json").read_text())["model"] == "default"
