"""What tests of the HTTP API share: its one route for work, how a server is started, and what a refusal looks like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi.testclient import TestClient

POST = "/v1/reconstructions"
Start = Callable[..., TestClient]


def assert_problem(answer: Any, status: int, named: str) -> None:
    """The answer is a problem in the standard's form (RFC 9457) whose one line says `named`."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert named in problem["detail"]
