"""The contract, route by route, with a model known in closed form."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from api_answers import POST, Start, assert_problem
from fastapi.testclient import TestClient
from PIL import Image

from shapeshot.export import FORMS, WRITERS, encode_shape, forms_of
from shapeshot.model.heads import Calibration, Heads, PointHead
from shapeshot.pipeline.reconstruct import reconstruct
from shapeshot.service.formats import media_type

OUT_OF_RANGE = {
    "resolution": "7",
    "points": "0",
    "size": "heigth=3",
    "background": "gren",
    "threshold": "1.5",
    "region": "1,2,3",
    "smooth": "99999",
    "simplify": "1",
}


def send(client: TestClient, image: bytes, path: str = POST, **fields: str) -> Any:
    """POST a photo with options."""
    return client.post(path, files={"image": ("../../etc/passwd", image)}, data=fields)


def test_a_photo_becomes_a_result_with_links(api: TestClient, photo_png: bytes) -> None:
    answer = send(api, photo_png, size="height=80cm", points="50", resolution="16")
    assert answer.status_code == 201
    content = answer.json()
    assert answer.headers["location"] == content["links"]["self"] == f"{POST}/{content['id']}"
    result = content["result"]
    assert result["unit"] == "metre"
    assert result["size"][1] == pytest.approx(0.8)
    assert result["points"] == 50
    assert result["voxels"]["resolution"] == 16
    assert result["photo_size"] == [96, 96]
    assert result["object"]["method"] == "alpha"
    assert result["object"]["box"] == pytest.approx({"left": 18, "top": 18, "right": 78, "bottom": 78}, abs=1)
    assert "photo" not in result
    assert api.get(content["links"]["self"]).json() == content
    for form in FORMS:
        assert set(content["links"][form]) == {suffix for suffix in WRITERS if form in forms_of(suffix)}


def test_everything_as_a_zip(api: TestClient, photo_png: bytes) -> None:
    content = send(api, photo_png, resolution="16", points="50").json()
    answer = api.get(content["links"]["all"])
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == 'attachment; filename="all.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        files = {f"{form}.{suffix}": link for form in FORMS for suffix, link in content["links"][form].items()}
        beside = {f"{form}.{suffix}" for form in ("mesh", "voxels") for suffix in ("mtl", "texture.png")}
        assert set(archive.namelist()) == {*files, *beside, "crop.png", "mask.png", "result.json"}
        for name, link in files.items():
            if name not in ("mesh.obj", "voxels.obj"):
                assert archive.read(name) == api.get(link).content, name
        assert b"mtllib mesh.mtl" in archive.read("mesh.obj")  # which a file alone cannot have
        assert b"map_Kd mesh.texture.png" in archive.read("mesh.mtl")
        assert archive.read("mask.png") == api.get(content["links"]["mask"]).content
        assert json.loads(archive.read("result.json")) == content["result"]
    assert_problem(api.get(f"{POST}/nowhere/all"), 404, "expired")


def test_every_link_leads_to_what_reconstruct_gives(
    api: TestClient, photo_png: bytes, analytic_field: Callable[..., Any]
) -> None:
    """The property that the API is for: the same shapes as the library's, byte for byte, in every format."""
    shape = reconstruct(photo_png, model=analytic_field(), size="width=2", threshold=0.6)
    links = send(api, photo_png, size="width=2", threshold="0.6").json()["links"]
    for form in FORMS:
        for suffix, link in links[form].items():
            answer = api.get(link)
            assert answer.status_code == 200
            assert answer.headers["content-type"] == media_type(suffix)
            assert answer.headers["content-disposition"] == f'attachment; filename="{form}.{suffix}"'
            assert answer.content == encode_shape(getattr(shape, form), suffix, in_metres=True), (form, suffix)


