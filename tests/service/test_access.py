"""Who may ask the server for what, and what every answer says: hosts, origins, the token, headers, HEAD, ranges."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from api_answers import POST, Start, assert_problem
from fastapi.testclient import TestClient

import shapeshot.service.server as server_module
from shapeshot.errors import UserError
from shapeshot.service.settings import Settings


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "localhost.evil.example:8000"}, 421),
        ({"Host": "["}, 421),
        ({"Host": ""}, 421),
        ({"Host": "localhost:1234"}, 200),
        ({"Host": "127.0.0.1"}, 200),
        ({"Host": "[::1]:8000"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://["}, 403),
        ({"Origin": "http://[::1"}, 403),
        ({"Origin": "//"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost"}, 200),
    ],
)
def test_hosts_and_origins(api: TestClient, headers: dict[str, str], status: int) -> None:
    answer = api.get("/v1/formats", headers=headers)
    assert answer.status_code == status
    assert "access-control-allow-origin" not in answer.headers


def test_a_public_server_answers_to_any_name(start: Start) -> None:
    assert start(host="0.0.0.0").get("/healthz", headers={"Host": "shapes.example"}).status_code == 200


@pytest.mark.parametrize("path", ["/v1/formats", "/nowhere", "/openapi.json", "/metrics", "/healthz", POST])
def test_every_answer_has_the_headers(api: TestClient, path: str) -> None:
    headers = api.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "no-store" in headers["cache-control"]


def test_the_token(start: Start, photo_png: bytes) -> None:
    client = start(token="sesame")
    for path in ("/healthz", "/readyz"):
        assert client.get(path).status_code == 200
    for path in ("/v1/formats", "/metrics", "/openapi.json", f"{POST}/x"):
        for headers in (
            {},
            {"Authorization": "Bearer sesam"},
            {"Authorization": "Basic sesame"},
            {"Authorization": "é"},
        ):
            answer = client.get(path, headers={name: value.encode() for name, value in headers.items()})
            assert_problem(answer, 401, "token")
            assert answer.headers["www-authenticate"] == "Bearer"
    allowed = {"Authorization": "Bearer sesame"}
    assert client.get("/v1/formats", headers=allowed).status_code == 200
    assert client.post(POST, files={"image": photo_png}, headers=allowed).status_code == 201
    assert_problem(client.post(POST, files={"image": photo_png}), 401, "token")


@pytest.mark.parametrize("path", ["/v1/formats", "/%76%31/formats", "/v1/../metrics", "/metrics", "/openapi.json"])
def test_the_page_is_open_and_the_rest_is_not(start: Start, path: str) -> None:
    client = start(token="sesame", page=True)
    assert client.get("/").status_code == 200
    assert_problem(client.get(path), 401, "token")
    assert client.get("//v1/formats").status_code == 404


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST", "127.1.2.3", "::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "2130706433", "127.1"]
)
def test_every_spelling_of_loopback_is_guarded(start: Start, host: str) -> None:
    """By the address of the bound socket, as `serve` has it."""
    try:
        listener = server_module._listen(host, 0)
    except UserError as error:
        pytest.skip(f"this machine has no such address: {error}")
    with listener:
        settings = server_module.bound_settings(Settings(host=host, workers=1), listener)
    client = start(**asdict(settings))
    assert_problem(client.get("/v1/formats", headers={"Host": "evil.example"}), 421, "--allow-host")
    assert client.get("/v1/formats", headers={"Host": "localhost"}).status_code == 200
    assert client.get("/v1/formats", headers={"Host": "127.0.0.1:99"}).status_code == 200


def test_names_that_are_allowed(start: Start) -> None:
    client = start(public_url="https://Shapes.example/studio/", allow_hosts=("box.lan",))
    for host, status in (("shapes.example", 200), ("BOX.lan:80", 200), ("localhost", 200), ("box.lan.evil", 421)):
        assert client.get("/v1/formats", headers={"Host": host}).status_code == status
    for origin, status in (
        ("https://shapes.example", 200),
        ("http://shapes.example", 403),
        ("https://box.lan", 403),
        ("https://evil.example", 403),
    ):
        headers = {"Host": "127.0.0.1:8000", "Origin": origin}
        assert client.get("/v1/formats", headers=headers).status_code == status, origin


def test_names_and_origins_as_people_write_them(start: Start) -> None:
    """A dot at a name's end, a port that is the usual one, a port behind a name that is allowed."""
    client = start(public_url="https://Shapes.example:443/", allow_hosts=("box.lan:8443", "tail.lan."))
    for host in ("shapes.example.", "SHAPES.example.:443", "box.lan", "box.lan:8443", "tail.lan", "localhost."):
        assert client.get("/v1/formats", headers={"Host": host}).status_code == 200, host
    for origin, status in (
        ("https://shapes.example", 200),
        ("https://shapes.example:444", 403),
        ("https://shapes.example:x", 403),
        ("http://shapes.example", 403),
    ):
        headers = {"Host": "127.0.0.1:8000", "Origin": origin}
        assert client.get("/v1/formats", headers=headers).status_code == status, origin


