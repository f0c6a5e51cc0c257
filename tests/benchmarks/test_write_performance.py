"""docs/performance.md is written from results alone, and only between its markers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MACHINE = {"machine": "A Processor", "threads": 2, "python": "3.11", "torch": "2.9"}
ROWS = [
    {"bench": "chamfer", "batch": 8, "points": 5000, "median_ms": {"ours": 12.345, "twin": 1234.5}, "ratio": 100.0}
    | {"baseline": "twin", "bar": 60, "peak_mb": {"ours": 2.5, "twin": 800.0}},
    {"bench": "chamfer", "batch": 1, "points": 100_000, "median_ms": {"ours": 99.0}, "baseline": "twin", "bar": None},
]


def write(folder: Path, lines: list[dict[str, object]], page: str) -> subprocess.CompletedProcess[str]:
    results, target = folder / "results.jsonl", folder / "performance.md"
    results.write_text("\n".join(json.dumps(line) for line in lines))
    target.write_text(page)
    script = ROOT / "benchmarks" / "write_performance.py"
    command = [sys.executable, str(script), str(results), "--page", str(target)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_tables_and_plot(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs the extra `train`")
    page = "before\n<!-- measurements: begin -->\nold\n<!-- measurements: end -->\nafter\n"
    done = write(tmp_path, [MACHINE, *ROWS], page)
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "performance.md").read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
    assert "| 8 | 5,000 | 12.3 | 1,234 | 100 | 60 | 2.5 | 800 |" in text
    assert "| 1 | 100,000 | 99 | – | – | – | – | – |" in text
    assert "A Processor, 2 threads; Python 3.11, torch 2.9." in text
    assert "<svg" in (tmp_path / "performance.svg").read_text()
    first = text
    write(tmp_path, [MACHINE, *ROWS], text)
    assert (tmp_path / "performance.md").read_text() == first


@pytest.mark.parametrize(
    ("lines", "page", "message"),
    [
        ([], "", "holds no measurements"),
        ([{"something": 1}], "", "no benchmark of an operator printed"),
        ([MACHINE, *ROWS], "no markers", "must hold the lines"),
    ],
)
def test_wrong_input_changes_nothing(tmp_path: Path, lines: list[dict[str, object]], page: str, message: str) -> None:
    done = write(tmp_path, lines, page)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "performance.md").read_text() == page


def test_the_page_has_its_markers() -> None:
    text = (ROOT / "docs" / "performance.md").read_text()
    assert text.count("<!-- measurements: begin -->") == text.count("<!-- measurements: end -->") == 1
