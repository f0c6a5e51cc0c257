"""What a stranger's upload costs a server: processor time and memory by upload, and how a neighbour fares meanwhile.

    python benchmarks/siege_server.py                # every upload of siege_uploads.py, a JSON line each
    python benchmarks/siege_server.py noise finest   # those whose names contain one of the words

Each upload goes to a server of its own with two workers, which has answered a photo before. It is sent; a quarter of a
second later an ordinary photo is sent by somebody else, and timed. Then the upload is sent once more, and SIGTERM while
it is worked on. Reads /proc: Linux alone.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
from bench_reconstruct import draw_photo, machine
from siege_uploads import UPLOADS, Upload

BARS = {"cpu_s": 10.0, "over_idle_mib": 614.0, "neighbour_s": 5.0, "sigterm_s": 15.0}
TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
POLL_SECONDS = 0.01
HEAD_START = 0.25


class Watch(threading.Thread):
    """Watches a process and its children: the most memory that they held together, in bytes."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.peak, self.is_over = pid, 0, threading.Event()

    def run(self) -> None:
        while not self.is_over.wait(POLL_SECONDS):
            self.peak = max(self.peak, memory(self.pid))


def main(argv: Sequence[str] | None = None) -> int:
    """Print a line about the machine and one an upload; 1 where a bar was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="of the uploads' names (all)")
    args = parser.parse_args(argv)
    chosen = [name for name in UPLOADS if not args.words or any(word in name for word in args.words)]
    print(json.dumps(machine()), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        photo = draw_photo(Path(folder) / "photo.jpg").read_bytes()
        rows = []
        for name in chosen:
            rows.append(measured(name, UPLOADS[name](photo), photo))
            print(json.dumps(rows[-1]), flush=True)
    return int(any(row["missed"] for row in rows))


def measured(name: str, upload: Upload, photo: bytes) -> dict[str, Any]:
    """One upload's row."""
    with server() as (process, url), httpx.Client(base_url=url, timeout=120) as client:
        for _ in range(3):
            client.post("/v1/reconstructions", files={"image": ("a.jpg", photo)}).raise_for_status()
        time.sleep(0.5)
        row: dict[str, Any] = {"upload": name, "bytes": upload.num_bytes, **cost(process.pid, client, url, upload)}
        row["neighbour_s"] = neighbour(url, upload, photo)
        row["sigterm_s"] = ended(process, url, upload)
    return row | {"missed": [key for key, bar in BARS.items() if row[key] > bar]}


def cost(pid: int, client: httpx.Client, url: str, upload: Upload) -> dict[str, Any]:
    """The answer, and what it took in processor time and memory, with everything that is made of the result."""
    idle, ticks, answers = memory(pid), [cpu_seconds(pid)], []
    watch = Watch(pid)
    watch.start()
    begun = time.monotonic()
    for answer in upload.sent(client):
        answers.append(answer)
        ticks.append(cpu_seconds(pid))
    wall = time.monotonic() - begun
    watch.is_over.set()
    watch.join()
    return {
        "answers": [answer.status_code for answer in answers],
        "said": answers[0].json().get("detail", "")[:100] if answers[0].status_code >= 400 else "",
        "wall_s": round(wall, 2),
        "cpu_s": max(round(after - before, 2) for before, after in pairwise(ticks)),  # of the costliest request
        "cpu_s_each": [round(after - before, 2) for before, after in pairwise(ticks)],
        "idle_mib": idle >> 20,
        "over_idle_mib": (watch.peak - idle) >> 20,
    }


def neighbour(url: str, upload: Upload, photo: bytes) -> float:
    """Seconds until an ordinary photo is answered while the upload is worked on."""
    sender = threading.Thread(target=quietly_sent, args=(url, upload), daemon=True)
    sender.start()
    time.sleep(HEAD_START)
    begun = time.monotonic()
    with httpx.Client(base_url=url, timeout=120) as client:
        client.post("/v1/reconstructions", files={"image": ("a.jpg", photo)}).raise_for_status()
    seconds = time.monotonic() - begun
    sender.join(120)
    return round(seconds, 2)


def ended(process: subprocess.Popen[bytes], url: str, upload: Upload) -> float:
    """Seconds from SIGTERM, sent while two of the uploads are worked on, to the server's end."""
    for _ in range(2):
        threading.Thread(target=quietly_sent, args=(url, upload), daemon=True).start()
    time.sleep(HEAD_START)
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    return round(time.monotonic() - begun, 2)


def quietly_sent(url: str, upload: Upload) -> None:
    """Send it, whatever comes of it."""
    with suppress(httpx.HTTPError), httpx.Client(base_url=url, timeout=120) as client:
        list(upload.sent(client))


@contextmanager
def server() -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A running server of two workers and its address."""
    command = [sys.executable, "-m", "shapeshot", "serve", "--port", "0", "--workers", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if found := re.search(rb"http://\S+:\d+", line):
                break
        else:
            raise RuntimeError("the server does not start")
        threading.Thread(target=process.stdout.read, daemon=True).start()
        try:
            yield process, found.group().decode()
        finally:
            process.kill()


def family(pid: int) -> list[int]:
    """A process and all that it started and that live."""
    found = [pid]
    for one in found:
        for children in Path(f"/proc/{one}/task").glob("*/children"):
            with suppress(OSError):
                found += map(int, children.read_text().split())
    return found


def memory(pid: int) -> int:
    """Bytes that a process and its children hold together; pages that they share count once a process."""
    total = 0
    for one in family(pid):
        with suppress(OSError):
            total += int(Path(f"/proc/{one}/statm").read_text().split()[1]) * PAGE
    return total


def cpu_seconds(pid: int) -> float:
    """Processor time of a process, its children and those that have ended."""
    ticks = 0
    for one in family(pid):
        with suppress(OSError):
            ticks += sum(map(int, Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()[11:15]))
    return ticks / TICK


if __name__ == "__main__":
    sys.exit(main())