def test_a_proxy_that_leaves_the_sub_path(start: Start, photo_png: bytes) -> None:
    client = start(public_url="https://shapes.example/a/studio/", page=True, token="sesame")
    assert client.get("/a/studio/").status_code == client.get("/a/studio/main.js").status_code == 200
    assert client.get("/a/studio/v1/formats").status_code == 401
    client.headers["Authorization"] = "Bearer sesame"
    answer = client.post(f"/a/studio{POST}", files={"image": photo_png})
    assert answer.status_code == 201
    link = answer.json()["links"]["self"].removeprefix("https://shapes.example")
    assert link.startswith("/a/studio/v1/")
    assert client.get(link).status_code == client.head(link).status_code == 200
    for path in ("/a/studio", "/a/studios/v1/formats", "/studio/v1/formats", "/a/studio/a/studio/v1/formats"):
        assert client.get(path).status_code == 404, path
    spelled = start(public_url="https://shapes.example/st%C3%BChle/")
    assert spelled.get("/st%C3%BChle/v1/formats").status_code == 200
    own = start(public_url="https://shapes.example/v1")
    assert own.get("/v1/formats").status_code == 200


@pytest.mark.parametrize(
    "path", ["/healthz", "/v1/formats", "/metrics", "/openapi.json", "/docs", "/", "/main.js", "/nowhere"]
)
def test_head_works_where_get_does(start: Start, path: str) -> None:
    client = start(page=True)
    client.headers["Accept-Encoding"] = "identity"  # so that the bytes that are read are those that were sent
    get, head = client.get(path), client.head(path)
    assert head.status_code == get.status_code
    assert head.content == b""
    same = ("content-type", "content-security-policy", "cache-control", "etag")
    assert {name: head.headers.get(name) for name in same} == {name: get.headers.get(name) for name in same}
    if path != "/metrics":
        assert head.headers["content-length"] == str(len(get.content))


def test_head_of_results(api: TestClient, photo_png: bytes) -> None:
    link = api.post(POST, files={"image": photo_png}).headers["location"]
    for path in (link, f"{link}/crop", f"{link}/glb", f"{link}/npz?form=voxels"):
        get, head = api.get(path), api.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert int(head.headers["content-length"]) == len(get.content)
    assert api.head(POST).status_code == api.get(POST).status_code == 405
    assert api.delete("/v1/formats").headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("value", ["bytes=0-0", "bytes=9-", "bytes=99999999-", "bytes=x", "lines=1-2", "bytes=-0"])
def test_ranges_are_left_aside(start: Start, value: str) -> None:
    client = start(page=True)
    whole = client.get("/main.js")
    answer = client.get("/main.js", headers={"Range": value})
    assert (answer.status_code, answer.content) == (200, whole.content)
