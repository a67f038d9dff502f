import pytest


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("black shirt under 300", ["Color: Black", "Category: Shirts", "up to CN¥300"]),
        ("not black", ["not black"]),
        ("黑色衬衫300以内", ["颜色：黑色", "类别：衬衫", "¥300以内"]),
        ("不要黑色", ["不要：黑色"]),
        ("between 20 and 30", ["CN¥20–CN¥30"]),
        ("便宜的", ["价格更低"]),
        ("in stock", ["In stock"]),
    ],
)
def test_chips_speak_the_language_of_the_request(clothes, text, labels):
    assert [c.label for c in clothes.parse(text).constraints] == labels


def test_the_language_parameter_overrides_the_text(clothes):
    assert [c.label for c in clothes.parse("not black", language="zh").constraints] == ["不要：黑色"]
