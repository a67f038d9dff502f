from fusion.suggesting.folding import fold, matched_ranges, read_typed


def test_width_case_accents_and_script_do_not_count():
    assert fold("  Ｃafé-Chair, Grey ") == "cafe chair gray"
    assert fold("連衣裙T恤") == "连衣裙 t 恤"
    assert fold("men's") == "mens"


def test_letters_are_only_what_may_be_pinyin():
    assert read_typed("yi zi").letters == "yizi"
    assert read_typed("椅子").letters == ""
    assert read_typed("4k").letters == ""


def test_matched_part_is_marked_in_the_text_as_it_is_shown():
    text = "Black Café Chair"
    assert [text[a:b] for a, b in matched_ranges(text, ["black", "cafe", "ch"])] == ["Black", "Café", "Ch"]
    assert matched_ranges("Woodchair", ["chair"]) == ()


def test_pinyin_marks_the_characters_that_it_spells():
    text = "白色椅子"
    assert [text[a:b] for a, b in matched_ranges(text, (), "yizi")] == ["椅子"]
    assert [text[a:b] for a, b in matched_ranges(text, (), "yiz")] == ["椅子"]
    assert [text[a:b] for a, b in matched_ranges(text, (), "bs")] == ["白色"]


def test_nothing_is_marked_in_an_empty_or_strange_text():
    assert matched_ranges("", ["a"]) == ()
    assert matched_ranges("\ud800☃", ["a"], "a") == ()
