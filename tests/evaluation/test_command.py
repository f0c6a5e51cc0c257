"""`shapeshot evaluate`, `eval_model.py` and `shapeshot compare` through the real command line."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest
import torch
from kind_settings import model_of_kind, run_of_kind
from safetensors.torch import save_file

from shapeshot.cli import main
from shapeshot.data.dataset import MANIFEST, Dataset
from shapeshot.errors import DatasetError, UserError
from shapeshot.evaluation.checkpoint_predictor import CheckpointPredictor
from shapeshot.evaluation.protocols import PROTOCOLS
from shapeshot.lab.checkpoint import load_checkpoint, save_checkpoint
from shapeshot.lab.kinds import KINDS
from shapeshot.lab.model import build_model
from shapeshot.lab.settings import to_json
from shapeshot.scores.aspects import PROBABILITIES

ROOT = Path(__file__).parents[2]
BEST = "best.safetensors"
TINY = {
    "encoder_weights": "none", "image_size": 32, "latent": 16, "voxel_channels": 16, "num_points": 60, "ico_level": 2,
    "width": 16, "depth": 1, "num_heads": 2, "channels": 8, "resolution": 8, "hidden": 8,
}  # fmt: skip


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory, boxes: Dataset) -> Path:
    """A folder with runs/KIND-efficientnet-lite0 of every kind: random weights, cut where they show something."""
    folder = tmp_path_factory.mktemp("place")
    view = boxes.sample("cube-t").view(0)
    for kind, row in KINDS.items():
        torch.manual_seed(1)
        config = run_of_kind(model_of_kind(kind, **TINY))
        model = build_model(config.model).eval()
        threshold = None
        if PROBABILITIES in row.gives:
            threshold = float(np.median(CheckpointPredictor(model, "random", 0.5).answer(view).probabilities))
        values = {
            "config": to_json(config), "architecture": model.encoder.architecture, "step": 1, "best": 0.1,
            "seconds": 1.0, "threshold": threshold,
        }  # fmt: skip
        save_checkpoint(folder / "runs" / f"{kind}-efficientnet-lite0" / BEST, {"model": model.state_dict()}, values)
    return folder / "runs"


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs `shapeshot WORD...` in this process: (exit code, stdout, stderr)."""

    def run(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def checkpoint_of(runs: Path, kind: str) -> Path:
    return runs / f"{kind}-efficientnet-lite0"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_gets_the_same_rows(kind, runs, boxes_folder, tmp_path, command):
    words = ["--type", kind, "--load-checkpoint", checkpoint_of(runs, kind), "--data", boxes_folder, "--views", 1]
    code, out, err = command("evaluate", *words, "--rows", "parquet", "--out", tmp_path, "--quiet")
    assert (code, err) == (0, "")
    table = pyarrow.parquet.read_table(tmp_path / "rows.parquet").to_pydict()
    assert set(PROTOCOLS["shapeshot"].metrics(frozenset(("volume", "surface", "normals", "probabilities")))) <= set(
        table
    )
    given = PROTOCOLS["shapeshot"].metrics(KINDS[kind].gives)
    for metric in ("iou", "f_score_5", "chamfer_l1", "normal_consistency", "iou_above_50"):
        assert [value is not None for value in table[metric]] == [metric in given] * 3, metric
    assert [value is not None for value in table["closed"]] == ["mesh" in KINDS[kind].gives] * 3
    assert all(name in ("board-t", "tower-t", "cube-t") for name in table["nearest_id"])
    assert ("| - |" in out) == (kind == "point")
    page = (tmp_path / "report.html").read_text()
    assert "no shape" not in page
    assert page.count("data:image/webp") == 3 * 5


def test_the_report_says_how_its_run_was_trained(runs, boxes_folder, tmp_path, command):
    """Issue 18: a report named "point point" that told a run's name and its type."""
    run = tmp_path / "point"
    shutil.copytree(checkpoint_of(runs, "point"), run)
    log = [{"step": step, "loss": 1 / step, "chamfer": 0.1} for step in range(50, 30050, 50)]
    log += [{"step": 1000, "seconds": 3.0, "val_score": 0.25}, {"step": 2000, "val_score": 0.31}]
    (run / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in log) + '{"step": 30050, "lo')
    words = ["--load-checkpoint", run, "--data", boxes_folder, "--views", 1, "--out", tmp_path / "report", "--quiet"]
    assert command("evaluate", *words)[0] == 0
    page = (tmp_path / "report/report.html").read_text()
    assert "<title>point on " in page
    made = page.split("How it was made", 1)[1]
    for row in (
        "<td>encoder</td><td>efficientnet-lite0, weights none</td>",
        "<td>optimizer</td><td>adamw, learning rate 0.0005, of the encoder 0.0001, weight decay 0.05</td>",
        "<td>schedule</td><td>cosine, warm-up of ",
        "<td>seed</td><td>",
        "<td>steps</td><td>",
        ", best at 1, score on val 0.100</td>",
    ):
        assert row in made, row
    assert made.count("<svg") == 2
    assert ">loss<" in made
    assert ">score on the validation split<" in made
    curve = json.loads((tmp_path / "report/summary.json").read_text())["details"]["curve"]
    assert curve["val_score"] == {"1000": 0.25, "2000": 0.31}
    assert 150 <= len(curve["loss"]) <= 201
    assert "30000" in curve["loss"]


