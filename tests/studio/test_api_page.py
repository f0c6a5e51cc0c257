"""The page at /docs: every route of the OpenAPI document, within its own origin, with a token and on a phone."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow


def test_every_route_is_there(open_page: Callable[..., Any], studio: Any, screenshots: Path) -> None:
    page = open_page()  # whose requests are watched: none leaves the origin, and no script fails
    page.click("text=HTTP API")
    page.wait_for_selector("#operations section")
    page.screenshot(path=screenshots / "docs.png")
    with urllib.request.urlopen(f"{studio.url}openapi.json") as answer:
        document = json.load(answer)
    routes = [f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods]
    assert page.locator("#operations h2").all_inner_texts() == routes
    assert len(routes) > 10
    post = page.locator("#post-v1-reconstructions")
    assert post.locator("pre").first.inner_text() == (
        f"curl -X POST -F image=@photo.jpg '{studio.url}v1/reconstructions'"
    )
    fields = document["paths"]["/v1/reconstructions"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    shown = post.locator("td:first-child").all_inner_texts()
    assert [name.split()[0] for name in shown] == list(fields["properties"])
    post.locator("summary", has_text="422").click()
    assert "resolution must lie in" in post.locator("details[open] pre").inner_text()
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("() => document.documentElement.scrollWidth") == 360


def test_a_token_is_asked_for(chromium: Any, start_studio: Callable[..., Any]) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{start_studio('--token', 'let me in').url}docs")
    page.fill("#token-text", "wrong")
    page.press("#token-text", "Enter")
    page.wait_for_selector("#alert >> text=not the token")
    page.fill("#token-text", "let me in")
    page.press("#token-text", "Enter")
    page.wait_for_selector("#operations section")
    assert page.is_hidden("#alert")
    assert "Authorization: Bearer TOKEN" in page.locator("pre").first.inner_text()
    context.close()
