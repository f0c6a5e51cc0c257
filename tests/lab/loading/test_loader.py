"""Batches from processes of their own: the same as here, whatever room /dev/shm has, and waited for with an end."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from shapeshot.errors import DatasetError, UserError
from shapeshot.lab.encoders.encoder import EncoderOutput
from shapeshot.lab.loading import loader as loader_module
from shapeshot.lab.loading.batches import Batch, StepBatches
from shapeshot.lab.loading.loader import batches


class Made(StepBatches):
    """Batches of so many bytes, of pixels or of what a frozen encoder saw; `seconds` each, or dead at step `dies`."""

    def __init__(self, size: int = 1000, encoded: bool = False, seconds: float = 0.0, dies: int = -1) -> None:
        self.size, self.encoded, self.seconds, self.dies = size, encoded, seconds, dies

    def __getitem__(self, step: int) -> Batch:
        time.sleep(self.seconds)
        if step == self.dies and torch.utils.data.get_worker_info() is not None:
            import os

            os._exit(9)
        values = torch.from_numpy(np.random.default_rng(step).integers(0, 256, (2, self.size)).astype(np.uint8))
        inputs = EncoderOutput(values.float()[:, None], values.float()) if self.encoded else values
        return Batch(inputs, {"points": values * 2}, (f"object-{step}", "other"))


@pytest.mark.parametrize("encoded", [False, True])
def test_processes_make_the_same_batches_in_order(encoded: bool) -> None:
    here = list(batches(Made(encoded=encoded), 3, 9, 0))
    there = list(batches(Made(encoded=encoded), 3, 9, 2))
    assert [batch.ids[0] for batch in there] == [f"object-{step}" for step in range(3, 9)]
    for one, other in zip(here, there, strict=True):
        assert isinstance(other.inputs, EncoderOutput) is encoded
        for a, b in zip(one.inputs, other.inputs, strict=True):
            torch.testing.assert_close(a, b, rtol=0, atol=0)
        torch.testing.assert_close(one.targets, other.targets, rtol=0, atol=0)
        other.targets["points"] += 1  # writable, as training's own tensors are
    assert list(batches(Made(), 5, 5, 2)) == []


def test_a_stuck_loader_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader_module, "LOADER_SECONDS", 1.0)
    with pytest.raises(UserError, match=r"the 1 loader processes brought no batch within 1 s.*or 0 to load"):
        next(batches(Made(seconds=30.0), 0, 3, 1))


def test_a_dead_process_is_one_line() -> None:
    with pytest.raises(UserError, match=r"loader processes .* died"):
        list(batches(Made(dies=2), 0, 6, 1))


def test_a_mistake_in_a_batch_is_not_taken_for_that() -> None:
    @dataclass
    class Wrong(Made):
        size: int = 1000

        def __getitem__(self, step: int) -> Batch:
            raise RuntimeError("a mistake of ours")

    with pytest.raises(RuntimeError, match="a mistake of ours"):
        next(batches(Wrong(), 0, 3, 1))


def test_what_a_process_says_comes_back_in_one_line() -> None:
    @dataclass
    class Damaged(Made):
        size: int = 1000

        def __getitem__(self, step: int) -> Batch:
            raise DatasetError("object 3 is damaged; build the dataset again")

    with pytest.raises(DatasetError, match=r"^object 3 is damaged; build the dataset again$"):
        next(batches(Damaged(), 0, 3, 1))


def test_without_locks_batches_are_made_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(loader_module, "_loader", full)
    told: list[str] = []
    found = [batch.ids[0] for batch in batches(Made(), 0, 3, 2, told.append)]
    assert found == ["object-0", "object-1", "object-2"]
    assert len(told) == 1
    assert "No space left on device" in told[0]
    assert "in this process" in told[0]


SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
from test_loader import Made, batches
told = []
total = sum(int(batch.inputs.shape[1]) for batch in batches(Made(size=2_000_000), 0, 12, 2, told.append))
print(total, len(told))
"""
# A mount namespace of its own, in which /dev/shm is small, and full up to so many free kilobytes.
NAMESPACE = """
mount -t tmpfs -o size=256k none /dev/shm || exit 77
head -c $((256 * 1024)) /dev/zero > /dev/shm/full 2>/dev/null
truncate -s $((256 * 1024 - $1 * 1024)) /dev/shm/full
shift
exec timeout 120 "$@"
"""


@pytest.mark.slow  # two fresh processes that import torch
@pytest.mark.parametrize(("free_kilobytes", "num_told"), [(128, 0), (0, 1)])
def test_a_full_shared_memory_neither_hangs_nor_stops_training(free_kilobytes: int, num_told: int) -> None:
    """24 batches of 8 MB pass a /dev/shm of 256 kB; with not a byte left in it they are made in the process."""
    if shutil.which("unshare") is None:
        pytest.skip("no unshare(1) for a namespace of its own")
    command = [sys.executable, "-c", SCRIPT, str(Path(__file__).parent)]
    inside = ["unshare", "--mount", "--map-root-user", "sh", "-c", NAMESPACE, "sh", str(free_kilobytes), *command]
    done = subprocess.run(inside, capture_output=True, text=True)
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip(f"no mount namespace here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(12 * 2_000_000), str(num_told)]
    assert "Traceback" not in done.stderr