def test_eval_model_finds_the_newest_run_of_a_type(runs, boxes_folder):
    """As people call it: underscores, no path."""
    words = [
        "--type",
        "vox",
        "--load_checkpoint",
        "--data",
        str(boxes_folder),
        "--protocol",
        "r2n2-iou",
        "--views",
        "1",
    ]
    done = subprocess.run(
        [sys.executable, str(ROOT / "eval_model.py"), *words, "--quiet"],
        cwd=runs.parent,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    folder = runs.parent / "out" / "evaluation" / "test-vox-efficientnet-lite0-r2n2-iou"
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["protocol"] == "r2n2-iou"
    assert 0 < summary["threshold"]["threshold"] < 1
    assert f"Threshold of occupancy {summary['threshold']['threshold']:g}" in done.stdout


def test_a_cloud_is_refused_by_a_protocol_of_volumes(runs, boxes_folder, tmp_path, command):
    words = [
        "--load-checkpoint",
        checkpoint_of(runs, "point") / BEST,
        "--data",
        boxes_folder,
        "--out",
        tmp_path / "out",
    ]
    code, _, err = command("evaluate", *words, "--protocol", "r2n2-iou")
    assert code == 2
    assert "scores probabilities and volume" in err
    assert not (tmp_path / "out").exists()


def test_compare_prints_and_writes(boxes_folder, tmp_path, command, runs):
    for name, words in {
        "mean": ["--baseline", "mean"],
        "oracle": ["--baseline", "oracle"],
        "cloud": ["--load-checkpoint", checkpoint_of(runs, "point")],
        "other": ["--baseline", "oracle", "--protocol", "what3d"],
    }.items():
        code, _, err = command(
            "evaluate", "--data", boxes_folder, "--views", 1, "--quiet", "--out", tmp_path / name, *words
        )
        assert code == 0, err
    numbers = tmp_path / "numbers.json"
    code, out, _ = command("compare", tmp_path / "mean", tmp_path / "oracle", tmp_path / "cloud", "--out", numbers)
    assert code == 0
    assert "| IoU 32³ | - |" in out
    runs_compared = json.loads(numbers.read_text())["runs"]
    assert [run["predictor"] for run in runs_compared] == ["oracle", "point-efficientnet-lite0"]
    assert runs_compared[0]["metrics"]["iou"]["difference"]["mean"] > 0.1
    code, _, err = command("compare", tmp_path / "mean", tmp_path / "other")
    assert code == 2
    assert "another protocol ('shapeshot' and 'what3d')" in err


def edited(folder: Path, change: Callable[[dict], object]) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    change(manifest)
    (folder / MANIFEST).write_text(json.dumps(manifest))


def no_test_objects(manifest: dict) -> None:
    manifest["objects"] = [row for row in manifest["objects"] if row["split"] != "test"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--protocol", "cmu-1682"], "unknown protocol 'cmu-1682'.*Did you mean 'cmu-16825'"),
        (["--baseline", "meen"], "Did you mean 'mean'"),
        (["--baseline", "retrieval", "--features", "silouette"], "Did you mean 'silhouette'"),
        (["--baseline", "retrieval", "--features", "model"], "give its folder with --model"),
        (["--baseline", "retrieval", "--features", "silhouette=w"], "have no weights"),
        (["--baseline", "retrieval", "--features", "clip=nowhere"], "nowhere"),
        (["--features", "silhouette"], "add --baseline retrieval"),
        (["--rows", "parket"], "Did you mean 'parquet'"),
        (["--split", "tets"], "unknown split 'tets'"),
        (["--split", "test-unseen"], "split 'test-unseen' of .* is empty"),
        (["--views", "0"], "at least 1; got 0"),
        (["--type", "voxel", "--load-checkpoint"], "unknown type 'voxel'.*Did you mean 'vox'"),
        (["--type", "mesh", "--load-checkpoint", "RUN"], "holds a model of type vox, not mesh"),
        (["--arch", "clip", "--load-checkpoint", "RUN"], "has the encoder efficientnet-lite0, not clip"),
        (["--load-checkpoint", "nowhere"], "no checkpoint at nowhere"),
        (["--load-checkpoint", "RUN", "--baseline", "mean"], "give one"),
        (["--protocl", "what3d"], "Did you mean --protocol"),
    ],
)
def test_a_bad_request_is_one_line(words, message, runs, boxes_folder, tmp_path, command):
    words = [str(checkpoint_of(runs, "vox")) if word == "RUN" else word for word in words]
    code, out, err = command("evaluate", "--data", boxes_folder, "--out", tmp_path / "out", "--quiet", *words)
    assert_refused(code, out, err, message)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda manifest: manifest.update(version=7), "version 7; this shapeshot reads version 1"),
        (lambda manifest: manifest.update(format="other"), "is other version 1"),
        (lambda manifest: manifest.pop("objects"), "cannot be read"),
        (lambda manifest: manifest["objects"][7].update(offset="x"), "row of object 'board-t'"),
        (lambda manifest: manifest["objects"][7].update(group=None), "row of object 'board-t'"),
        (lambda manifest: manifest["objects"][7].update(shard="../elsewhere.tar"), "row of object 'board-t'"),
        (lambda manifest: manifest["objects"].append(5), "cannot be read"),
        (no_test_objects, "split 'test' of .* is empty"),
    ],
)
def test_a_dataset_that_cannot_be_scored_is_one_line(change, message, runs, boxes_folder, tmp_path, command):
    shutil.copytree(boxes_folder, tmp_path / "data")
    edited(tmp_path / "data", change)
    words = ["--data", tmp_path / "data", "--load-checkpoint", checkpoint_of(runs, "vox"), "--quiet"]
    assert_refused(*command("evaluate", *words, "--out", tmp_path / "out"), message)


