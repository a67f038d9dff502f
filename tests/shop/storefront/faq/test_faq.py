import re

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError

from recommender.encoders import set_encoders
from recommender.engine import reset_engine
from shop.faq import selectors
from shop.faq.models import Answer, Question
from shop.faq.selectors import all_answers, answer_to, begun_questions
from shop.faq.services import seed_demo_answers

pytestmark = pytest.mark.django_db


@pytest.fixture
def answers(products, monkeypatch):
    """The demo's answers in the small shop, whose encoder nobody calibrated: words alone match."""
    monkeypatch.setattr(selectors, "_prepared", None)
    seed_demo_answers()


def test_demo_answers_come_in_both_languages_and_once(db):
    n = seed_demo_answers()
    assert n == Question.objects.count() >= 6
    assert Answer.objects.filter(language="en").count() == Answer.objects.filter(language="zh-hans").count() == n
    Answer.objects.filter(question__slug="returns", language="en").update(text="Ours.")
    assert seed_demo_answers() == 0
    assert Answer.objects.get(question__slug="returns", language="en").text == "Ours."


def test_what_sounds_like_a_question_is_written_beside_it(db):
    seed_demo_answers()
    assert "return gift" in Answer.objects.get(question__slug="returns", language="en").exceptions


def test_question_gets_the_answer_in_the_pages_language(answers):
    assert answer_to("Where is my order?", "en").title == "Where is my order?"
    found = answer_to("where is my order", "zh-hans")
    assert (found.language, found.page_url, found.clear) == ("zh-hans", "/orders", True)
    assert answer_to("怎么退货", "en").slug == "returns"


@pytest.mark.parametrize("text", ["return gift for mum", "black order book", "red lamp", "回礼", "订单本", ""])
def test_products_are_no_questions(answers, text):
    assert answer_to(text, "en") is None


def test_an_edit_holds_from_the_next_request_on(answers):
    assert answer_to("do you gift-wrap", "en") is None
    answer = Answer.objects.get(question__slug="returns", language="en")
    answer.phrasings += "\ndo you gift wrap"
    answer.save()
    assert answer_to("do you gift-wrap", "en").slug == "returns"
    Question.objects.get(slug="returns").delete()
    assert answer_to("do you gift-wrap", "en") is None


def test_switched_off_answers_are_neither_matched_nor_listed(answers):
    question = Question.objects.get(slug="order-status")
    question.is_active = False
    question.save()
    assert answer_to("where is my order", "en") is None
    assert "order-status" not in [answer.slug for answer in all_answers("en")]


def test_an_answer_in_one_language_is_better_than_none(answers):
    Answer.objects.filter(question__slug="returns", language="zh-hans").delete()
    assert answer_to("how do I return an item", "zh-hans").language == "en"


def test_no_encoder_and_no_answers_are_no_failure(products):
    assert answer_to("where is my order", "en") is None
    seed_demo_answers()
    set_encoders([])
    reset_engine()
    assert answer_to("where is my order", "en").slug == "order-status"


def test_begun_questions_are_suggested_as_help(client, answers):
    assert [found.answer.slug for found in begun_questions("where is my or", "en")] == ["order-status"]
    assert begun_questions("w", "en") == []
    html = client.get("/search/suggest", {"q": "where is my or"}).content.decode()
    assert 'role="group" aria-label="Help"' in html
    assert 'href="/help#order-status"' in html
    assert html.count('role="option"') <= 10


def test_answer_page_shows_the_shops_answer_and_products_beside_it(client, answers):
    html = client.get("/search", {"q": "how do i return an item"}).content.decode()
    assert "From the shop’s own answers" in html
    assert 'href="/orders"' in html
    assert "Nothing matches that" not in html


def test_answer_page_of_products_has_no_answer_of_the_shop(client, answers):
    html = client.get("/search", {"q": "red lamp"}).content.decode()
    assert "From the shop’s own answers" not in html
    refined = client.get("/search", {"q": "where is my order", "sort": "price"}).content.decode()
    assert "From the shop’s own answers" not in refined


def test_help_lists_every_answer_in_the_pages_language(client, answers):
    html = client.get("/help").content.decode()
    assert html.count('class="help-item"') == Question.objects.count()
    client.cookies["django_language"] = "zh-hans"
    chinese = client.get("/help").content.decode()
    assert "怎么退货或换货？" in chinese
    assert not re.search(r"<h2[^>]*>[A-Za-z]", chinese)


def test_help_without_answers_says_so(client, db):
    assert "No answers yet" in client.get("/help").content.decode()


def test_answers_are_text(client, answers):
    Answer.objects.filter(question__slug="returns", language="en").update(text="<script>alert(1)</script>")
    assert "<script>alert" not in client.get("/help").content.decode()


def test_staff_edit_questions_with_their_answers(client, answers):
    client.force_login(User.objects.create_superuser("boss", "boss@example.com", "x"))
    assert client.get("/admin/faq/question/").status_code == 200
    question = Question.objects.get(slug="returns")
    html = client.get(f"/admin/faq/question/{question.pk}/change/").content.decode()
    assert "how do I return an item" in html


def test_a_database_that_fails_leaves_the_answers_out(client, answers, monkeypatch):
    def fail() -> None:
        raise DatabaseError("locked")

    monkeypatch.setattr(selectors, "_matcher", fail)
    assert answer_to("where is my order", "en") is None
    assert client.get("/search/suggest", {"q": "where is my or"}).status_code == 200
