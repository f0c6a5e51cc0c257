"""The source `infinigen`: its table, its turns, and a whole build with a worker that makes boxes in Blender's place."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from fake_blender import fake_python

from shapeshot.data.build import build_dataset
from shapeshot.data.build_options import BuildOptions
from shapeshot.data.sources import make_source
from shapeshot.data.sources.infinigen import factories as table
from shapeshot.data.sources.infinigen.factories import FACTORIES, LEFT_OUT
from shapeshot.data.sources.infinigen.source import rounds
from shapeshot.errors import DatasetError, UserError
from shapeshot.kinds import kind_of

OPTIONS = BuildOptions(views=3, rooms=1, size=32, samples=1)


def test_the_table_is_broad() -> None:
    assert len(FACTORIES) >= 60
    assert len({factory.family for factory in FACTORIES.values()}) >= 8


@pytest.mark.parametrize("factory", FACTORIES.values(), ids=FACTORIES)
def test_a_line_of_the_table(factory: table.Factory) -> None:
    # Held-out kinds are compared in this form: another would let a held-out toilet into training.
    assert kind_of(factory.kind) == factory.kind
    assert factory.front[1] != factory.up[1]
    assert {factory.front[0], factory.up[0]} <= {"+", "-"}
    assert factory.cls not in LEFT_OUT


def test_slugs_are_unique() -> None:
    assert len({factory.slug for factory in FACTORIES.values()}) == len(FACTORIES)


def test_every_reason_is_given() -> None:
    assert all(reason.strip() for reason in LEFT_OUT.values())


def test_factories_take_turns() -> None:
    chair, spoon = replace(FACTORIES["ChairFactory"], every=1), replace(FACTORIES["SpoonFactory"], every=2)
    turns = [(order.factory.slug, order.seed) for order in islice(rounds([chair, spoon]), 5)]
    assert turns == [("chair", 0), ("spoon", 0), ("chair", 1), ("chair", 2), ("spoon", 2)]
    assert [order.seed for order in islice(rounds([spoon]), 3)] == [0, 1, 2]


def test_an_offset_goes_on_where_the_last_build_ended(tmp_path: Path) -> None:
    python = fake_python(tmp_path)
    whole = [entry.info.id for entry in make_source("infinigen", count=150, python=python).entries()]
    parts = [
        entry.info.id
        for offset in (0, 100)
        for entry in make_source("infinigen", count=(100, 50)[offset // 100], offset=offset, python=python).entries()
    ]
    assert parts == whole
    assert len(set(whole)) == 150
    assert whole[0] == "chair-0000000"


def test_a_build(tmp_path: Path) -> None:
    source = make_source("infinigen", count=3, python=fake_python(tmp_path), factories=["Chair"])
    dataset = build_dataset(source, tmp_path / "set", OPTIONS, workers=1, progress=False)
    sample = dataset.sample("chair-0000001")
    assert sample.info.size_metres == pytest.approx((2.0, 0.9, 0.6))
    assert {"wood", "chair", "seats"} <= set(sample.info.tags)
    assert sample.rooms == (False, False, True)
    assert sample.cameras[2].elevation_deg >= 3
    np.testing.assert_array_equal(np.unique(sample.colors, axis=0), [[0, 255, 0]])
    room = sample.view(2)
    assert room[0, 0, 3] == 0
    assert room[0, 0, :3].min() > 50
    assert room[16, 16, 3] == 255


def test_what_fails_is_named_and_the_rest_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for way in ("crash", "error", "too_long", "dark"):
        monkeypatch.setitem(FACTORIES, way, replace(FACTORIES["ChairFactory"], module=way, cls=way))
    names = ["Chair", "crash", "error", "too_long", "dark"]
    source = make_source("infinigen", count=10, python=fake_python(tmp_path), factories=names)
    dataset = build_dataset(source, tmp_path / "set", OPTIONS, workers=1, progress=False)
    assert dataset.ids() == ["chair-0000000", "chair-0000001"]
    told = {item["name"]: item["reason"] for item in dataset.manifest["unreadable"]}
    assert len(told) == 8
    assert "no light" in told["dark-0000001"]
    assert "no leaf grew" in told["error-0000000"]
    assert "worked for more than" in told["too_long-0000001"]
    assert "died" in told["crash-0000000"]


def test_bytes_do_not_depend_on_workers(tmp_path: Path) -> None:
    python = fake_python(tmp_path)
    for workers in (1, 2):
        source = make_source("infinigen", count=4, python=python)
        build_dataset(source, tmp_path / str(workers), OPTIONS, workers=workers, progress=False)
    first, second = ((tmp_path / name / "shard-00000.tar").read_bytes() for name in ("1", "2"))
    assert first == second


def test_variants_are_refused(tmp_path: Path) -> None:
    source = make_source("infinigen", count=1, python=fake_python(tmp_path))
    with pytest.raises(UserError, match="without --variants"):
        build_dataset(source, tmp_path / "set", replace(OPTIONS, variants=1), workers=1, progress=False)


def test_unknown_factory(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="Did you mean 'ChairFactory'"):
        make_source("infinigen", python=fake_python(tmp_path), factories=["ChairFactori"])


def test_a_python_without_blender(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    with pytest.raises(DatasetError, match=r"no Blender.*setup-blender"):
        make_source("infinigen", python=python)
    with pytest.raises(DatasetError, match="does not run"):
        make_source("infinigen", python=tmp_path / "none")


def test_the_licence_is_told(tmp_path: Path) -> None:
    source = make_source("infinigen", count=1, python=fake_python(tmp_path))
    dataset = build_dataset(source, tmp_path / "set", OPTIONS, workers=1, progress=False)
    manifest = json.loads((tmp_path / "set" / "manifest.json").read_text())
    assert manifest["licences"] == ["CC0-1.0"]
    assert "Infinigen" in dataset.sample(dataset.ids()[0]).info.creator


def test_the_scripts_inside_blender_ask_it_for_what_it_has() -> None:
    """They run where no fast test does: a renaming of ours once turned `bpy.data.cameras` into something else."""
    scripts = (Path(table.__file__).parent / "blender").glob("*.py")
    asked = {name for script in scripts for name in re.findall(r"\bbpy\.(\w+)", script.read_text())}
    assert asked == {"app", "context", "data", "ops"}
