"""One result's files: whatever goes wrong while they are replaced, no old result.json speaks for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from shapeshot.errors import ExportError
from shapeshot.folders import plan_targets, writing
from shapeshot.folders.targets import RESULT, Target
from shapeshot.folders.work import DecodedPhoto, PhotoFile, PhotoJob, encode_photo
from shapeshot.pipeline.options import Options


@pytest.fixture
def target(photo: np.ndarray, tmp_path: Path) -> Target:
    from PIL import Image

    Image.fromarray(photo).save(tmp_path / "disc.png")
    (target,) = plan_targets([tmp_path / "disc.png"], str(tmp_path / "out"), "all", False)
    return target


def test_an_old_result_is_gone_before_its_files_are_replaced(
    target: Target, analytic_field: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded = DecodedPhoto.decode(PhotoFile.read(target.photo))
    encoded = encode_photo(PhotoJob(target, {}), decoded, analytic_field(), Options())
    writing.write_result(target, encoded)
    assert (target.path / RESULT).is_file()
    write = writing.atomic_write

    def full_disk(path: Path, *words: object, **options: object) -> None:
        assert not (target.path / RESULT).exists(), "it would vouch for files of two runs"
        if path.name == "points.ply":
            raise ExportError("the disk is full")
        write(path, *words, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(writing, "atomic_write", full_disk)
    with pytest.raises(ExportError):
        writing.write_result(target, encoded)
    assert not (target.path / RESULT).exists()
