from decimal import Decimal

import pytest

from shop.catalog.importing.reading import MAX_LINE, RawRow, count_lines, read_rows
from shop.catalog.importing.report import FileUnreadable, Problem


def rows_of(tmp_path, content: bytes, name: str = "file.jsonl"):
    path = tmp_path / name
    path.write_bytes(content)
    return list(read_rows(path))


def test_jsonl_rows_carry_their_line_numbers_and_lower_case_names(tmp_path):
    rows = rows_of(tmp_path, b'{"SKU": "a", " Price ": 1.10}\n\n{"sku": "b"}')
    assert rows == [RawRow(1, {"sku": "a", "price": Decimal("1.10")}), RawRow(3, {"sku": "b"})]


def test_byte_order_mark_is_ignored_in_both_formats(tmp_path):
    assert rows_of(tmp_path, b'\xef\xbb\xbf{"sku": "a"}\n')[0] == RawRow(1, {"sku": "a"})
    assert rows_of(tmp_path, b"\xef\xbb\xbfsku,name\na,A\n", "f.csv")[0] == RawRow(2, {"sku": "a", "name": "A"})


def test_bad_lines_are_reported_and_the_rest_is_read(tmp_path):
    rows = rows_of(tmp_path, b'garbage\n{"sku": "\xff"}\n[1]\n{"sku": "a"}\n' + b"[" * 100_000 + b"\n")
    assert [row.reason.split(" (")[0] for row in rows if isinstance(row, Problem)] == [
        "not a JSON object on one line",
        "not UTF-8 at byte 10; save the file as UTF-8",
        "a JSON object is needed, this is a list",
        "the JSON is nested too deeply",
    ]
    assert [row.number for row in rows if isinstance(row, RawRow)] == [4]


def test_endless_line_is_refused_without_being_held_in_memory(tmp_path):
    rows = rows_of(tmp_path, b'{"sku": "' + b"x" * (MAX_LINE * 3) + b'"}\n{"sku": "a"}\n')
    assert [(row.row, row.reason) for row in rows[:1]] == [(1, "the line is longer than 4 MB")]
    assert rows[1] == RawRow(2, {"sku": "a"})


def test_csv_cells_lose_their_padding_and_a_json_list_stays_a_list(tmp_path):
    rows = rows_of(tmp_path, b'sku  , name ,sizes\na ,"A, b"  ,"[""S"", ""M""]"\n,,\n', "f.csv")
    assert rows == [RawRow(2, {"sku": "a", "name": "A, b", "sizes": ["S", "M"]})]


def test_bad_csv_rows_are_reported_and_the_rest_is_read(tmp_path):
    rows = rows_of(tmp_path, b"sku,name\na,A,extra\nb,\xff\xfe\nc,C\n", "f.csv")
    assert [row.reason.split(";")[0] for row in rows[:2]] == ["3 cells for 2 columns", "not UTF-8"]
    assert rows[2] == RawRow(4, {"sku": "c", "name": "C"})


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (b"", "f.jsonl", "is empty"),
        (b"[{}]", "f.json", "one JSON array"),
        (b"id,title\n1,x\n", "f.csv", "no column 'sku'"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "f.png", "no column 'sku'"),
    ],
)
def test_file_that_is_something_else_is_refused_at_once(tmp_path, content, name, reason):
    with pytest.raises(FileUnreadable, match=reason):
        rows_of(tmp_path, content, name)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileUnreadable, match=r"nowhere\.jsonl cannot be read"):
        read_rows(tmp_path / "nowhere.jsonl")


def test_lines_are_counted_with_and_without_a_last_newline(tmp_path):
    path = tmp_path / "f"
    for content, lines in ((b"a\nb\n", 2), (b"a\nb", 2), (b"", 0)):
        path.write_bytes(content)
        assert count_lines(path) == lines