def test_files_for_real_sizes_get_one(api: TestClient, photo_png: bytes) -> None:
    """Without a size and without an estimate the longest side is a metre, as on the command line."""
    content = send(api, photo_png).json()
    assert content["result"]["unit"] == "cube"
    assert content["result"]["assumed_scale"]["from"] == "longest side 1 m"
    answer = api.get(content["links"]["mesh"]["3mf"])
    mesh = trimesh.load(io.BytesIO(answer.content), "3mf", force="mesh")
    assert max(np.ptp(mesh.bounds, axis=0)) == pytest.approx(1000, rel=1e-4)  # 3MF says millimetres
    canonical = trimesh.load(io.BytesIO(api.get(content["links"]["mesh"]["glb"]).content), "glb", force="mesh")
    assert max(np.ptp(canonical.bounds, axis=0)) == pytest.approx(0.8, abs=0.01)


def test_meshes_are_finished_as_wished(api: TestClient, photo_png: bytes) -> None:
    content = send(api, photo_png, size="height=80cm", simplify="400", smooth="3", printable="true").json()
    assert content["result"]["mesh"]["faces"] <= 400
    assert content["result"]["mesh"]["closed"] is True
    assert content["result"]["finish"]
    mesh = trimesh.load(io.BytesIO(api.get(content["links"]["mesh"]["glb"]).content), "glb", force="mesh")
    assert len(mesh.faces) == content["result"]["mesh"]["faces"]


def test_an_stl_of_a_known_size_is_in_millimetres(api: TestClient, photo_png: bytes) -> None:
    sent = {"size": "height=80mm"}
    stored = api.get(send(api, photo_png, **sent).json()["links"]["mesh"]["stl"]).content
    direct = send(api, photo_png, **sent, format="stl").content
    unknown = send(api, photo_png, format="stl").content
    for content, height in ((stored, 80.0), (direct, 80.0), (unknown, 0.8)):
        mesh = trimesh.load(io.BytesIO(content), "stl", force="mesh")
        assert np.ptp(mesh.bounds, axis=0)[1] == pytest.approx(height, rel=0.01)


def test_what_is_missing_from_a_print_is_told(
    start: Start, photo_png: bytes, analytic_field: Callable[..., Any]
) -> None:
    client = start(analytic_field(speck_radius=0.07))
    told = send(client, photo_png, printable="true").json()["result"]
    assert told["finish"]["pieces_dropped"] == 1
    assert [warning for warning in told["warnings"] if warning.startswith("1 loose piece")]


def test_what_is_known_of_points_and_cells_is_in_npz(
    start: Start, photo_png: bytes, analytic_field: Callable[..., Any]
) -> None:
    points = PointHead(np.zeros(21), np.ones(21), np.full(21, 0.1), 0.2, 0.05)
    model = analytic_field(heads=Heads(calibration=Calibration(1.5), points=points))
    shape = reconstruct(photo_png, model=model)
    client = start(model)
    content = send(client, photo_png).json()
    assert content["result"]["point_confidence"] == pytest.approx(float(shape.point_confidence.mean()))
    for form, name, expected in (
        ("points", "confidence", shape.point_confidence),
        ("voxels", "probabilities", shape.probabilities),
    ):
        stored = np.load(io.BytesIO(client.get(content["links"][form]["npz"]).content), allow_pickle=False)
        direct = np.load(io.BytesIO(send(client, photo_png, format="npz", form=form).content), allow_pickle=False)
        np.testing.assert_array_equal(stored[name], expected)
        np.testing.assert_array_equal(direct[name], expected)


@pytest.mark.parametrize("how", ["field", "accept"])
def test_the_file_itself_where_it_is_asked_for(api: TestClient, photo_png: bytes, how: str) -> None:
    accept = {"Accept": "text/html, model/gltf-binary;q=0.9, application/json;q=0.1"}
    options: dict[str, Any] = {"data": {"format": "glb"}} if how == "field" else {"headers": accept}
    answer = api.post(POST, files={"image": photo_png}, **options)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "model/gltf-binary"
    mesh = trimesh.load(io.BytesIO(answer.content), "glb", force="mesh")
    assert mesh.is_watertight
    assert mesh.bounds[1] == pytest.approx([0.2, 0.4, 0.3], abs=0.01)
    assert api.get(answer.headers["content-location"]).json()["result"]["mesh"]["closed"] is True


