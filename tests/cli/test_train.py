"""`shapeshot train`: what cannot be carried out is told in one line, before data is built or a network made."""

from __future__ import annotations

import pytest

from shapeshot.cli import main

pytest.importorskip("torch", reason="needs the extra `train`")


@pytest.fixture(autouse=True)
def no_work(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """Nothing may be built."""

    def unexpected(*_: object, **__: object) -> None:
        raise AssertionError("work began")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("shapeshot.lab.loading.default_data.build_dataset", unexpected)
    monkeypatch.setattr("shapeshot.lab.encoders.efficientnet_lite0.EfficientNetLite0.__init__", unexpected)
    monkeypatch.setattr("shapeshot.lab.train.Run", unexpected)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--schedule", "cosin"], "unknown schedule 'cosin'; choose from constant, cosine. Did you mean 'cosine'?"),
        (["--tracker", "tensorbord"], "unknown tracker 'tensorbord'"),
        (["--optimizer", "sgd"], "unknown optimizer 'sgd'; choose from adamw, radam"),
        (["--arch", "resnet19"], "Did you mean 'resnet18'?"),
        (["--type", "voxel"], "unknown type 'voxel'; choose from field, mesh, point, view, vox"),
        (["--model.decoder", "triplain"], "Did you mean 'triplane'?"),
        (["--type", "vox", "--model.decoder", "triplane"], "predicts field, not vox"),
        (["--max-iter", "inf"], "max_iter must be a int"),
        (["--max-iter", "1e12"], "max_iter must lie in"),
        (["--lr", "nan"], "lr must be a finite number"),
        (["--lr", "0"], "lr must be greater than 0"),
        (["--seed", "-1"], "seed must be at least 0"),
        (["--seed", "9" * 30], "seed must lie in"),
        (["--workers", "-1"], "workers must be at least 0"),
        (["--workers", "100000"], "workers must lie in 0..256"),
        (["--batch-size", "0"], "batch_size must be at least 1"),
        (["--ema", "1"], "ema must be less than 1"),
        (["--clip", "0"], "clip must be greater than 0"),
        (["--augment.blur", "2"], "augment.blur must lie in 0..1"),
        (["--augment.roll-deg", "nan"], "augment.roll_deg"),
        (["--type", "vox", "--n_points", "2000"], "a vox model has no setting num_points"),
        (["--type", "vox", "--model.ico-level", "3"], "a vox model has no setting ico_level"),
        (["--type", "vox", "--model.voxel-channels", "12"], "multiple of 8"),
        (["--preset", "quik"], "Did you mean 'quick'?"),
        (["--config", "nothing.json"], "cannot read the configuration nothing.json"),
    ],
)
def test_bad_settings_are_one_line(flags: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", *flags]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert len(captured.err.strip().splitlines()) == 1
    assert captured.out == ""


def test_statistics_that_were_never_estimated_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--data", "gone", "--encoder-weights", "none"]
    for more, told in ((["--no-model.update-statistics"], True), ([], False)):
        with pytest.raises(AssertionError, match="work began"):
            main(["train", *flags, *more])
        assert ("never estimated" in capsys.readouterr().err) == told
