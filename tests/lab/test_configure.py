"""One typed configuration for flags, file and checkpoint; a typo is an error that names the nearest setting."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from shapeshot.errors import UserError
from shapeshot.lab.train_config import TrainConfig, add_arguments, config_from_arguments, from_json, load_config, to_json


def parse(*flags: str) -> TrainConfig:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return config_from_arguments(parser.parse_args(flags))


def test_json_and_back() -> None:
    config = TrainConfig(data=("a", "b"), lr=1e-3)
    assert from_json(TrainConfig, to_json(config)) == config


def test_flags_override_the_file(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(json.dumps({"lr": 0.01, "seed": 4, "model": {"depth": 2}}))
    config = parse("--config", str(path), "--seed", "7", "--model.width", "128", "--data", "x", "y", "--no-amp")
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
        from_json(TrainConfig, values)


def test_a_file_that_is_not_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text("{lr: 1}")
    with pytest.raises(UserError, match=r"c\.json"):
        load_config(tmp_path / "c.json")
