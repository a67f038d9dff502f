from benchmarks.judged_requests import build_requests, nouns, split
from fusion.types import Item


def _bags() -> list[Item]:
    made = []
    for n in range(12):
        colour = "Navy Blue" if n < 6 else "Red"
        gender = "Women" if n % 2 else "Unisex"
        made.append(
            Item(
                f"b{n}", f"Bag {n}", category=("Accessories", "Backpacks"), attributes={"color": (colour,), "gender": (gender,)}
            )
        )
    return made


def test_each_request_comes_in_both_languages_with_the_same_answers():
    requests = build_requests(_bags(), seed=1)
    english = {(r.kind, r.relevant) for r in requests if r.language == "en"}
    assert english == {(r.kind, r.relevant) for r in requests if r.language == "zh"}
    assert ("backpack", "en") in {(r.text, r.language) for r in requests}
    assert ("双肩包", "zh") in {(r.text, r.language) for r in requests}


def test_navy_blue_is_blue_and_unisex_is_for_women():
    requests = {r.text: r.relevant for r in build_requests(_bags(), seed=1)}
    assert requests["blue backpack"] == {f"b{n}" for n in range(6)}
    assert "backpack for girls" not in requests
    assert all(len(ids) < 12 for text, ids in requests.items() if " for " in text)


def test_a_category_without_a_known_noun_asks_nothing():
    assert build_requests([Item(str(n), "x", category=("Gizmos",)) for n in range(20)], seed=1) == []


def test_nouns_are_there_in_both_languages():
    assert len(nouns()) >= 40
    assert all(english.isascii() and not chinese.isascii() for english, chinese in nouns().values())


def test_halves_share_no_category_and_do_not_change():
    tuning, reporting = split(["a", "b", "c", "d"], seed=3)
    assert not tuning & reporting
    assert split(["d", "c", "b", "a", "a"], seed=3) == (tuning, reporting)
