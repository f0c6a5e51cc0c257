"""Nothing phones home: no command and no server asks for any address but this machine's own.

Each command runs under strace in a network namespace of its own, where only loopback exists. Whatever native code does,
an address has to pass through connect, sendto or sendmsg.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PHOTO = ROOT / "examples" / "chair.jpg"
CALLS = "connect,sendto,sendmsg,sendmmsg"
ADDRESS = re.compile(r'sin6?_port=htons\((\d+)\).*?(?:inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)")')
# Of a socket that is not there nobody is asked; torch looks up the user's name, which tries one first.
NAMES = re.compile(r'sun_path=@?"([^"]*)".*(?<!ENOENT \(No such file or directory\))$', re.MULTILINE)
RESOLVERS = ("nscd", "resolve", "dnsmasq")  # local sockets that ask the network in somebody else's name

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("strace") or not shutil.which("unshare"),
        reason="needs Linux, root, strace and unshare",
    ),
]

SERVER = """
import threading, urllib.request, os, signal, sys
from shapeshot.cli import main
HEAD = b'--b\\r\\nContent-Disposition: form-data; name="image"\\r\\n\\r\\n'
KIND = {"Content-Type": "multipart/form-data; boundary=b"}
def ask(url):
    body = HEAD + open(sys.argv[1], "rb").read() + b'\\r\\n--b--'
    request = urllib.request.Request(url + "/v1/reconstructions", body, KIND)
    urllib.request.urlopen(request).read()
    urllib.request.urlopen(url + "/").read()
    os.kill(os.getpid(), signal.SIGTERM)
import shapeshot.service.server as server
serve = server.serve
server.serve = lambda settings, ready: serve(
    settings, lambda url: threading.Thread(target=ask, args=(url,)).start()
)
if __name__ == "__main__":
    sys.exit(main(["studio", "--port", "0", "--workers", "1"]))
"""


@pytest.fixture
def addresses(tmp_path: Path) -> Callable[..., set[str]]:
    """Runs Python with these words in the namespace; the addresses beyond loopback that it and its children ask for."""

    def run(*words: object) -> set[str]:
        trace, home = tmp_path / "trace", tmp_path / "home"
        home.mkdir(exist_ok=True)
        command = ["unshare", "--net", "sh", "-c", 'ip link set lo up 2>/dev/null; exec "$@"', "sh"]
        command += ["strace", "-f", "-qq", "-e", f"trace={CALLS}", "-s", "200", "-o", str(trace), sys.executable]
        environment = os.environ | {"HOME": str(home), "TMPDIR": str(tmp_path)}
        done = subprocess.run(
            [*command, *map(str, words)], capture_output=True, text=True, timeout=300, env=environment, check=False
        )
        assert done.returncode == 0, done.stderr
        text = trace.read_text(errors="replace")
        asked = {a or b for _, a, b in ADDRESS.findall(text)}
        local = {path for path in NAMES.findall(text) if any(name in path for name in RESOLVERS)}
        assert not [path for path in home.rglob("*") if "onnxruntime" in path.name]  # no device id is written either
        return {a for a in asked if not (a.startswith("127.") or a == "::1")} | local

    return run


def test_the_test_sees_what_is_asked_for(addresses: Callable[..., set[str]]) -> None:
    code = "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(('192.0.2.7', 53))"
    assert addresses("-c", f"try:\n {code}\nexcept OSError: pass") == {"192.0.2.7"}


@pytest.mark.parametrize(
    "words",
    [
        ("reconstruct", PHOTO, "--out", "{out}/chair.glb"),
        ("reconstruct", ROOT / "examples", "--out", "{out}/", "--workers", "2", "--preview"),
        ("--version",),
        ("data", "build", "procedural", "--count", "1", "--views", "1", "--size", "32", "--out", "{out}/data"),
    ],
    ids=["photo", "folder", "version", "data"],
)
def test_no_command_asks_for_the_network(
    addresses: Callable[..., set[str]], tmp_path: Path, words: tuple[object, ...]
) -> None:
    assert addresses("-m", "shapeshot", *(str(word).replace("{out}", str(tmp_path / "out")) for word in words)) == set()


def test_no_training_export_or_evaluation_asks_for_the_network(
    addresses: Callable[..., set[str]], tmp_path: Path
) -> None:
    pytest.importorskip("torch", reason="needs the extra `train`")
    data, run, model, report = (tmp_path / name for name in ("set", "run", "model", "report"))
    model_of = "--model.encoder-weights none --model.image-size 64 --model.width 32 --model.depth 1 --model.channels 8"
    steps = "--max-iter 2 --val-every 2 --batch-size 2 --num-queries 64 --workers 1 --quiet"
    for words in (
        f"data build procedural --count 12 --out {data} --views 1 --size 64 --samples 1 --workers 1",
        f"train --data {data} --out {run} {steps} {model_of} --model.hidden 16",
        f"export {run} --out {model} --name tiny",
        f"evaluate --data {data} --split test --views 1 --model {model} --out {report} --quiet",
        f"evaluate --data {data} --split test --views 1 --load-checkpoint {run} --out {report}/2 --quiet",
    ):
        assert addresses("-m", "shapeshot", *words.split()) == set(), words
    assert (report / "report.html").exists()


def test_no_server_asks_for_the_network(addresses: Callable[..., set[str]], tmp_path: Path) -> None:
    (tmp_path / "served.py").write_text(SERVER)
    assert addresses(tmp_path / "served.py", PHOTO) == set()