def test_pictures_of_what_was_taken_for_the_object(api: TestClient, photo_png: bytes) -> None:
    links = send(api, photo_png).json()["links"]
    crop, mask = (Image.open(io.BytesIO(api.get(links[name]).content)) for name in ("crop", "mask"))
    assert (crop.size, crop.mode) == ((64, 64), "RGB")
    assert (mask.size, mask.mode) == ((96, 96), "L")
    assert (np.asarray(mask) > 127).mean() == pytest.approx(np.pi * 30**2 / 96**2, rel=0.02)


def test_only_the_object(api: TestClient, photo_png: bytes) -> None:
    found = send(api, photo_png, "/v1/objects").json()
    assert found["photo_size"] == [96, 96]
    assert found["method"] == "alpha"
    assert found["box"] == pytest.approx({"left": 18, "top": 18, "right": 78, "bottom": 78}, abs=1)
    assert found["crop"]["side"] == pytest.approx(72, abs=3)
    mask = Image.open(io.BytesIO(base64.b64decode(found["mask"].removeprefix("data:image/png;base64,"))))
    assert mask.size == (96, 96)
    half = send(api, photo_png, "/v1/objects", region="0,0,48,96").json()
    assert half["box"]["right"] == pytest.approx(48)


def test_points_in_the_form(api: TestClient) -> None:
    chair = (Path(__file__).parents[2] / "examples" / "chair.jpg").read_bytes()
    found = send(api, chair, "/v1/objects", point="320,300 300,350").json()
    assert found["method"] == "finder"
    assert 0 < found["certainty"] <= 1
    assert isinstance(found["remarks"], list)
    refused = send(api, chair, "/v1/objects", point="320,300 300")
    assert refused.status_code == 422
    assert "two numbers" in refused.json()["detail"]


def test_a_mask_of_ones_own(api: TestClient, photo_png: bytes) -> None:
    painted = np.zeros((96, 96), np.uint8)
    painted[20:40, 30:70] = 255
    cutout = np.zeros((48, 48, 4), np.uint8)
    cutout[10:20, 15:35, 3] = 255
    for pixels in (painted, cutout):
        content = io.BytesIO()
        Image.fromarray(pixels).save(content, "PNG")
        answer = api.post(POST, files={"image": photo_png, "mask": content.getvalue()})
        taken = answer.json()["result"]["object"]
        assert taken["method"] == "given mask"
        assert taken["box"] == {"left": 30, "top": 20, "right": 70, "bottom": 40}


def test_formats_and_limits(api: TestClient) -> None:
    content = api.get("/v1/formats").json()
    assert [row["suffix"] for row in content["formats"]] == sorted(WRITERS)
    assert content["limits"]["max_resolution"] == 128


def test_forgetting(api: TestClient, photo_png: bytes) -> None:
    link = send(api, photo_png).json()["links"]["self"]
    assert api.delete(link).status_code == 204
    for method, path in (("GET", link), ("DELETE", link), ("GET", f"{link}/glb"), ("GET", f"{link}/crop")):
        assert_problem(api.request(method, path), 404, "expired")


