"""Behind a proxy that people really use: nginx under a sub-path on another port, as docs/http-api.md has it."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
PHOTO = ROOT / "examples" / "chair.jpg"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("nginx"), reason="needs nginx (Debian: apt-get install nginx-light)"),
]


@dataclass
class Proxied:
    """A studio and the proxy before it. public: where clients reach it. verbatim: the same, the sub-path handed on."""

    public: str
    verbatim: str
    direct: str


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def documented_location() -> str:
    """The `location` block of docs/http-api.md, as it stands there."""
    match = re.search(r"```nginx\n(.*?)```", (ROOT / "docs" / "http-api.md").read_text(), re.DOTALL)
    assert match
    return match[1]


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    folder = tmp_path_factory.mktemp("nginx")
    port, other_port = free_port(), free_port()
    public = f"http://127.0.0.1:{port}/studio/"
    command = [sys.executable, "-m", "shapeshot", "studio", "--port", "0", "--public-url", public, "--workers", "1"]
    studio = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert studio.stdout
    direct = re.search(r"http://\S+", studio.stdout.readline())
    assert direct
    block = documented_location().replace("http://127.0.0.1:8000", direct[0])
    assert direct[0] in block
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;\n"
        "events { worker_connections 64; }\n"
        f"http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n"
        f"fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n"
        f"server {{ listen 127.0.0.1:{port};\n{block}\n}}\n"
        f"server {{ listen 127.0.0.1:{other_port}; location /studio/ {{ proxy_pass {direct[0]}; }} }} }}\n"
    )
    user = ["-g", "user root;"] if os.geteuid() == 0 else []  # as root it would else not reach pytest's folders
    nginx = subprocess.Popen(["nginx", "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log", *user])
    end = time.monotonic() + 20
    while True:
        try:
            httpx.get(f"{public}healthz")
            break
        except httpx.HTTPError:
            assert time.monotonic() < end, (folder / "error.log").read_text()
            time.sleep(0.05)
    yield Proxied(public, f"http://127.0.0.1:{other_port}/studio/", direct[0])
    for process in (nginx, studio):
        process.terminate()
        process.wait(30)


def test_the_api_behind_a_proxy(proxied: Proxied) -> None:
    answer = httpx.post(f"{proxied.public}v1/reconstructions", files={"image": PHOTO.read_bytes()}, timeout=60)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"].startswith(f"{proxied.public}v1/reconstructions/")
    links = answer.json()["links"]
    for link in (links["self"], links["crop"], links["mesh"]["glb"], links["voxels"]["npz"]):
        assert link.startswith(proxied.public)
        assert httpx.get(link, timeout=60).status_code == 200
    assert httpx.get(links["mesh"]["glb"]).content[:4] == b"glTF"
    document = httpx.get(f"{proxied.public}openapi.json").json()
    assert document["servers"] == [{"url": proxied.public.rstrip("/")}]


def test_who_may_ask_behind_a_proxy(proxied: Proxied) -> None:
    origin = re.match(r"http://[^/]+", proxied.public)
    assert origin
    post = f"{proxied.public}v1/objects"
    photo = {"image": PHOTO.read_bytes()}
    assert httpx.post(post, files=photo, headers={"Origin": origin[0]}, timeout=60).status_code == 200
    assert httpx.post(post, files=photo, headers={"Origin": "http://evil.example"}, timeout=60).status_code == 403
    assert httpx.get(f"{proxied.direct}/v1/formats", headers={"Host": "evil.example"}).status_code == 421


def test_an_upload_as_large_as_the_server_takes_passes_the_proxy(proxied: Proxied) -> None:
    answer = httpx.post(f"{proxied.public}v1/objects", files={"image": bytes(30 * 2**20)}, timeout=60)
    assert answer.status_code == 415  # the server's own answer; nginx alone would say 413 at one megabyte


def test_a_proxy_that_hands_the_sub_path_on(proxied: Proxied) -> None:
    assert "<!doctype html>" in httpx.get(proxied.verbatim).text
    answer = httpx.post(f"{proxied.verbatim}v1/objects", files={"image": PHOTO.read_bytes()}, timeout=60)
    assert answer.status_code == 200, answer.text


def test_the_page_behind_a_proxy(proxied: Proxied) -> None:
    """A real browser opens the studio under the sub-path and reconstructs an example."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        failed: list[str] = []
        page.on("requestfailed", lambda request: failed.append(request.url))
        page.on("response", lambda answer: failed.append(answer.url) if answer.status >= 400 else None)
        with page.expect_response(re.compile("/studio/v1/formats")):
            page.goto(proxied.public)
        with page.expect_response(re.compile("/studio/v1/reconstructions$"), timeout=60_000) as made:
            page.set_input_files("input[type=file]", str(PHOTO))
        assert made.value.status == 201
        page.wait_for_load_state("networkidle")
        browser.close()
    assert failed == []
