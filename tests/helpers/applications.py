"""The application in this process, with a model that needs no training."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("fastapi", reason="needs the extra `studio`")

import uvicorn
from fastapi.testclient import TestClient

from shapeshot.service.app import create_app
from shapeshot.service.settings import Settings

URL = "http://localhost"


def png(pixels: np.ndarray) -> bytes:
    """The bytes of a PNG file."""
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    return content.getvalue()


@pytest.fixture(scope="session")
def photo_png(photo: np.ndarray) -> bytes:
    """A PNG with one object on transparency."""
    return png(photo)


@pytest.fixture
def start(analytic_field: Callable[..., Any]) -> Iterator[Callable[..., TestClient]]:
    """start(model, **settings): a client of a running application, ended after the test."""
    clients: list[TestClient] = []

    def start_app(model: Any = None, **settings: Any) -> TestClient:
        app = create_app(Settings(**{"workers": 1, "timeout": 20.0, **settings}), model or analytic_field())
        client = TestClient(app, URL, raise_server_exceptions=False)
        clients.append(client)
        return client.__enter__()

    yield start_app
    for client in clients:
        client.__exit__(None, None, None)


@contextmanager
def listening(model: Any, **settings: Any) -> Iterator[str]:
    """The address of an application on a real socket, in a thread of this process."""
    app = create_app(Settings(**{"workers": 1, "timeout": 20.0, **settings}), model)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=5))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(20)


@pytest.fixture(scope="module")
def listen() -> Callable[..., AbstractContextManager[str]]:
    """See `listening`."""
    return listening


@pytest.fixture(scope="module")
def api(analytic_field: Callable[..., Any]) -> Iterator[TestClient]:
    """A client of one application for the tests that leave it as it is."""
    app = create_app(Settings(workers=1, timeout=20.0), analytic_field())
    with TestClient(app, URL, raise_server_exceptions=False) as client:
        yield client
