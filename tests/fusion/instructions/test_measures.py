from fusion.instructions.measures import find_quantities, measure_key, size_key
from fusion.instructions.tokens import tokenise


def quantities(text):
    tokens = tokenise(text)
    return [(q.kind, q.key) for q in find_quantities(tokens, [False] * len(tokens), {"m": 1, "40": 1})]


def test_one_measure_has_one_key_however_it_is_written():
    assert {key for text in ("27 inch", "27-inch", '27"', "27寸", "27 英寸") for key in measure_key(tokenise(text))} == {
        "27 inch"
    }
    assert measure_key(tokenise("16gb")) == measure_key(tokenise("16 gb")) == ["16 gb"]


def test_sizes_are_compared_without_their_system():
    assert [size_key(tokenise(t)) for t in ("size 40", "40", "40码", "medium", "m", "2xl", "7.5", "black m")] == [
        "40",
        "40",
        "40",
        "m",
        "m",
        "xxl",
        "7.5",
        "",
    ]


def test_sizes_ages_and_measures_are_told_apart():
    assert quantities("size 40") == [("size", "40")]
    assert quantities("size m") == [("size", "m")]
    assert quantities("42码") == [("size", "42")]
    assert quantities("5 year old") == [("age", "5")]
    assert quantities("五岁") == [("age", "5")]
    assert quantities("13 inch") == [("measure", "13 inch")]
    assert quantities("iphone 15") == []
