"""The folder benchmark runs and measures what it says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_folder_benchmark_runs() -> None:
    command = [sys.executable, ROOT / "benchmarks" / "bench_folder.py", "--quick"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    machine, row = [json.loads(line) for line in done.stdout.splitlines()]
    assert machine["cores"] >= 1
    assert (row["photos"], row["workers"], row["warm_after"]) == (12, 2, 4)
    assert 0 < row["images_per_s_warm"] < 1000
    assert 0 < row["median_ms"]["encode"] < row["median_ms"]["total"] < 1000 * row["seconds"]
    if row["rss_mb_at_end"] is not None:
        assert 50 < row["rss_mb_at_end"] < 3000
