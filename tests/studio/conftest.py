"""A studio of its own process, as `shapeshot studio` starts it, and a real Chromium without a window or a GPU.

SHAPESHOT_CHROMIUM names another browser; SHAPESHOT_SCREENSHOTS a folder where the screenshots are kept.
"""

from __future__ import annotations

import io
import os
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from applications import api, listen, photo_png, start
from PIL import Image

__all__ = ["api", "listen", "photo_png", "start"]  # fixtures of `helpers/applications.py`

ROOT = Path(__file__).parents[2]
BROWSER = SimpleNamespace(**runpy.run_path(str(ROOT / "benchmarks" / "studio_browser.py")))  # as the benchmark uses it


@pytest.fixture(scope="session")
def photos() -> Path:
    """The folder of example photos."""
    return ROOT / "examples"


@pytest.fixture(scope="session")
def studio() -> Iterator[Any]:
    """A studio that the tests leave running."""
    pytest.importorskip("uvicorn", reason="needs the extra `studio`")
    studio = BROWSER.Studio()
    yield studio
    studio.stop()


@pytest.fixture
def start_studio() -> Iterator[Callable[..., Any]]:
    """start_studio(*flags): a studio that may be stopped."""
    started: list[Any] = []

    def start(*flags: str) -> Any:
        started.append(BROWSER.Studio(*flags))
        return started[-1]

    yield start
    for studio in started:
        studio.stop()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser."""
    api = pytest.importorskip("playwright.sync_api", reason="needs playwright, of the extra `dev`")
    path = BROWSER.find_chromium()
    if path is None:
        pytest.skip("no Chromium on this machine: install the package `chromium`, or name one in SHAPESHOT_CHROMIUM")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=BROWSER.FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots are kept."""
    folder = Path(os.environ.get("SHAPESHOT_SCREENSHOTS") or tmp_path_factory.mktemp("screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def open_page(chromium: Any, studio: Any) -> Iterator[Callable[..., Any]]:
    """open_page(url, **context): the page, once its views are there.

    Afterwards: no request left the page's origin, no script failed, and nothing met the content policy.
    """
    contexts, requests, failures = [], [], []
    origins = {studio.url}

    def note(message: Any) -> None:
        if "Content Security Policy" in message.text:
            failures.append(message.text)

    def open_in(url: str = studio.url, **options: Any) -> Any:
        origins.add(url)
        context = chromium.new_context(**{"viewport": {"width": 1366, "height": 900}, **options})
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.on("console", note)
        page.goto(url)
        page.wait_for_selector("#views[data-shown]")
        return page

    yield open_in
    for context in contexts:
        context.close()
    assert failures == []
    allowed = (*origins, "blob:", "data:")
    assert [url for url in requests if not url.startswith(allowed)] == []


@pytest.fixture(scope="session")
def shown_after() -> Callable[[Any, str], str]:
    """shown_after(page, before): the id of the result that is shown next, in place of `before` ("" for none)."""

    def wait(page: Any, before: str) -> str:
        shown = page.wait_for_selector(f'#views[data-shown]:not([data-shown="{before}"]):not([data-shown=""])')
        return shown.get_attribute("data-shown")

    return wait


@pytest.fixture(scope="session")
def asked() -> Callable[[Any], list[dict[str, str]]]:
    """asked(page): the text fields of every form that the page sent for a reconstruction since it was called first."""

    def look(page: Any) -> list[dict[str, str]]:
        return page.evaluate(
            """() => {
                if (!window.askedForms) {
                    window.askedForms = [];
                    const send = window.fetch;
                    window.fetch = (path, how) => {
                        if (how?.method === "POST" && path.endsWith("v1/reconstructions")) {
                            const texts = [...how.body].filter(([, value]) => !(value instanceof Blob));
                            askedForms.push(Object.fromEntries(texts));
                        }
                        return send(path, how);
                    };
                }
                return askedForms;
            }"""
        )

    return look


@pytest.fixture(scope="session")
def views() -> Callable[[Any], dict[str, np.ndarray]]:
    """views(page): what the three views show, by form, int16 [height, width, 3] each."""

    def look(page: Any) -> dict[str, np.ndarray]:
        whole = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"), np.int16)
        boxes = page.evaluate(
            """() => [...document.querySelectorAll("[data-form]")].map((figure) => {
                const { left, top, right, bottom } = figure.querySelector(".view").getBoundingClientRect();
                return [figure.dataset.form, [left, top, right, bottom].map(Math.round)];
            })"""
        )
        return {form: whole[top:bottom, left:right] for form, (left, top, right, bottom) in boxes}

    return look
