"""`shapeshot serve`, killed while it starts or while clients send photos and fetch results, and started again."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import httpx
from figures import Figures
from sessions import outlived

PHOTO = Path(__file__).parents[2] / "examples" / "chair.jpg"
POST = "/v1/reconstructions"
FIELDS = {"resolution": "16", "points": "100"}
FILES = ("glb", "npz", "crop")  # what is fetched of each result
CLIENTS = 3
IN_STARTING, AT_FIRST = 0.2, 0.3  # of the kills come before it is up, and before anything is told as done
WORKING_SECONDS = 1.0  # after the first result is told, or after it is up, within which it is killed
MOST_START = 60.0

Files = dict[str, bytes]


@dataclass
class Told:
    """What clients were told: results as done, the first of which sets `first`; and whole answers that are wrong."""

    done: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    first: threading.Event = field(default_factory=threading.Event)


def kill_server(figures: Figures, place: Path, kills: int) -> None:
    """Kill it so often; what may not be is noted in the figures."""
    if not figures.usual:
        shutil.rmtree(place, ignore_errors=True)
    temporary = place / "temporary"
    temporary.mkdir(parents=True, exist_ok=True)
    expected = _undisturbed(figures, place)
    told = Told()
    while figures.kills < kills:
        begun = time.monotonic()
        chance = random.Random(f"{figures.seed} server {figures.starts}")
        figures.starts += 1
        told = _start_and_kill(figures, place, chance, told, expected)
        figures.seconds += time.monotonic() - begun
        figures.keep(place)
    _undisturbed(figures, place, expected)
    figures.keep(place)


def _undisturbed(figures: Figures, place: Path, expected: Mapping[str, bytes] = MappingProxyType({})) -> Files:
    """Start it, have a result made, and end it as a service manager does. The result's files."""
    begun, told = time.monotonic(), Told()
    with _server(place) as (process, url):
        if url is None:
            raise RuntimeError(f"it does not come up: {(place / 'output').read_text()[-500:]}")
        figures.usual = figures.usual or time.monotonic() - begun
        with httpx.Client(base_url=url, timeout=60) as client:
            files = _use(client, told, expected)
        process.terminate()
        if code := process.wait(30):
            figures.find(f"SIGTERM ended it with {code}")
    for text in told.wrong:
        figures.find(text)
    for path in (place / "temporary").iterdir():
        figures.find(f"{path.name} was left behind")
    figures.ends += 1
    return files


def _start_and_kill(figures: Figures, place: Path, chance: random.Random, before: Told, expected: Files) -> Told:
    """One start and its kill. before: what clients were told by the last server."""
    told, when = Told(), chance.random()
    if when < IN_STARTING:
        with _server(place, wait=False) as (process, _):
            time.sleep(chance.random() * figures.usual)
            _kill(process, figures)
        return before
    with _server(place) as (process, url):
        if url is None:
            figures.find(f"it did not come up again: {(place / 'output').read_text()[-300:]}")
            return before
        figures.goings_on += bool(before.done)
        _look_back(url, before, figures, expected)
        _look_at_temporary(figures, place)
        stop = threading.Event()
        with ThreadPoolExecutor(CLIENTS) as pool:
            clients = [pool.submit(_be_client, url, told, expected, stop) for _ in range(CLIENTS)]
            if when >= IN_STARTING + AT_FIRST and not told.first.wait(MOST_START):
                figures.find("no photo was answered")
            time.sleep(chance.random() * WORKING_SECONDS)
            _kill(process, figures)
            stop.set()
        for client in clients:
            client.result()
    for text in told.wrong:
        figures.find(text)
    return told


def _kill(process: subprocess.Popen[str], figures: Figures) -> None:
    process.kill()
    figures.kills += process.wait() == -signal.SIGKILL
    if left := outlived(process.pid):
        figures.find(f"{len(left)} processes outlived it")


def _look_back(url: str, before: Told, figures: Figures, expected: Files) -> None:
    """A server that was started again is ready, and what an earlier one told as done is whole or told as gone."""
    with httpx.Client(base_url=url, timeout=60) as client:
        if client.get("/readyz").status_code != 200:
            figures.find("it is not ready")
        for identity in before.done:
            for name in FILES:
                answer = client.get(f"{POST}/{identity}/{name}")
                is_told_gone = answer.status_code == 404 and "problem+json" in answer.headers["content-type"]
                if not is_told_gone and (answer.status_code, answer.content) != (200, expected[name]):
                    figures.find(f"{name} of an earlier result: {answer.status_code}, {answer.content[:100]!r}")


def _look_at_temporary(figures: Figures, place: Path) -> None:
    left = [path.name for path in (place / "temporary").iterdir()]
    if len(left) != 1 or not left[0].startswith("shapeshot-results-"):
        figures.find(f"beside its own results lie {left}")


def _be_client(url: str, told: Told, expected: Files, stop: threading.Event) -> None:
    with httpx.Client(base_url=url, timeout=60) as client, suppress(httpx.TransportError):  # the server is gone
        while not stop.is_set():
            _use(client, told, expected)


def _use(client: httpx.Client, told: Told, expected: Mapping[str, bytes]) -> Files:
    """Send a photo and fetch its result's files. What breaks off raises; an answer that is whole has to be right."""
    answer = client.post(POST, files={"image": PHOTO.read_bytes()}, data=FIELDS)
    if answer.status_code != 201:
        told.wrong.append(f"a photo was answered with {answer.status_code}: {answer.text[:200]}")
        return {}
    identity, files = answer.json()["id"], {}
    told.done.add(identity)
    told.first.set()
    for name in FILES:
        answer = client.get(f"{POST}/{identity}/{name}")
        if answer.status_code != 200 or answer.content != expected.get(name, answer.content):
            told.wrong.append(f"{name} was answered with {answer.status_code}, {len(answer.content)} bytes")
        files[name] = answer.content
    return files


@contextmanager
def _server(place: Path, wait: bool = True) -> Iterator[tuple[subprocess.Popen[str], str | None]]:
    """The started process and, where it is waited for, its address; None where it does not come up."""
    own = {"TMPDIR": str(place / "temporary"), "SHAPESHOT_CACHE": str(place / "cache"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "shapeshot", "serve", "--port", "0", "--workers", "1"]
    with (place / "output").open("w") as output:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=output, text=True, env=os.environ | own, start_new_session=True
        )
    try:
        yield process, _address(process) if wait else None
    finally:
        process.kill()
        process.communicate()


def _address(process: subprocess.Popen[str]) -> str | None:
    """What it prints when it is up."""
    assert process.stdout
    late = threading.Timer(MOST_START, process.kill)  # which ends the line that is waited for
    late.start()
    match = re.search(r"http://\S+", process.stdout.readline())
    late.cancel()
    return match[0] if match else None
