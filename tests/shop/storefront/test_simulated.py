"""Pages say when what they show was learnt from simulated shoppers, in both languages, and only then."""

from __future__ import annotations

import pytest

from recommender.engine import reset_engine

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("language", "says"),
    [("en", "learnt from simulated shoppers"), ("zh-hans", "根据模拟顾客的行为")],
)
def test_every_page_says_that_simulated_shoppers_count(client, products, settings, language, says):
    assert says not in client.get("/", headers={"accept-language": language}).content.decode()
    settings.RECOMMENDER = {**settings.RECOMMENDER, "USE_SIMULATED": True}
    for path in ("/", "/cart", products[0].get_absolute_url()):
        assert says in client.get(path, headers={"accept-language": language}).content.decode()
    reset_engine()
