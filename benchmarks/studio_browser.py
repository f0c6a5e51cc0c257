"""A studio in a process of its own and a Chromium without window or GPU: what the benchmark and the tests share."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
]
SHOWN = '#views[data-shown]:not([data-shown=""])'  # the views show a result


def find_chromium() -> str | None:
    """The browser that SHAPESHOT_CHROMIUM names, or the machine's, or None."""
    names = (os.environ.get("SHAPESHOT_CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if name and (path := shutil.which(name))), None)


class Studio:
    """`shapeshot studio`, started at once; `stop` and `start` may follow each other, and the address stays."""

    def __init__(self, *flags: str) -> None:
        self.flags, self.port = flags, 0
        self.start()

    def start(self) -> None:
        """Returns once the process has said its address."""
        command = [sys.executable, "-m", "shapeshot", "studio", "--port", str(self.port), *self.flags]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.port = int(re.findall(r":(\d+)", self.process.stdout.readline())[0])

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.port}/"

    def stop(self) -> None:
        """End it at once, as a crash would."""
        self.process.kill()
        self.process.communicate()
