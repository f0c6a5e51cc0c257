"""`shapeshot serve`: what its flags become, and what is refused before anything listens."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs the extra `studio`")

import shapeshot.service.server as server_module
from shapeshot.service.settings import Settings

Run = Callable[..., Any]


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """The settings that the server would have run with."""
    seen: list[Settings] = []

    def serve(settings: Settings, ready: Callable[[str], None]) -> None:
        seen.append(settings)
        ready("http://127.0.0.1:1")

    monkeypatch.setattr(server_module, "serve", serve)
    monkeypatch.delenv("SHAPESHOT_TOKEN", raising=False)
    return seen


def test_flags(shapeshot_command: Run, served: list[Settings]) -> None:
    words = ["--port", "0", "--token", "t", "--max-upload", "1", "--queue", "3", "--timeout", "2"]
    words += ["--ttl", "5", "--disk-budget", "7", "--workers", "1"]
    done = shapeshot_command("serve", *words)
    assert (done.code, done.err) == (0, "")
    assert "http://127.0.0.1:1" in done.out
    expected = Settings(
        port=0, token="t", max_upload=2**20, queue=3, timeout=2, ttl=5, disk_budget=7 * 2**20, workers=1
    )
    assert served == [expected]


def test_the_defaults_are_the_settings(shapeshot_command: Run, served: list[Settings]) -> None:
    shapeshot_command("serve")
    assert served == [Settings()]
    assert served[0].is_loopback


def test_the_studio_has_a_page(shapeshot_command: Run, served: list[Settings]) -> None:
    assert "studio" in shapeshot_command("studio").out
    assert served == [Settings(page=True)]


def test_the_token_from_the_environment(
    shapeshot_command: Run, served: list[Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHAPESHOT_TOKEN", "sesame")
    shapeshot_command("serve")
    shapeshot_command("serve", "--token", "other")
    assert [settings.token for settings in served] == ["sesame", "other"]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--port", "99999"], "65535"),
        (["--port", "http"], "--port"),
        (["--queue", "0"], "queue"),
        (["--max-upload", "-1"], "--max-upload"),
        (["--disk-budget", "nan"], "--disk-budget"),
        (["--timeout", "0"], "timeout"),
        (["--model", "nowhere"], "nowhere"),
        (["--tokn", "x"], "--token"),
        (["extra"], "extra"),
    ],
)
def test_refused(shapeshot_command: Run, served: list[Settings], words: list[str], named: str) -> None:
    done = shapeshot_command("serve", *words)
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert named in done.err
    assert served == []


@pytest.mark.parametrize("command", ["serve", "studio"])
def test_without_the_extra_it_is_named(command: str) -> None:
    code = f"import sys; sys.modules['fastapi'] = None; from shapeshot.cli import main; sys.exit(main(['{command}']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "pip install 'shapeshot[studio]'" in done.stderr
