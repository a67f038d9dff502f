"""recommender.services.visitors: tokens that only this instance can sign."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import signing

from recommender.catalog import Shopper
from recommender.exceptions import InvalidVisitorToken
from recommender.services import visitors
from recommender.services.visitors import new_visitor, owns, read_visitor_token, sign_visitor


def test_token_names_the_visitor_and_the_consent():
    for personalization in (True, False):
        visitor = new_visitor(personalization=personalization)
        assert read_visitor_token(sign_visitor(visitor).token) == visitor


def test_no_two_visitors_share_an_id():
    assert len({new_visitor().visitor_id for _ in range(1000)}) == 1000


# The last one holds the time at which it was signed, so it gets a name of its own: test ids must not change between runs.
OTHER = pytest.param(signing.dumps({"v": "v_1", "p": 1}, salt="other"), id="signed for something else")


@pytest.mark.parametrize("forge", ["", "x", "é:é:é", OTHER])
def test_token_of_someone_else_is_refused(forge):
    with pytest.raises(InvalidVisitorToken, match="not signed here"):
        read_visitor_token(forge)


def test_altered_token_is_refused():
    token = sign_visitor(new_visitor()).token
    body, rest = token.split(":", 1)
    with pytest.raises(InvalidVisitorToken):
        read_visitor_token(body[:-1] + ("A" if body[-1] != "A" else "B") + ":" + rest)


def test_old_token_is_refused(monkeypatch):
    token = sign_visitor(new_visitor()).token
    monkeypatch.setattr(visitors, "VISITOR_TOKEN_AGE", timedelta(seconds=-1))
    with pytest.raises(InvalidVisitorToken):
        read_visitor_token(token)


@pytest.mark.parametrize(
    ("shopper", "owned"),
    [
        (Shopper(), (False, False, False)),
        (Shopper(visitor_id="v"), (False, True, False)),
        (Shopper(user_id="1"), (True, False, False)),
        (Shopper(user_id="2", visitor_id="v"), (False, True, False)),
    ],
)
def test_users_rows_are_theirs_alone_and_rows_of_nobody_are_nobodys(shopper, owned):
    rows = [("1", "v"), ("", "v"), ("", "")]
    assert tuple(owns(shopper, user_id=user, visitor_id=visitor) for user, visitor in rows) == owned
