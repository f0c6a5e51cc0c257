"""The recipe that averages two checkpoints: the mean by definition, a checkpoint that loads, and clear refusals."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
import torch

from shapeshot.errors import UserError
from shapeshot.lab.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from shapeshot.lab.export.run import card_of
from shapeshot.lab.kinds.field import FieldConfig
from shapeshot.lab.settings import to_json

RECIPE = Path(__file__).parents[2] / "recipes" / "average_checkpoints.py"
_SPEC = importlib.util.spec_from_file_location("average_checkpoints", RECIPE)
assert _SPEC is not None
assert _SPEC.loader is not None
recipe = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(recipe)


def test_from_two_files_to_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    best = {"model": {"w": torch.tensor([1.0, 3.0]), "count": torch.tensor(5)}}
    last = {
        "model": {"w": torch.zeros(2), "count": torch.tensor(7)},
        "ema": {"w": torch.tensor([2.0, -1.0]), "count": torch.tensor(7)},
    }
    paths = [tmp_path / f"{name}.safetensors" for name in ("best", "last", "mean")]
    save_checkpoint(paths[0], best, {"step": 10, "seconds": 5.0, "best": 0.3, "threshold": 0.4})
    save_checkpoint(paths[1], last, {"step": 20, "seconds": 7.0, "best": 0.4, "config": {"lr": 1.0}})
    monkeypatch.setattr(sys, "argv", ["x", str(paths[0]), str(paths[1]), "--share", "0.25", "--out", str(paths[2])])
    recipe.main()
    mean = load_checkpoint(paths[2])
    torch.testing.assert_close(mean.tensors["model"]["w"], torch.tensor([1.25, 2.0]))
    assert mean.tensors["model"]["count"] == 7
    columns = {"steps": [10, 20], "seconds": [5.0, 7.0], "validation_score": [0.3, 0.4]}
    assert mean.values["averaged"] == {**columns, "share_of_second": 0.25}
    assert not {"step", "seconds", "best"} & mean.values.keys(), "nothing that is true of one run alone"
    assert mean.values["config"] == {"lr": 1.0}
    assert set(mean.tensors) == {"model"}


def test_the_card_says_that_it_is_a_mean_and_of_what() -> None:
    """The second run's score and steps are not those of the mean."""
    first = {"step": 10, "seconds": 5.0, "best": 0.3}
    second = {"step": 20, "seconds": 7.0, "best": 0.4, "config": to_json(FieldConfig(data=("data",))), "threshold": 0.5}
    training = card_of(Checkpoint({}, recipe.averaged_values(first, second, 0.25)))["training"]
    runs = [
        {"share": 0.75, "steps": 10, "seconds": 5.0, "validation_score": 0.3},
        {"share": 0.25, "steps": 20, "seconds": 7.0, "validation_score": 0.4, "data": ["data"]},
    ]
    assert training["average_of"] == runs
    assert training["validation_score"] is None
    assert "steps" not in training
    assert "mean of two runs" in training["note"]
    alone = card_of(Checkpoint({}, second))["training"]
    assert (alone["steps"], alone["validation_score"]) == (20, 0.4)
    assert "average_of" not in alone
    again = card_of(Checkpoint({}, recipe.averaged_values(recipe.averaged_values(first, second, 0.25), second, 0.5)))
    assert again["training"]["average_of"] == [
        {"share": 0.5, "data": ["data"], "average_of": runs},
        {"share": 0.5, "steps": 20, "seconds": 7.0, "validation_score": 0.4, "data": ["data"]},
    ]


@pytest.mark.parametrize("share", [-0.1, 1.5])
def test_a_share_out_of_range_is_refused(share: float) -> None:
    with pytest.raises(UserError, match=r"0\.\.1"):
        recipe.averaged({}, {}, share)


def test_different_models_are_refused() -> None:
    with pytest.raises(UserError, match="different models"):
        recipe.averaged({"w": torch.zeros(2)}, {"w": torch.zeros(3)}, 0.5)
