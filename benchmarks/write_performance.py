"""Write the measurements of docs/performance.md, its tables and its plot, from what the benchmarks printed.

    for bench in chamfer knn point_mesh; do python benchmarks/bench_$bench.py; done > operators.jsonl
    python benchmarks/write_performance.py operators.jsonl

The text between the two markers is replaced; the rest of the page is written by hand.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from shapeshot.errors import UserError
from shapeshot.files import atomic_path, atomic_write

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
BEGIN, END = "<!-- measurements: begin -->", "<!-- measurements: end -->"

Row = dict[str, Any]


def main(argv: Sequence[str] | None = None) -> None:
    """Read the results, write the page and the plot beside it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, nargs="+", help="JSON lines of benchmarks of operators")
    parser.add_argument("--page", type=Path, default=PAGE)
    args = parser.parse_args(argv)
    try:
        runs = [run for path in args.results for run in read_runs(path)]
        write_page(args.page, runs)
    except UserError as error:
        parser.error(str(error))


def read_runs(path: Path) -> Iterator[tuple[Row, list[Row]]]:
    """(machine, its rows) for every benchmark in a file: a line about the machine, then one a case."""
    machine: Row | None = None
    rows: list[Row] = []
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read {path} as JSON lines of a benchmark: {error}") from error
    for line in lines:
        if "machine" in line:
            if machine is not None:
                yield machine, rows
            machine, rows = line, []
        elif "median_ms" in line and machine is not None:
            rows.append(line)
        else:
            raise UserError(f"{path} holds a line that no benchmark of an operator printed: {str(line)[:60]}")
    if machine is None:
        raise UserError(f"{path} holds no measurements; run a benchmark into it first")
    yield machine, rows


def write_page(page: Path, runs: list[tuple[Row, list[Row]]]) -> None:
    """Replace what stands between the markers of `page`, and draw the plot beside it."""
    text = page.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise UserError(f"{page} must hold the lines {BEGIN} and {END} once each, in this order")
    plot = page.with_suffix(".svg")
    draw(plot, runs)
    sections = [f"![Milliseconds over points for every implementation]({plot.name})"]
    sections += [section(machine, rows) for machine, rows in runs if rows]
    head, tail = text.split(BEGIN)[0], text.split(END)[1]
    atomic_write(page, "\n\n".join([head + BEGIN, *sections, END + tail]))


def section(machine: Row, rows: list[Row]) -> str:
    """One benchmark: its heading, its machine and its table."""
    versions = ", ".join(f"{name} {machine[name]}" for name in ("torch", "scipy", "triton") if name in machine)
    where = machine.get("gpu") or f"{machine['machine']}, {machine['threads']} threads"
    return "\n\n".join([f"### {rows[0]['bench']}", f"{where}; Python {machine['python']}, {versions}.", table(rows)])


def table(rows: list[Row]) -> str:
    """Markdown: a line a case, a column an implementation; medians, the ratio, what was asked for, peak memory."""
    names = list(dict.fromkeys(name for row in rows for name in row["median_ms"]))
    first = names[0]
    header = ["batch", "points", *(f"{name}, ms" for name in names), f"times {rows[0]['baseline']}", "asked"]
    lines = [[*header, f"{first}, MB", f"{rows[0]['baseline']}, MB"]]
    for row in rows:
        peaks = row.get("peak_mb", {})
        lines.append(
            [
                *(f"{row[key]:,}" for key in ("batch", "points")),
                *(cell(row["median_ms"].get(name)) for name in names),
                *(cell(row.get(key)) for key in ("ratio", "bar")),
                *(cell(peaks.get(name)) for name in (first, row["baseline"])),
            ]
        )
    lines.insert(1, ["---:"] * len([*header, "", ""]))
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def cell(value: float | None) -> str:
    """Three figures; a dash for what was not measured."""
    return "–" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def draw(path: Path, runs: Iterable[tuple[Row, list[Row]]]) -> None:
    """Milliseconds over all points of a batch, one panel a benchmark, both axes logarithmic."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "shapeshot"  # the same numbers give the same file
    from matplotlib import pyplot as plt

    panels = [(machine, rows) for machine, rows in runs if rows]
    figure, axes = plt.subplots(1, len(panels), figsize=(4.2 * len(panels), 3.6), squeeze=False, layout="constrained")
    for panel, (_, rows) in zip(axes[0], panels, strict=True):
        for name in dict.fromkeys(name for row in rows for name in row["median_ms"]):
            known = sorted(
                (row["batch"] * row["points"], row["median_ms"][name]) for row in rows if name in row["median_ms"]
            )
            panel.loglog(*zip(*known, strict=True), "o", label=name)
        panel.set(title=rows[0]["bench"], xlabel="batch x points", ylabel="median, ms")
        panel.grid(alpha=0.3)
        panel.legend(fontsize=8)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="svg", metadata={"Date": None})
    plt.close(figure)


if __name__ == "__main__":
    main()
