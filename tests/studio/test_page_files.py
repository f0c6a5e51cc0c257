"""The page's files: complete, within its own content policy, without an address elsewhere, legible in both themes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import shapeshot

PAGE = Path(shapeshot.__file__).parent / "studio"
OWN = [path for path in PAGE.rglob("*") if path.suffix in (".html", ".css", ".js") and path.parent.name != "three"]
EXAMPLES = Path(__file__).parents[2] / "examples"
SVG_NAMESPACE = "http://www.w3.org/2000/svg"


def test_every_file_that_is_named_is_there() -> None:
    html = (PAGE / "index.html").read_text()
    named = re.findall(r'(?:src|href)="([^"#]+)"', html)
    assert len(named) >= 8
    for script in (path for path in OWN if path.suffix == ".js"):
        imports = re.findall(r'(?:from |import\()"([^"]+)"', script.read_text())
        assert all((script.parent / name).is_file() for name in imports), script
    assert all((PAGE / name).is_file() for name in named if name != "docs")  # a route, not a file


def test_how_it_is_served(start: Callable[..., Any]) -> None:
    client = start(page=True)
    page, script = client.get("/"), client.get("/three/three.js")
    assert page.headers["content-type"].startswith("text/html")
    assert script.headers["content-type"].startswith("text/javascript")
    assert page.headers["cache-control"] == script.headers["cache-control"] == "no-cache"
    assert client.get("/three/three.js", headers={"If-None-Match": script.headers["etag"]}).status_code == 304
    assert client.get("/%2e%2e/app.py").status_code == 404
    assert client.get("/healthz").json() == {"status": "ok"}


def test_text_is_packed_for_whoever_unpacks_it(start: Callable[..., Any]) -> None:
    client = start(page=True)
    plain, packed = (client.get("/main.js", headers={"Accept-Encoding": way}) for way in ("identity", "br, gzip"))
    assert plain.content == packed.content == (PAGE / "main.js").read_bytes()
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) == len(plain.content)
    assert plain.headers["vary"] == packed.headers["vary"] == "Accept-Encoding"
    for etag in (plain.headers["etag"], packed.headers["etag"]):
        assert client.get("/main.js", headers={"If-None-Match": etag}).status_code == 304
    assert "content-encoding" not in client.get("/examples/bed.jpg").headers


def test_the_api_page_is_there_without_the_studio(start: Callable[..., Any]) -> None:
    client = start(token="secret")
    page = client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    named = re.findall(r'(?:src|href)="(docs/[^"]+)"', page.text)
    assert len(named) == 5
    for name in named:
        assert client.get(f"/{name}").status_code == 200, name
    assert client.get("/docs/nowhere.js").status_code == 404
    assert client.get("/docs/%2e%2e/main.js").status_code == 404
    assert client.get("/openapi.json").status_code == 401  # what it shows is behind the token


def test_the_api_alone_has_no_page(start: Callable[..., Any]) -> None:
    assert start().get("/").status_code == 404


def test_nothing_that_the_content_policy_forbids() -> None:
    html = (PAGE / "index.html").read_text()
    assert re.findall(r"<script(?![^>]*src=)", html) == []
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=", html) == []


@pytest.mark.parametrize("path", OWN, ids=lambda path: str(path.relative_to(PAGE)))
def test_no_address_elsewhere_and_no_long_file(path: Path) -> None:
    text = path.read_text()
    assert re.findall(r"https?://[^\s\"'`]+|\"//", text.replace(SVG_NAMESPACE, "")) == []
    assert len(text.splitlines()) <= 400


def test_three_is_what_its_readme_says() -> None:
    folder = PAGE / "three"
    version = re.findall(r"three.js 0\.(\d+)\.\d+ ", (folder / "README.md").read_text())
    bundle = (folder / "three.js").read_text()
    assert f'__THREE__="{version[0]}"' in bundle or f'="{version[0]}"' in bundle[:400]
    assert "SPDX-License-Identifier: MIT" in bundle[:400]
    assert "The MIT License" in (folder / "LICENSE").read_text()


def test_three_holds_what_is_used_and_no_more() -> None:
    bundled = re.findall(
        r"\w+", " ".join(re.findall(r"export \{(.*?)\}", (PAGE / "three/entry.js").read_text(), re.DOTALL))
    )
    pattern = r'import \{([^}]*)\} from "../three/three.js"'
    used = [names for path in OWN for names in re.findall(pattern, path.read_text())]
    assert sorted(bundled) == sorted(set(re.findall(r"\w+", " ".join(used))))


def test_every_example_is_there_and_no_other_than_the_repository_has() -> None:
    names = re.search(r"EXAMPLES = \[(.*?)\]", (PAGE / "photo" / "input.js").read_text())
    assert names
    for name in re.findall(r'"(\w+)"', names[1]):
        assert (PAGE / "examples" / f"{name}.jpg").read_bytes() == (EXAMPLES / f"{name}.jpg").read_bytes()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        ("text", "card"),
        ("text", "page"),
        ("muted", "card"),
        ("muted", "page"),
        ("muted", "well"),
        ("text", "view-top"),
        ("text", "view-bottom"),
        ("accent", "card"),
        ("on-accent", "accent"),
        ("on-accent", "accent-strong"),
        ("danger", "danger-soft"),
        ("warning", "warning-soft"),
    ],
)
def test_text_stands_out(theme: str, text: str, ground: str) -> None:
    """WCAG 2.2, 1.4.3: a contrast of 4.5 at least."""
    assert contrast(colors_of(theme)[text], colors_of(theme)[ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_controls_stand_out(theme: str) -> None:
    """WCAG 2.2, 1.4.11: a contrast of 3 at least for what shows where a control is, and which has the focus."""
    colors = colors_of(theme)
    assert contrast(colors["line-strong"], colors["card"]) >= 3
    assert contrast(colors["accent"], colors["page"]) >= 3
    assert contrast(colors["wire"], colors["view-top"]) >= 3


def colors_of(theme: str) -> dict[str, str]:
    blocks = dict(re.findall(r"(:root\S*) \{(.*?)\}", (PAGE / "style" / "theme.css").read_text(), re.DOTALL))
    return dict(
        re.findall(r"--([\w-]+): (#\w{6});", blocks[":root" if theme == "light" else ':root[data-theme="dark"]'])
    )


def contrast(first: str, second: str) -> float:
    """The contrast ratio of WCAG 2.2."""
    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)


def luminance(color: str) -> float:
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
