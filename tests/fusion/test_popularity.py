from fusion.popularity import Choice, popularity


def many(item_id: str, n: int, age: float = 0.0, kind: str = "purchase") -> list[Choice]:
    return [Choice(item_id, f"shopper{n}", kind, age) for n in range(n)]


def test_more_buyers_are_more_popular_and_nobody_is_nothing() -> None:
    found = popularity([*many("a", 5), *many("b", 2)], 10)
    assert found["a"] > found["b"] > 0
    assert popularity([], 10) == {}


def test_a_hundred_clicks_of_one_shopper_count_as_one() -> None:
    clicks = [Choice("a", "fan", "click", age / 24) for age in range(100)]
    assert popularity(clicks, 10) == popularity(clicks[:1], 10)


def test_a_purchase_weighs_more_than_a_view_and_a_dislike_nothing() -> None:
    found = popularity([*many("bought", 1), *many("seen", 1, kind="view"), *many("disliked", 9, kind="dislike")], 10)
    assert found.keys() == {"bought", "seen"}
    assert found["bought"] > found["seen"]


def test_what_is_lately_wanted_passes_what_once_was() -> None:
    found = popularity([*many("was", 20, age=60), *many("new", 12, age=1)], 10)
    assert found["new"] > found["was"]


def test_in_a_quiet_time_the_long_run_decides() -> None:
    found = popularity([*many("was", 20, age=120), *many("rare", 2, age=120)], 10)
    assert found["was"] > found["rare"] > 0


def test_one_buyer_does_little_where_many_are_usual() -> None:
    usual = [choice for n in range(50) for choice in many(f"usual{n}", 20)]
    found = popularity([*usual, *many("lucky", 1)], 51)
    assert found["lucky"] < 0.75 * found["usual0"]


def test_the_future_and_what_is_long_ago_are_not_counted() -> None:
    assert popularity([*many("tomorrow", 9, age=-1), *many("old", 9, age=400)], 10) == {}
