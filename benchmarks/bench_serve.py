"""The HTTP API under load: `shapeshot serve` in a process of its own, JSON lines.

    python benchmarks/bench_serve.py                     # 60 s of 32 clients, 60 s of ten times as much, a folder run
    python benchmarks/bench_serve.py --seconds 10 --workers 2

Every request sends the same photo and asks for JSON; each client waits for its answer (and as long as Retry-After
says, where it is refused) before it sends the next. The reference is a folder run of the same photo with all forms in
files, its start left out: the difference between a long and a short run. The overload opens a connection for each
request at ten times the rate that was just measured, whatever the answers, and probes /healthz beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench_reconstruct import draw_photo, machine

HEAD = "POST /v1/reconstructions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
METRICS = HEALTH.replace(b"/healthz", b"/metrics")
ANNOUNCED = (429, 503)
BARS = {"least": {"ratio_to_folder_run": 0.8}, "most": {"healthz_max_s": 0.5, "recovery_s": 2.0, "peak_rss_mb": 1024.0}}
OVERLOAD = 10  # times the rate that the server just managed
PROBE_SECONDS = 0.05


@dataclass
class Tally:
    """Seconds from the opening of a connection to the end of the answer, by status; what broke off, by its error."""

    seconds: dict[int, list[float]] = field(default_factory=dict)
    broken: Counter[str] = field(default_factory=Counter)

    def add(self, status: int, seconds: float) -> None:
        self.seconds.setdefault(status, []).append(seconds)

    def count(self, *statuses: int) -> int:
        return sum(len(self.seconds.get(status, [])) for status in statuses)

    def row(self, wall: float) -> dict[str, Any]:
        """Throughput, and latency of what was accepted."""
        accepted = sorted(self.seconds.get(201, []))
        others = {str(status): len(times) for status, times in self.seconds.items() if status not in (201, *ANNOUNCED)}
        row: dict[str, Any] = {"seconds": round(wall, 2), "accepted": len(accepted)}
        row |= {"per_s": round(len(accepted) / wall, 2), "refused": self.count(*ANNOUNCED)}
        row["errors"] = others | dict(self.broken)
        if accepted:
            row |= {"p50_s": round(statistics.median(accepted), 3), "p99_s": round(quantile(accepted, 0.99), 3)}
        return row


def main(argv: Sequence[str] | None = None) -> None:
    """Print a line about the machine, then one a measurement."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photo", type=Path, help="default: a drawn chair, 1200 x 1600, JPEG")
    parser.add_argument("--seconds", type=float, default=60, help="of each load (60)")
    parser.add_argument("--clients", type=int, default=32, help="at once (32)")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)), help="of server and folder run")
    parser.add_argument("--queue", type=int, default=32, help="of the server (32)")
    parser.add_argument("--photos", type=int, default=300, help="of the folder run (300)")
    parser.add_argument("--quick", action="store_true", help="a few seconds: whether it runs, not how fast")
    args = parser.parse_args(argv)
    if args.quick:
        args.seconds, args.clients, args.photos = 1.0, 4, 2
    print(json.dumps(machine() | {name: version(name) for name in ("fastapi", "uvicorn")}), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        photo = args.photo or draw_photo(Path(folder) / "photo.jpg")
        for row in measure(photo, args, Path(folder)):
            print(json.dumps(row), flush=True)


def measure(photo: Path, args: argparse.Namespace, folder: Path) -> Iterator[dict[str, Any]]:
    """Folder run, usual load, overload."""
    reference = folder_run(photo, args.photos, args.workers, folder)
    yield {
        "bench": "folder run, all forms",
        "workers": args.workers,
        "photos": args.photos,
        "per_s": round(reference, 2),
    }
    request = request_bytes(photo)
    with server(args.workers, args.queue) as (pid, port):
        asyncio.run(exchange(port, request))  # the first allocations are not what is measured
        tally, wall = asyncio.run(usual_load(port, request, args.clients, args.seconds))
        row = tally.row(wall)
        row |= {"ratio_to_folder_run": round(row["per_s"] / reference, 3), "mean_batch": asyncio.run(mean_batch(port))}
        yield {"bench": f"serve: {args.clients} clients", "workers": args.workers, **row, "rss_mb": rss(pid)} | missed(
            row
        )
        row = asyncio.run(overload(pid, port, request, OVERLOAD * max(row["per_s"], 1.0), args.seconds))
        yield {"bench": f"serve: overload x{OVERLOAD}", "workers": args.workers, **row} | missed(row)


def missed(row: dict[str, Any]) -> dict[str, list[str]]:
    """What in a row is not as the project asks: beyond its bar, or an answer that was not announced."""
    low = [name for name, bar in BARS["least"].items() if row.get(name) is not None and row[name] < bar]
    high = [name for name, bar in BARS["most"].items() if row.get(name) is not None and row[name] > bar]
    return {"missed": low + high + (["errors"] if row["errors"] else [])}


def folder_run(photo: Path, num_photos: int, workers: int, folder: Path) -> float:
    """Photos a second: of a long run without what a short one takes, or of a short run with its start."""
    long = timed_folder_run(photo, num_photos, workers, folder / "long")
    few = num_photos // 10
    short = timed_folder_run(photo, few, workers, folder / "short") if few else 0.0
    return (num_photos - few) / max(long - short, 0.1 * long)


def timed_folder_run(photo: Path, count: int, workers: int, folder: Path) -> float:
    photos = folder / "photos"
    photos.mkdir(parents=True)
    for i in range(count):
        shutil.copyfile(photo, photos / f"{i:05}{photo.suffix}")
    command = [sys.executable, "-m", "shapeshot", "reconstruct", str(photos), "--out", str(folder / "out")]
    start = time.perf_counter()
    subprocess.run([*command, "--workers", str(workers)], check=True, capture_output=True)
    seconds = time.perf_counter() - start
    shutil.rmtree(folder)
    return seconds


@contextmanager
def server(workers: int, queue: int) -> Iterator[tuple[int, int]]:
    """(pid, port) of a running `shapeshot serve`; RuntimeError where it does not start or does not end well."""
    command = [sys.executable, "-m", "shapeshot", "serve", "--port", "0"]
    command += ["--workers", str(workers), "--queue", str(queue)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        match = re.search(r":(\d+) ", process.stdout.readline())
        if not match:
            raise RuntimeError("the server did not start")
        yield process.pid, int(match[1])
        process.send_signal(signal.SIGTERM)
        if code := process.wait(60):
            raise RuntimeError(f"the server ended with {code}")
    finally:
        process.kill()
        process.wait()


def request_bytes(photo: Path) -> bytes:
    """A whole request: made once, so that the load costs next to nothing beside the server on the same cores."""
    part = b'--b\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'
    body = part + photo.read_bytes() + b"\r\n--b--\r\n"
    head = f"{HEAD}Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def exchange(port: int, request: bytes) -> tuple[int, str]:
    """Send one request on a connection of its own; the status and the whole answer's text."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        await writer.drain()
        answer = (await reader.read()).decode()
    finally:
        writer.close()
    return int(answer.split(" ", 2)[1]), answer


async def attempt(port: int, request: bytes, tally: Tally) -> str:
    """One request for the tally; the answer, or "" where the connection broke."""
    start = time.perf_counter()
    try:
        status, answer = await exchange(port, request)
    except (OSError, IndexError, ValueError) as error:
        tally.broken[type(error).__name__] += 1
        return ""
    tally.add(status, time.perf_counter() - start)
    return answer


async def usual_load(port: int, request: bytes, clients: int, seconds: float) -> tuple[Tally, float]:
    """Clients that each wait for their answer, and as long as they are told to where they are refused."""
    tally = Tally()
    start = time.perf_counter()

    async def client() -> None:
        while time.perf_counter() - start < seconds:
            answer = await attempt(port, request, tally)
            if told := re.search(r"(?i)^retry-after: (\d+)", answer, re.MULTILINE):
                await asyncio.sleep(float(told[1]))

    await asyncio.gather(*(client() for _ in range(clients)))
    return tally, time.perf_counter() - start


async def overload(pid: int, port: int, request: bytes, rate: float, seconds: float) -> dict[str, Any]:
    """A request every 1/rate seconds, whatever the answers; then the time until the server is as it was."""
    tally, probes, memory = Tally(), list[float](), list[float]()
    tasks: set[asyncio.Task[str]] = set()
    probing = asyncio.ensure_future(probe(pid, port, probes, memory))
    start = time.perf_counter()
    while (now := time.perf_counter() - start) < seconds:
        while sent_of(tally) + len(tasks) < now * rate:
            task = asyncio.ensure_future(attempt(port, request, tally))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.sleep(1 / rate)
    offered = sent_of(tally) + len(tasks)
    end = time.perf_counter()
    after = Tally()
    while not after.count(201):
        await attempt(port, request, after)
    recovered = time.perf_counter() - end  # an answer as usual, to a request sent when the load was over
    await asyncio.gather(*tasks)
    wall = time.perf_counter() - start
    probing.cancel()
    row = {"offered_per_s": round(offered / seconds, 1), **tally.row(wall)}
    row |= {"recovery_s": round(recovered, 3), "healthz_max_s": round(max(probes), 3)}
    return row | {"peak_rss_mb": max(memory, default=None)}


def sent_of(tally: Tally) -> int:
    return sum(map(len, tally.seconds.values())) + tally.broken.total()


async def probe(pid: int, port: int, seconds: list[float], memory: list[float]) -> None:
    """Ask /healthz again and again, and look at the server's memory."""
    while True:
        start = time.perf_counter()
        status, _ = await exchange(port, HEALTH)
        if status != 200:
            raise RuntimeError(f"/healthz answered {status}")
        seconds.append(time.perf_counter() - start)
        memory += [size] if (size := rss(pid)) else []
        await asyncio.sleep(PROBE_SECONDS)


async def mean_batch(port: int) -> float:
    """Photos in one run of the encoder, on average."""
    _, text = await exchange(port, METRICS)
    figures = dict(re.findall(r"^shapeshot_batch_size_(sum|count) (\S+)$", text, re.MULTILINE))
    return round(float(figures["sum"]) / float(figures["count"]), 2)


def rss(pid: int) -> float | None:
    """Resident megabytes of a process, where the system tells (Linux)."""
    status = Path(f"/proc/{pid}/status")
    if not status.is_file():
        return None
    fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return round(int(fields["VmRSS"].split()[0]) / 1e3, 1)


def quantile(ordered: Sequence[float], fraction: float) -> float:
    """The smallest value that so many are not above."""
    return ordered[min(len(ordered) - 1, int(fraction * len(ordered)))]


if __name__ == "__main__":
    main()
