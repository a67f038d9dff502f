from fusion.instructions.normalise import MAX_CHARACTERS, normalise


def test_full_width_becomes_half_width_and_lower_case():
    assert normalise("Ｔ恤 ＜１００元，黑色").text == "t恤 <100元,黑色"


def test_traditional_becomes_simplified():
    assert normalise("連衣裙，不要紅色").text == "连衣裙,不要红色"


def test_accents_and_invisible_characters_are_removed():
    assert normalise("Caf\u00e9 sho\u200bes e\u0301").text == "cafe shoes e"


def test_span_points_into_the_original():
    normal = normalise("\u200b\u200bＢＬＡＣＫ shoes")
    assert normal.original[slice(*normal.span(0, 5))] == "ＢＬＡＣＫ"


def test_a_ligature_that_grows_keeps_its_place():
    normal = normalise("x\ufdfay")
    assert normal.text[-1] == "y"
    assert normal.span(len(normal.text) - 1, len(normal.text)) == (2, 3)


def test_lone_surrogates_nul_and_unknown_emoji_become_spaces():
    assert normalise("a\x00b\ud800c🐙d").text == "a b c d"


def test_an_emoji_of_a_thing_is_read_as_its_name_and_keeps_its_place():
    text = normalise("🔴👗!")
    assert text.text == " red  dress !"
    assert text.span(1, 4) == (0, 1)
    assert text.span(6, 11) == (1, 2)


def test_only_the_first_characters_are_read():
    assert len(normalise("a" * 10_000).text) == MAX_CHARACTERS