def test_probes_and_metrics(api: TestClient, photo_png: bytes) -> None:
    send(api, photo_png)
    send(api, b"no image")
    assert api.get("/healthz").json() == {"status": "ok"}
    assert api.get("/readyz").json() == {"status": "ready"}
    text = api.get("/metrics").text
    assert 'shapeshot_requests_total{code="201",method="POST",route="/v1/reconstructions"}' in text
    assert 'shapeshot_requests_total{code="415",method="POST",route="/v1/reconstructions"}' in text
    for name in ("request_seconds_bucket", "queue_depth", "batch_size_count", "store_bytes"):
        assert f"shapeshot_{name}" in text


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"resolution": "7"}, "resolution must lie in 8..256; got 7"),
        ({"resolution": "many"}, "whole number"),
        ({"resolution": "200"}, "at most 128"),
        ({"points": "0"}, "points"),
        ({"points": "5000000"}, "at most 1000000"),
        ({"size": "heigth=3"}, "unknown dimension 'heigth'"),
        ({"size": "height=-3"}, "positive length"),
        ({"threshold": "2"}, "threshold"),
        ({"background": "gren"}, "unknown background 'gren'"),
        ({"region": "1,2,3"}, "left, top, right, bottom"),
        ({"region": "900,900,950,950"}, "96x96"),
        ({"format": "gbl"}, "Did you mean 'glb'?"),
        ({"format": "stl", "form": "points"}, "cannot hold"),
        ({"format": "stl", "form": "cloud"}, "unknown form"),
        ({"resolutoin": "32"}, "Did you mean 'resolution'?"),
        ({"mask": "white"}, "must be a file"),
        ({"simplify": "3"}, "at least 4 faces"),
        ({"smooth": "-1"}, "smoothing"),
        ({"smooth": "101"}, "at most 100"),
        ({"printable": "yes"}, "true or false"),
        ({"size": "auto"}, "cannot estimate sizes"),
    ],
)
def test_options_that_cannot_be_carried_out(api: TestClient, photo_png: bytes, fields: dict, named: str) -> None:
    assert_problem(send(api, photo_png, **fields), 422, named)


def test_the_messages_are_the_command_lines(
    api: TestClient, photo_png: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    from shapeshot.cli import main

    for option, value in OUT_OF_RANGE.items():
        assert main(["reconstruct", "a.jpg", "--out", "a.glb", f"--{option}", value]) == 2
        said = capsys.readouterr().err.strip().removeprefix("shapeshot: ")
        assert_problem(send(api, photo_png, **{option: value}), 422, said)


def test_an_empty_field_is_said_to_be_empty(start: Start, photo_png: bytes, analytic_field: Callable[..., Any]) -> None:
    client = start(analytic_field(half_axes=(1e-3, 1e-3, 1e-3)))
    assert_problem(send(client, photo_png), 422, "saw no object")
    thin = start(analytic_field(half_axes=(0.45, 0.03, 0.45)))
    assert_problem(send(thin, photo_png, resolution="8"), 422, "fills no cell")


def test_what_is_not_here(api: TestClient) -> None:
    assert_problem(api.get("/nowhere"), 404, "openapi.json")
    assert_problem(api.put(POST), 405, "PUT")
    assert_problem(api.get(f"{POST}/nothing"), 404, "no such reconstruction")
    assert_problem(api.get(f"{POST}/nothing/xyz"), 422, "unknown file format 'xyz'")
    assert_problem(api.post(POST, json={"image": 1}), 415, "multipart/form-data")


def test_the_document_has_an_example_of_every_answer(api: TestClient) -> None:
    document = api.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"]
            for status, answer in operation["responses"].items():
                for media, content in answer.get("content", {}).items():
                    if "json" not in media:
                        continue
                    schema = schemas[content["schema"]["$ref"].rpartition("/")[2]]
                    has_example = "example" in content or "example" in schema or has_examples(schema, schemas)
                    assert has_example, (method, path, status)
                    if media == "application/problem+json":
                        assert content["example"]["status"] == int(status)


def has_examples(schema: dict[str, Any], schemas: dict[str, Any]) -> bool:
    """Whether each property has an example, or is a list of what has."""
    items = [
        schemas[row["items"]["$ref"].rpartition("/")[2]]
        for row in schema["properties"].values()
        if "items" in row and "$ref" in row["items"]
    ]
    own = [row for row in schema["properties"].values() if "$ref" not in row.get("items", {})]
    return all("examples" in row for row in own) and all(has_examples(item, schemas) for item in items)


def test_the_examples_are_as_the_answers(api: TestClient, photo_png: bytes) -> None:
    schemas = api.get("/openapi.json").json()["components"]["schemas"]
    answer = send(api, photo_png).json()
    example = schemas["ReconstructionAnswer"]["example"]
    assert set(example) == set(answer)
    assert set(example["links"]) == set(answer["links"])
    assert set(example["result"]) == set(answer["result"])
    assert set(example["result"]["object"]) == set(answer["result"]["object"])
    assert set(schemas["ObjectAnswer"]["example"]) == set(send(api, photo_png, "/v1/objects").json())
