"""The test of the design: an option that is declared, and nothing more, is a flag, a field, in OpenAPI and on the page.

The options are declared anew in a process of their own, before anything is made of them, as an edit of
`pipeline/options.py` would be.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ADDED = '''
import dataclasses, sys
import shapeshot.pipeline.options as options
from shapeshot.pipeline.declare import Control, option

@dataclasses.dataclass(frozen=True)
class More(options.Options):
    """With three options that nobody has thought of yet."""

    haze: float = option(0.25, "how much haze is taken away", stage="finish", low=0.0, high=0.75, placeholder="SHARE")
    grain: str = option("fine", "how fine the surface is", stage="finish", choices=("fine", "coarse"))
    num_legs: int | None = option(
        None, "legs to look for", stage="finish", name="legs", low=1, high=8, unset="as many as there are",
        control=Control(label="Number of legs"),
    )

options.Options = More
'''


def run(code: str, *words: str) -> subprocess.CompletedProcess[str]:
    """A process in which the options are declared before `code` runs."""
    return subprocess.run([sys.executable, "-c", ADDED + code, *words], capture_output=True, text=True, timeout=120)


CLI = "from shapeshot.cli import main\nsys.exit(main())"


def test_it_is_a_flag() -> None:
    done = run(CLI, "reconstruct", "--help")
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    assert "--haze SHARE how much haze is taken away (0.25)" in said
    assert "--grain GRAIN how fine the surface is (fine)" in said
    assert "--legs LEGS legs to look for (as many as there are)" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--haze", "2"], "haze must lie in 0.0..0.75; got 2.0"),
        (["--haze", "much"], "--haze must be a number; got 'much'"),
        (["--grain", "corse"], "Did you mean 'coarse'?"),
        (["--legs", "0"], "legs must lie in 1..8; got 0"),
    ],
)
def test_its_bounds_are_held(words: list[str], said: str) -> None:
    done = run(CLI, "reconstruct", "a.jpg", "--out", "a.glb", *words)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert said in done.stderr


def test_its_value_reaches_the_result(tmp_path: Path) -> None:
    photo = str(ROOT / "examples" / "chair.jpg")
    done = run(CLI, "reconstruct", photo, "--out", f"{tmp_path}/out/", "--as", "mesh", "--haze", "0.5", "--legs", "3")
    assert done.returncode == 0, done.stderr
    made_from = json.loads((tmp_path / "out/chair/result.json").read_text())["made_from"]
    assert {"haze": 0.5, "grain": "fine", "num_legs": 3}.items() <= made_from["options"].items()


@pytest.fixture(scope="module")
def served() -> dict[str, Any]:
    """What a server answers whose options were declared anew: its document, its options, and to three requests."""
    pytest.importorskip("httpx", reason="needs the extra `dev`")
    pytest.importorskip("fastapi", reason="needs the extra `studio`")
    code = f"""
import json
from fastapi.testclient import TestClient
from shapeshot.service.app import create_app
from shapeshot.service.settings import Settings
photo = open({str(ROOT / "examples" / "chair.jpg")!r}, "rb").read()
with TestClient(create_app(Settings(workers=1)), "http://localhost") as client:
    def post(**fields):
        answer = client.post("/v1/reconstructions", files={{"image": photo}}, data=fields)
        return [answer.status_code, answer.json().get("detail")]
    print(json.dumps({{
        "document": client.get("/openapi.json").json(),
        "options": client.get("/v1/options").json()["options"],
        "taken": post(haze="0.5", grain="coarse", legs="3"),
        "too much": post(haze="0.9"),
        "misspelt": post(haez="0.5"),
    }}))
"""
    done = run(code)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_it_is_a_field_of_the_form(served: dict[str, Any]) -> None:
    assert served["taken"][0] == 201
    assert served["too much"] == [422, "haze must lie in 0.0..0.75; got 0.9"]
    assert served["misspelt"][0] == 422
    assert "Did you mean 'haze'?" in served["misspelt"][1]


def test_it_is_in_the_openapi_document(served: dict[str, Any]) -> None:
    body = served["document"]["paths"]["/v1/reconstructions"]["post"]["requestBody"]
    fields = body["content"]["multipart/form-data"]["schema"]["properties"]
    assert fields["haze"] == {
        "type": "number",
        "minimum": 0.0,
        "maximum": 0.75,
        "default": 0.25,
        "description": "How much haze is taken away.",
    }
    assert fields["grain"]["enum"] == ["fine", "coarse"]
    assert fields["legs"]["type"] == "integer"
    assert "default" not in fields["legs"]


def test_it_has_a_control(served: dict[str, Any]) -> None:
    controls = {row["name"]: row["control"] for row in served["options"]}
    assert list(controls)[-3:] == ["haze", "grain", "legs"]
    assert controls["haze"] == {
        **{"kind": "slider", "label": "Haze", "low": 0.0, "high": 0.75, "step": 0.0075, "is_log2": False},
        **{"unset_at": None, "said": "{}", "zero": "", "unset": ""},
    }
    assert controls["grain"]["kind"] == "choice"
    assert (controls["legs"]["label"], controls["legs"]["low"], controls["legs"]["step"]) == ("Number of legs", 1, 1)


@pytest.fixture
def studio() -> Iterator[str]:
    """The address of a studio whose options were declared anew."""
    words = ["studio", "--port", "0"]
    process = subprocess.Popen([sys.executable, "-c", ADDED + CLI, *words], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    yield re.findall(r"http://\S+", process.stdout.readline())[0]
    process.kill()
    process.communicate()


# The browser keeps a multipart body to itself: the page's own form is looked at instead.
KEEP_FORM = """
const ask = window.fetch;
window.fetch = (path, options) => {
    if (new URL(path, location).pathname === "/v1/reconstructions") window.sent = Object.fromEntries(options.body);
    return ask(path, options);
};
"""


@pytest.mark.slow
def test_it_is_on_the_page_and_is_sent(studio: str) -> None:
    api = pytest.importorskip("playwright.sync_api", reason="needs playwright, of the extra `dev`")
    sys.path.insert(0, str(ROOT / "benchmarks"))
    from studio_browser import FLAGS, find_chromium

    path = os.environ.get("SHAPESHOT_CHROMIUM") or find_chromium()
    if path is None:
        pytest.skip("no Chromium on this machine")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        page = browser.new_page()
        page.add_init_script(KEEP_FORM)
        page.goto(studio)
        page.wait_for_selector("#settings[data-limits]")
        page.click("#finishing > summary")
        page.locator("#haze").fill("0.6")
        assert page.inner_text("output[for=haze]") == "0.60"
        page.select_option("#grain", "coarse")
        assert page.inner_text("output[for=legs]") == "as many as there are"
        page.click("#examples button")
        page.wait_for_function("() => window.sent")
        sent = page.evaluate("() => window.sent")
        assert (sent["haze"], sent["grain"]) == ("0.6", "coarse")
        assert "legs" not in sent
        browser.close()