def test_a_damaged_shard_is_one_line(runs, boxes_folder, tmp_path, command):
    shutil.copytree(boxes_folder, tmp_path / "data")
    shard = tmp_path / "data" / "shard-00000.tar"
    shard.write_bytes(shard.read_bytes()[:-3000])
    words = ["--data", tmp_path / "data", "--load-checkpoint", checkpoint_of(runs, "vox"), "--quiet"]
    assert_refused(*command("evaluate", *words, "--out", tmp_path / "out"), "truncated; build the dataset again")


def test_bytes_turned_in_a_shard_never_end_in_a_traceback(boxes_folder, tmp_path):
    shutil.copytree(boxes_folder, tmp_path / "data")
    dataset, shard = Dataset.open(tmp_path / "data"), tmp_path / "data" / "shard-00000.tar"
    good, record, rng = shard.read_bytes(), dataset.records["board-t"], np.random.default_rng(0)
    refused = 0
    for _ in range(400):
        content, place = bytearray(good), record.offset + int(rng.integers(record.length))
        content[place] ^= 1 << int(rng.integers(8))
        shard.write_bytes(content)
        try:
            sample = dataset.sample("board-t")
            read = (sample.info, sample.cameras, sample.solid, sample.vertices, sample.faces, sample.view(0))
            assert len(read) == 6
        except DatasetError:
            refused += 1
    assert refused > 100


def assert_refused(code: int, out: str, err: str, message: str) -> None:
    assert code == 2, err
    assert out == ""
    assert len(err.strip().splitlines()) == 1
    assert re.search(message, err), err


def rewritten(good: Path, bad: Path, change: Callable[[dict, dict], object]) -> None:
    """A checkpoint with other tensors or values and a digest that fits them: not damaged, but wrong."""
    checkpoint = load_checkpoint(good)
    model, values = dict(checkpoint.tensors["model"]), json.loads(json.dumps(checkpoint.values))
    change(model, values)
    save_checkpoint(bad, {"model": model}, values)


