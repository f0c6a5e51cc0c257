"""Pix3D: photos cropped about their masks, models in our axes, published splits, and bad annotations named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shapeshot.data.sources import make_source
from shapeshot.data.sources.readers.pictures import shrink_square, square_about
from shapeshot.data.sources.readers.wavefront import read_obj
from shapeshot.errors import DatasetError, MeshError


def annotate(folder: Path, rows: list[dict], **changes: Any) -> None:
    """pix3d.json with changes to the first row."""
    (folder / "pix3d.json").write_text(json.dumps([rows[0] | changes, *rows[1:]]))


def test_models_and_their_photos(tmp_path: Path, published: Any) -> None:
    published.pix3d(tmp_path)
    source = make_source("pix3d", folder=tmp_path)
    assert [entry.info.id for entry in source.entries()] == [f"chair_chair_{index}" for index in range(4)]
    assert not source.unreadable()
    entry = source.entries()[2]
    assert entry.info.kind == "chair"
    true = read_obj(published.chair_obj(published.ours, 1.0).encode(), "chair", lambda name: None)
    np.testing.assert_allclose(entry.load().merged()[0], true.merged()[0], atol=1e-5)


def test_views_are_cropped_about_the_mask(tmp_path: Path, published: Any) -> None:
    rows = published.pix3d(tmp_path)
    views = make_source("pix3d", folder=tmp_path).entries()[0].views(5, 224)
    assert len(views.images) == len(views.cameras) == 2
    mask = np.asarray(Image.open(tmp_path / rows[0]["mask"])) > 127
    photo = np.asarray(Image.open(tmp_path / rows[0]["img"]))
    view = views.images[0]
    assert view.shape == (40, 40, 4), "1.1 times the 36 pixels of the object"
    assert (view[..., 3] == 255).sum() == mask.sum()
    np.testing.assert_array_equal(np.sort(view[view[..., 3] == 255][:, 0]), np.sort(photo[mask][:, 0]))
    small = make_source("pix3d", folder=tmp_path).entries()[0].views(1, 32)
    assert [image.shape for image in small.images] == [(32, 32, 4)]


def test_an_empty_mask_leaves_the_box(tmp_path: Path, published: Any) -> None:
    rows = published.pix3d(tmp_path)
    Image.new("L", (128, 96)).save(tmp_path / rows[0]["mask"])
    alpha = make_source("pix3d", folder=tmp_path).entries()[0].views(1, 224).images[0][..., 3]
    assert (alpha == 255).sum() == (90 - 20) * (60 - 6)


def test_the_camera_is_turned_with_the_model(tmp_path: Path, published: Any) -> None:
    """By hand: at (-0.5, 0.5, -1) of Pix3D, which looks from +x (left) to -x and from -z, is ours at (0.5, 0.5, 1)."""
    published.pix3d(tmp_path)
    camera = make_source("pix3d", folder=tmp_path).entries()[0].photos[0].camera
    np.testing.assert_allclose(camera.origin, [0.5, 0.5, 1.0], atol=1e-9)
    assert camera.fov_deg == pytest.approx(2 * np.degrees(np.arctan(16 / 35)))


def test_the_splits_of_s2(tmp_path: Path, published: Any) -> None:
    rows = published.pix3d(tmp_path)
    files = [tmp_path / f"pix3d_s2_{side}.json" for side in ("train", "test")]
    splits = make_source("pix3d", folder=tmp_path, split_files=files).splits()
    assert splits is not None
    assert list(splits.values()) == ["train", "train", "train", "test"]
    files[1].write_text(json.dumps({"images": [{"file_name": rows[1]["img"]}]}))
    files[0].write_text(json.dumps({"images": [{"file_name": rows[0]["img"]}]}))
    with pytest.raises(DatasetError, match="S2"):
        make_source("pix3d", folder=tmp_path, split_files=files).splits()


def test_hidden_objects_are_left_out(tmp_path: Path, published: Any) -> None:
    rows = published.pix3d(tmp_path)
    annotate(tmp_path, rows, occluded=True)
    entries = make_source("pix3d", folder=tmp_path).entries()
    assert [len(entry.photos) for entry in entries] == [1, 2, 2, 2]
    hidden = [row | {"slightly_occluded": "true"} for row in rows[:2]]
    (tmp_path / "pix3d.json").write_text(json.dumps(hidden + rows[2:]))
    source = make_source("pix3d", folder=tmp_path)
    assert len(source.entries()) == 3
    assert [item.name for item in source.unreadable()] == ["model/chair/CHAIR_0/model.obj"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"img": "../secret.png"}, "below the folder"),
        ({"mask": "/etc/passwd"}, "below the folder"),
        ({"model": 3}, "below the folder"),
        ({"mask": "mask/chair/gone.png"}, "gone.png is missing"),
        ({"bbox": [1, 2, 3]}, "expected 4 numbers"),
        ({"bbox": [9, 9, 2, 2]}, "makes no sense"),
        ({"bbox": None}, "expected 4 numbers"),
        ({"cam_position": [0, 0, 0]}, "0 away"),
        ({"focal_length": "long"}, "expected 1 numbers"),
        ({"img_size": [float("inf"), 3]}, "expected 2 numbers"),
    ],
)
def test_bad_annotations_are_named(tmp_path: Path, published: Any, changes: dict[str, Any], told: str) -> None:
    rows = published.pix3d(tmp_path)
    annotate(tmp_path, rows, **changes)
    source = make_source("pix3d", folder=tmp_path)
    assert len(source.entries()) == 4
    assert [item.name for item in source.unreadable()] == [(rows[0] | changes)["img"]]
    assert told in source.unreadable()[0].reason


def test_links_do_not_lead_outside(tmp_path: Path, published: Any) -> None:
    folder = tmp_path / "set"
    rows = published.pix3d(folder)
    for key in ("img", "model"):
        secret = (folder / rows[0][key]).rename(tmp_path / f"secret{Path(rows[0][key]).suffix}")
        (folder / rows[0][key]).symlink_to(secret)
    entry = make_source("pix3d", folder=folder).entries()[0]
    views = entry.views(10, 64)
    assert [(item.name, "outside the folder" in item.reason) for item in views.unreadable] == [(rows[0]["img"], True)]
    assert len(views.images) == len(entry.photos) - 1
    with pytest.raises(MeshError, match=r"model\.obj cannot be read"):
        entry.load()


def test_a_mask_of_another_size_is_named_and_costs_its_photo_alone(tmp_path: Path, published: Any) -> None:
    rows = published.pix3d(tmp_path)
    entry = make_source("pix3d", folder=tmp_path).entries()[0]
    Image.new("L", (64, 64)).save(tmp_path / rows[0]["mask"])
    views = entry.views(10, 224)
    assert len(views.images) == len(views.cameras) == len(entry.photos) - 1
    assert [item.name for item in views.unreadable] == [rows[0]["img"]]
    assert f"{rows[0]['mask']} has 64x64 pixels" in views.unreadable[0].reason
    for photo in entry.photos:
        Image.new("L", (64, 64)).save(tmp_path / photo.mask)
    with pytest.raises(DatasetError, match=f"none of its {len(entry.photos)} photos can be used.*64x64"):
        entry.views(10, 224)


CASES = Path(__file__).parent / "cases"


@pytest.mark.parametrize("size", [(320, 240), (1500, 1100), (1600, 1200), (2040, 1500), (3300, 2400), (4200, 3000)])
def test_a_mask_follows_its_photo_to_whatever_scale_it_is_read_at(
    tmp_path: Path, published: Any, size: tuple[int, int]
) -> None:
    """A JPEG is read at a half or a quarter, its mask, a PNG, at another scale."""
    rows = published.pix3d(tmp_path)
    image, mask = tmp_path / rows[0]["img"], tmp_path / rows[0]["mask"]
    object_box = (size[0] // 4, size[1] // 4, size[0] // 2, size[1] // 2)
    picture, outline = Image.new("RGB", size, (20, 40, 220)), Image.new("L", size)
    picture.paste((230, 30, 20), object_box)
    outline.paste(255, object_box)
    picture.save(image, "JPEG", quality=90)
    outline.save(mask, "PNG")
    (view,) = make_source("pix3d", folder=tmp_path).entries()[0].views(1, 128).images
    opaque = view[..., 3] > 200
    assert 0.3 < opaque.mean() < 0.95
    is_red = view[..., 0].astype(int) > view[..., 2]
    assert (is_red == opaque).mean() > 0.97


def test_the_handed_over_sets() -> None:
    (entry,) = make_source("pix3d", folder=CASES / "pix3d_1600").entries()
    views = entry.views(10, 224)
    assert (len(views.images), views.unreadable) == (1, ())
    (entry,) = make_source("pix3d", folder=CASES / "pix3d_one_bad_mask").entries()
    views = entry.views(10, 224)
    assert (len(views.images), [item.name for item in views.unreadable]) == (2, ["img/chair/0001.jpg"])


@pytest.mark.parametrize("text", ["", "{}", "[]", "[3]", "[" * 100_000])
def test_other_folders_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(DatasetError, match=r"pix3d\.json"):
        make_source("pix3d", folder=tmp_path)
    (tmp_path / "pix3d.json").write_text(text)
    with pytest.raises(DatasetError, match=r"pix3d\.json"):
        make_source("pix3d", folder=tmp_path)


def test_an_unknown_category_is_refused(tmp_path: Path, published: Any) -> None:
    published.pix3d(tmp_path)
    with pytest.raises(DatasetError, match="Did you mean 'chair'"):
        make_source("pix3d", folder=tmp_path, categories=["chairs"])


def test_squares() -> None:
    rgba = np.full((4, 8, 4), 255, np.uint8)
    assert shrink_square(rgba, 100)[..., 3].sum() == 255 * 32
    assert shrink_square(rgba, 4).shape == (4, 4, 4)
    beyond = square_about(rgba, (6, 2, 16, 12), 100)
    assert beyond.shape == (11, 11, 4)
    assert (beyond[..., 3] > 0).sum() == 2 * 2 or (beyond[..., 3] > 0).any()
    assert not square_about(rgba, (100, 100, 110, 110), 100).any()
