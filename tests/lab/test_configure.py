"""One typed configuration for flags, file and checkpoint; a typo is an error that names the nearest setting."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from shapeshot.errors import UserError
from shapeshot.lab.configure import (
    ALIASES,
    add_arguments,
    config_from_arguments,
    config_from_checkpoint,
    config_from_json,
    load_config,
    model_config,
)
from shapeshot.lab.kinds import KINDS
from shapeshot.lab.kinds.field import FieldConfig
from shapeshot.lab.kinds.point import PointConfig
from shapeshot.lab.settings import to_json
from shapeshot.lab.train_config import TrainConfig


def parse(*flags: str) -> TrainConfig:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return config_from_arguments(parser.parse_args(flags))


def test_json_and_back() -> None:
    for row in KINDS.values():
        config = row.config(data=("a", "b"), lr=1e-3)
        assert config_from_json(json.loads(json.dumps(to_json(config)))) == config


def test_flags_override_the_file(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(json.dumps({"lr": 0.01, "seed": 4, "model": {"depth": 2}}))
    config = parse("--config", str(path), "--seed", "7", "--model.width", "128", "--data", "x", "y", "--no-amp")
    assert isinstance(config, FieldConfig)
    assert (config.lr, config.seed, config.model.depth, config.model.width) == (0.01, 7, 2, 128)
    assert config.data == ("x", "y")
    assert not config.amp


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"learning_rat": 1}, "unknown setting 'learning_rat'"),
        ({"augmnt": {}}, "Did you mean 'augment'"),
        ({"model": {"widht": 3}}, "Did you mean 'width'"),
        ({"lr": "fast"}, "lr must be a float"),
        ({"max_iter": 1.5}, "max_iter must be a int"),
        ({"amp": "yes"}, "amp must be a bool"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"ema": 1.0}, "ema"),
        ({"model": 3}, "must be a table"),
    ],
)
def test_mistakes_are_named(values: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        config_from_json(values)


def test_a_file_that_is_not_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text("{lr: 1}")
    with pytest.raises(UserError, match=r"c\.json"):
        load_config(tmp_path / "c.json")


OLD = {  # as an earlier version saved a run of any type: with the settings of every kind
    "data": ["d"],
    "model": {
        "type": "point", "encoder": "resnet18", "encoder_weights": "none", "num_frozen_layers": 0,
        "update_statistics": False, "decoder": "", "image_size": 96, "latent": 64, "voxel_channels": 32,
        "num_points": 300, "tanh": False, "ico_level": 3, "width": 256, "depth": 4, "num_heads": 4, "channels": 64,
        "resolution": 32, "hidden": 64, "dropout": 0.0, "mirror": False,
    },
    "voxel_form": "clamped", "chamfer": "sum", "w_chamfer": 0.5, "w_smooth": 0.1, "w_edge": 0.0, "w_normal": 0.0,
    "num_samples": 2000, "num_queries": 1024, "color_weight": 0.3,
}  # fmt: skip


def test_what_an_earlier_version_saved_is_read(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(OLD))
    for config in (load_config(path), config_from_checkpoint(OLD), parse("--config", str(path))):
        assert isinstance(config, PointConfig)
        assert (config.chamfer, config.w_chamfer, config.model.num_points, config.model.tanh) == (
            "sum",
            0.5,
            300,
            False,
        )
        assert config.model.update_statistics is False


def test_settings_of_another_kind_are_refused() -> None:
    for flags, named in (
        (("--type", "vox", "--n-points", "2000"), "a vox model has no setting num_points, which is one of point"),
        (("--type", "vox", "--model.ico-level", "3"), "a vox model has no setting ico_level, which is one of mesh"),
        (("--type", "point", "--w-smooth", "1"), "a point model has no setting w_smooth, which is one of mesh"),
        (("--w-chamfer", "1"), "a field model has no setting w_chamfer, which is one of point and mesh"),
        (("--type", "mesh", "--no-model.tanh"), "a mesh model has no setting tanh"),
    ):
        with pytest.raises(UserError, match=named):
            parse(*flags)


def test_known_spellings_reach_their_kind() -> None:
    config = parse("--type", "point", "--n-points", "2000", "--arch", "clip", "--no-model.tanh", "--w-chamfer", "2")
    assert isinstance(config, PointConfig)
    assert (config.model.num_points, config.model.encoder, config.model.tanh, config.w_chamfer) == (
        2000,
        "clip",
        False,
        2,
    )
    assert parse("--model.type", "point", "--model.num-points", "2000").model == model_config("point", num_points=2000)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_presets_suit_every_kind(kind: str) -> None:
    config = parse("--type", kind, "--preset", "quick", "--max-iter", "7")
    assert (config.model.type, config.batch_size, config.max_iter) == (kind, 8, 7)
    assert parse("--type", "mesh", "--preset", "quick").model == model_config("mesh", ico_level=3)


def test_every_flag_is_described() -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    for action in parser._actions:
        assert action.help, action.option_strings
        assert len(action.help.split()) >= 3 or action.dest == "help", action.option_strings
    known = {flag for action in parser._actions for flag in action.option_strings}
    assert {f"--{alias.replace('_', '-')}" for alias in ALIASES} <= known
    parser.format_help()  # a stray % would raise


def test_random_weights_estimate_their_statistics_unless_told() -> None:
    assert model_config("vox", encoder_weights="none").updates_statistics
    assert not model_config("vox").updates_statistics
    told = model_config("vox", encoder_weights="none", update_statistics=False)
    assert not told.updates_statistics
    assert told.keeps_empty_statistics
