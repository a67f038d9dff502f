import pytest

from fusion.colour_words import colours_named


@pytest.mark.parametrize(
    ("title", "colours"),
    [
        ("Yellow umbrella", ("yellow",)),
        ("Nike Men Black-White Running Shoe", ("black", "white")),
        ("Navy blue blazer", ("navy", "blue")),
        ("Redmi phone", ()),
        ("黑色真皮沙发", ("black",)),
        ("金属书架", ()),
        ("Wooden stool", ()),
        ("Rose face cream", ()),
        ("Cream white lamp", ("white",)),
        ("", ()),
    ],
)
def test_a_title_names_its_colours(title: str, colours: tuple[str, ...]) -> None:
    assert colours_named(title) == colours
