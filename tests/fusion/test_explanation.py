import pytest

from fusion.explanation import MAX_REASONS, Context, explain, legs_of_reason, matched_words
from fusion.types import ItemText, Term
from tests.fusion.items import make_item

ITEM = make_item("x", "Waterproof Hiking Tents", brand="Nordisk", description="A light tent.")


def test_reasons_are_the_largest_terms_with_their_share_of_what_speaks_for_the_item() -> None:
    terms = [
        Term("text", "words", 1.0, 2.0),
        Term("lexical", "words", 0.5, 2.0),
        Term("look", "photo", 1.0, 1.0),
        Term("text", "avoid", -0.5, 2.0),
    ]
    reasons = explain(ITEM, terms, Context("en", words=("waterproof", "tent")))
    assert [(r.code, r.share) for r in reasons] == [
        ("fits_meaning", pytest.approx(0.5)),
        ("matches_words", pytest.approx(0.25)),
        ("looks_like_photo", pytest.approx(0.25)),
    ]
    assert reasons[1].label == "Its words match “Waterproof, Tents”"


def test_a_word_match_is_only_claimed_when_the_item_has_the_word() -> None:
    reasons = explain(ITEM, [Term("lexical", "words", 0.5, 2.0)], Context("en", words=("sofa",)))
    assert reasons == ()


def test_at_most_three_reasons_and_none_that_hardly_counts() -> None:
    terms = [
        Term("text", "words", 1, 4),
        Term("look", "photo", 1, 3),
        Term("image", "words", 1, 2),
        Term("prior", "popularity", 1, 1),
    ]
    assert len(explain(ITEM, terms, Context("en"))) == MAX_REASONS
    tiny = [Term("text", "words", 1, 4), Term("prior", "popularity", 1, 0.1)]
    assert [r.code for r in explain(ITEM, tiny, Context("en"))] == ["fits_meaning"]


def test_an_item_that_nothing_speaks_for_gets_no_reason() -> None:
    assert explain(ITEM, [Term("text", "words", 1.0, -1.0)], Context("en")) == ()
    assert explain(ITEM, [], Context("en")) == ()


def test_reasons_speak_the_shoppers_language() -> None:
    terms = [Term("look", "photo", 1.0, 1.0)]
    assert explain(ITEM, terms, Context("zh"))[0].label == "看起来像您的照片"
    assert explain(ITEM, terms, Context("zh-hans"))[0].label == "看起来像您的照片"
    assert explain(ITEM, terms, Context("fr"))[0].label == "Looks like your photo"


@pytest.mark.parametrize(
    ("kind", "label"),
    [("purchase", "Because you bought Stove"), ("click", "Because you looked at Stove"), ("like", "Because you liked Stove")],
)
def test_a_history_reason_names_the_item_that_speaks(kind: str, label: str) -> None:
    context = Context("en", history_reason=lambda item_id: (kind, "Stove"))
    assert explain(ITEM, [Term("text", "history", 0.2, 2.0)], context)[0].label == label


def test_without_an_item_that_speaks_there_is_no_history_reason() -> None:
    assert explain(ITEM, [Term("text", "history", 0.2, 2.0)], Context("en")) == ()


def test_matched_words_are_spelled_as_the_item_spells_them_and_follow_its_language() -> None:
    item = make_item("x", "Padded Chair", translations={"zh": ItemText("舒适软垫椅子", "柔软的椅子")})
    assert matched_words(item, ["chairs"]) == ["Chair"]
    assert matched_words(item, ["椅子"], said="椅子") == ["椅子"]
    assert matched_words(item, ["chair", "椅子"], "zh") == ["椅子"]
    assert matched_words(item, ["chair", "椅子"], "en") == ["Chair"]
    assert matched_words(item, []) == []


def test_what_was_only_added_to_the_search_is_never_cited_by_itself() -> None:
    item = make_item("x", "Balloon Seat", category=("Furniture",), translations={"zh": ItemText("气球凳", "座位")})
    added = ["red", "chair", "Furniture", "家具"]
    assert matched_words(item, added, "zh", said="chair") == []
    assert matched_words(item, [*added, "seats"], "zh", said="red seats") == ["seats"]  # the shopper's own word
    assert matched_words(item, added, "en", said="red chair") == []
    term = [Term("lexical", "words", 0.3, 2.0)]
    told = explain(item, term, Context("zh", words=added, said="chair"))
    assert [(r.code, r.label) for r in told] == [("matches_request", "文字与您的要求相符")]
    assert legs_of_reason(told[0], term) == {("words", "lexical")}
    assert explain(item, term, Context("zh", words=["lamp"], said="lamp")) == ()
