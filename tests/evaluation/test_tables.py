"""Rows on disk: both formats hold the same, and what is missing stays missing."""

import csv
import io

import pytest

from shapeshot.errors import DatasetError, UserError
from shapeshot.evaluation.protocols import PROTOCOLS
from shapeshot.evaluation.rows import Row
from shapeshot.evaluation.tables import (
    ROW_FORMATS,
    encode_csv,
    objects_table,
    read_rows,
    require_row_format,
    rows_table,
    write_tables,
)
from shapeshot.scores.metrics import MeshCheck, worst_surface_scores

PROTOCOL = PROTOCOLS["shapeshot"]


def rows(**scores):
    return [
        Row(f"o{index // 2}", "chair", f"g{index // 2}", index % 2,
            {name: value + index for name, value in scores.items()}, MeshCheck(True, index > 1, True), 0.1,
            "no, shape" if index == 0 else "")
        for index in range(4)
    ]  # fmt: skip


def test_csv_reads_back_with_every_column_of_the_protocol():
    read = list(csv.DictReader(io.StringIO(encode_csv(rows_table(rows(iou=0.25), PROTOCOL)).decode())))
    assert [line["object_id"] for line in read] == ["o0", "o0", "o1", "o1"]
    assert [float(line["iou"]) for line in read] == [0.25, 1.25, 2.25, 3.25]
    assert [line["manifold"] for line in read] == ["0", "0", "1", "1"]
    assert read[0]["failure"] == "no, shape"
    assert set(worst_surface_scores()) < set(read[0])
    assert {line["chamfer_l1"] for line in read} == {""}  # missing is empty, not 0


def test_objects_are_means_over_views():
    table = objects_table(rows(iou=0.25), PROTOCOL)
    assert table["object_id"] == ["o0", "o1"]
    assert table["iou"] == [0.75, 2.75]
    assert (table["views"], table["failures"]) == ([2, 2], [1, 0])
    assert table["f_score_5"] == [None, None]


@pytest.mark.parametrize("row_format", sorted(ROW_FORMATS))
def test_every_format_holds_the_same(row_format, tmp_path):
    write_tables(tmp_path, rows(iou=0.25, f_score_1=0.5), PROTOCOL, row_format)
    read = read_rows(tmp_path)
    assert [float(line["iou"]) for line in read] == [0.25, 1.25, 2.25, 3.25]
    assert [int(line["view"]) for line in read] == [0, 1, 0, 1]
    assert all(line["chamfer_l1"] in ("", None) for line in read)
    assert list(read[0]) == list(rows_table(rows(), PROTOCOL))


def test_a_second_report_leaves_no_rows_of_the_first(tmp_path):
    for row_format in ("csv", "parquet"):
        write_tables(tmp_path, rows(iou=0.25), PROTOCOL, row_format)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["objects.parquet", "rows.parquet"]


def test_an_unknown_format_and_damaged_rows_are_told(tmp_path):
    with pytest.raises(UserError, match="Did you mean 'parquet'"):
        require_row_format("parqet")
    with pytest.raises(DatasetError, match=r"rows\.csv cannot be read"):
        read_rows(tmp_path)
    (tmp_path / "rows.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(DatasetError, match=r"rows\.parquet cannot be read"):
        read_rows(tmp_path)
