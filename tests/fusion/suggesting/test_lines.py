import pytest

from fusion.suggesting.folding import read_typed
from fusion.suggesting.lines import BEGINS, HOLDS, INITIALS, SLIPPED, SOUNDS, Lines

TEXTS = ["running shoes", "black running shoes", "camera", "camera lens", "椅子", "红色复古台灯", "连衣裙", "办公桌", "T恤"]
LINES = Lines(TEXTS)


def found(typed: str, limit: int = 10) -> list[str]:
    return [TEXTS[hit.line] for hit in LINES.find(read_typed(typed), limit)]


def test_the_last_word_is_a_beginning_and_the_text_may_begin_earlier():
    assert found("running sh") == ["running shoes", "black running shoes"]
    assert found("shoes runn") == ["running shoes", "black running shoes"]
    assert [hit.tier for hit in LINES.find(read_typed("running"), 9)] == [BEGINS, HOLDS]


def test_words_begin_where_words_begin():
    assert found("amera") == []
    assert found("hoes") == []


def test_limit_ends_the_search_with_the_heaviest():
    assert found("c", 1) == ["camera"]
    assert found("c", 0) == []


def test_chinese_is_found_anywhere_also_apart_and_in_traditional_characters():
    assert found("子") == ["椅子"]
    assert found("红色台灯") == ["红色复古台灯"]
    assert found("連衣裙") == ["连衣裙"]
    assert found("t恤") == ["T恤"]


@pytest.mark.parametrize("slip", ["camra", "cmaera", "acmera", "camerra", "canera", "camerla"])
def test_one_edit_in_a_word_is_forgiven(slip):
    hits = LINES.find_slipped(read_typed(slip), 5)
    assert [TEXTS[hit.line] for hit in hits] == ["camera", "camera lens"]
    assert {hit.tier for hit in hits} == {SLIPPED}


def test_a_slip_in_a_beginning_or_beside_a_right_word_is_forgiven():
    assert TEXTS[LINES.find_slipped(read_typed("runing"), 5)[0].line] == "running shoes"
    assert TEXTS[LINES.find_slipped(read_typed("blakc shoes"), 5)[0].line] == "black running shoes"


def test_two_edits_or_a_short_word_are_not():
    assert LINES.find_slipped(read_typed("cmra"), 5) == []
    assert LINES.find_slipped(read_typed("xamrea"), 5) == []
    assert LINES.find_slipped(read_typed("cam x"), 5) == []


def test_pinyin_begins_with_a_character():
    sounding = LINES.find_sounding(read_typed("yizi"), 5)
    assert [(TEXTS[hit.line], hit.tier) for hit in sounding] == [("椅子", SOUNDS)]
    assert [TEXTS[hit.line] for hit in LINES.find_sounding(read_typed("gongzhuo"), 5)] == ["办公桌"]
    assert LINES.find_sounding(read_typed("angong"), 5) == []


def test_first_letters_of_pinyin_are_enough():
    assert [(TEXTS[hit.line], hit.tier) for hit in LINES.find_sounding(read_typed("lyq"), 5)] == [("连衣裙", INITIALS)]
    assert [TEXTS[hit.line] for hit in LINES.find_sounding(read_typed("yz"), 5)] == ["椅子"]


def test_characters_that_sound_alike_are_forgiven():
    assert [TEXTS[hit.line] for hit in LINES.find_sounding(read_typed("连衣群"), 5)] == ["连衣裙"]
    assert LINES.find_sounding(read_typed("群"), 5) == []


@pytest.mark.parametrize("odd", ["", " ", "\x00", "'", "-" * 300, "a" * 300, "☃", "\ud800", "\n\n"])
def test_odd_strings_find_nothing_and_raise_nothing(odd):
    typed = read_typed(odd)
    assert LINES.find(typed, 5) + LINES.find_sounding(typed, 5) == []
    assert LINES.find_slipped(typed, 5) == []


def test_no_lines_find_nothing():
    empty = Lines([])
    assert len(empty) == 0
    assert empty.find(read_typed("a"), 5) + empty.find_sounding(read_typed("yizi"), 5) == []
