import pytest

from fusion.instructions.language import detect_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("black shoes", "en"),
        ("黑色跑鞋", "zh"),
        ("nike 跑鞋", "zh"),
        ("帮我找 under 300 的 nike 跑鞋", "zh"),
        ("show me a nice red 裙", "en"),
        ("123 !!", ""),
        ("", ""),
    ],
)
def test_language_follows_the_words_and_a_brand_does_not_make_a_request_english(text, language):
    assert detect_language(text) == language
