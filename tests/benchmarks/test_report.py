from benchmarks.report import Table, shown_cell, update_document

TABLE = Table("speed", "How fast", ("stage", "ms"), [("parse", 1.25), ("编码", 12.5)], ("Measured.",))


def test_text_aligns_columns_also_with_chinese_words():
    lines = TABLE.text().splitlines()
    assert lines[0] == "How fast"
    assert lines[3:5] == ["parse  1.250", "编码    12.5"]
    assert lines[-1] == "  Measured."


def test_markdown_has_a_rule_and_its_notes():
    assert TABLE.markdown().splitlines()[2:5] == ["| stage | ms |", "| --- | ---: |", "| parse | 1.250 |"]
    assert TABLE.markdown().endswith("Measured.")


def test_cells_show_three_significant_figures():
    assert [shown_cell(c) for c in (0.1234, 12.34, 1234.5, 2419, None, "x")] == ["0.123", "12.3", "1,234", "2,419", "–", "x"]


def test_a_table_goes_to_its_place_in_a_document_and_no_other(tmp_path):
    document = tmp_path / "performance.md"
    document.write_text(
        "before\n<!-- bench:speed -->\nold\n<!-- /bench -->\nafter <!-- bench:other -->\nkept\n<!-- /bench -->\n"
    )
    homeless = update_document(document, [TABLE, Table("lost", "t", ("a",), [])])
    text = document.read_text()
    assert homeless == ["lost"]
    assert "old" not in text
    assert "| parse | 1.250 |" in text
    assert text.startswith("before\n")
    assert "kept" in text


def test_a_table_survives_json():
    assert Table.from_json(TABLE.to_json()).text() == TABLE.text()