WRONG = {
    "no config": lambda model, values: values.pop("config"),
    "config of another type": lambda model, values: values.update(config=[1]),
    "model of another type": lambda model, values: values["config"].update(model=5),
    "unknown setting": lambda model, values: values["config"].update(surprise=1),
    "unknown kind": lambda model, values: values["config"]["model"].update(type="cubes"),
    "unknown encoder": lambda model, values: values["config"]["model"].update(encoder="eyes"),
    "other kind": lambda model, values: values["config"]["model"].update(type="point"),
    "negative width": lambda model, values: values["config"]["model"].update(voxel_channels=-8),
    "data that is a number": lambda model, values: values["config"].update(data=5),
    "data that are numbers": lambda model, values: values["config"].update(data=[1]),
    "image of no size": lambda model, values: values["config"]["model"].update(image_size=-32),
    "no threshold": lambda model, values: values.pop("threshold"),
    "threshold of None": lambda model, values: values.update(threshold=None),
    "threshold of 2": lambda model, values: values.update(threshold=2.0),
    "threshold as text": lambda model, values: values.update(threshold="half"),
    "threshold that is no number": lambda model, values: values.update(threshold=float("nan")),
    "no weights": lambda model, values: model.clear(),
    "a weight less": lambda model, values: model.pop(sorted(model)[0]),
    "a weight more": lambda model, values: model.update(more=torch.zeros(2)),
    "a weight of another shape": lambda model, values: model.update({sorted(model)[0]: torch.zeros(3, 1)}),
    "weights that are not finite": lambda model, values: model.update(
        {name: torch.full_like(value, float("nan")) for name, value in model.items() if value.is_floating_point()}
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(WRONG))
def test_a_wrong_checkpoint_is_one_line(name, runs, boxes_folder, tmp_path, command):
    rewritten(checkpoint_of(runs, "vox") / BEST, tmp_path / "bad.safetensors", WRONG[name])
    words = ["--load-checkpoint", tmp_path / "bad.safetensors", "--data", boxes_folder, "--out", tmp_path / "out"]
    assert_refused(*command("evaluate", *words, "--quiet"), "checkpoint|settings|bad.safetensors")
    assert not (tmp_path / "out").exists()


def test_damage_is_seen_wherever_it_is(runs, tmp_path):
    """Single bits turned all over the file, and every way to cut it short: never loaded, never a traceback."""
    good = (checkpoint_of(runs, "point") / BEST).read_bytes()
    bad, rng = tmp_path / "bad.safetensors", np.random.default_rng(0)
    places = [*rng.integers(0, len(good), 30), *rng.integers(0, 4000, 30), 0, 7, 8, len(good) - 1]
    for place in places:
        content = bytearray(good)
        content[place] ^= 1 << int(rng.integers(8))
        bad.write_bytes(content)
        with pytest.raises(UserError):
            CheckpointPredictor.load(bad)
    for length in [0, 1, 7, 8, 100, 4000, len(good) // 2, len(good) - 1]:
        bad.write_bytes(good[:length])
        with pytest.raises(UserError):
            CheckpointPredictor.load(bad)


def test_foreign_files_are_refused_and_nothing_is_executed(tmp_path, boxes_folder, command):
    class Explosive:
        def __reduce__(self) -> tuple:
            return Path.touch, (tmp_path / "executed",)

    torch.save({"model": Explosive()}, tmp_path / "pickle.safetensors")
    save_file({"weight": torch.zeros(2)}, tmp_path / "foreign.safetensors")
    (tmp_path / "folder").mkdir()
    for name, message in {
        "pickle.safetensors": "damaged or not a safetensors checkpoint",
        "foreign.safetensors": "not a checkpoint of this version",
        "folder": "no checkpoint at .*best.safetensors",
    }.items():
        assert_refused(*command("evaluate", "--load-checkpoint", tmp_path / name, "--data", boxes_folder), message)
    assert not (tmp_path / "executed").exists()


def test_a_checkpoint_of_before_the_digest_still_loads(runs, tmp_path):
    from safetensors import safe_open

    source = checkpoint_of(runs, "vox") / BEST
    with safe_open(source, framework="pt") as file:
        metadata = {name: value for name, value in file.metadata().items() if name != "sha256"} | {"version": "1"}
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    save_file(tensors, tmp_path / "old.safetensors", metadata=metadata)
    assert (
        CheckpointPredictor.load(tmp_path / "old.safetensors").threshold == CheckpointPredictor.load(source).threshold
    )
    save_file(tensors, tmp_path / "stripped.safetensors", metadata=metadata | {"version": "2"})
    with pytest.raises(UserError, match="damaged"):
        CheckpointPredictor.load(tmp_path / "stripped.safetensors")
