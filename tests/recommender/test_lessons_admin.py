"""People teach the parser in the admin: what cannot work is refused in words, what can is in force with the next request."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.db import transaction
from django.urls import reverse

from fusion.types import Item, Money, Strength
from recommender.admin.lesson_forms import CorrectionForm, LessonForm, StopPhraseForm, SynonymForm
from recommender.catalog import Shopper
from recommender.encoders import set_encoders
from recommender.engine import Engine, get_engine, reset_engine
from recommender.models import Correction, Recommendation, StopPhrase, Synonym
from recommender.services import indexing, lesson_import, teaching
from recommender.services.outbox import mark_stale
from recommender.services.serving import RecommendationRequest, recommend
from tests.encoders import HashedWords

pytestmark = pytest.mark.django_db


def item(item_id: str, title: str, category: str, colour: str, brand: str, price: str) -> Item:
    money = Money.from_major(Decimal(price), "USD")
    return Item(item_id, title, category=("Apparel", category), brand=brand, price=money, attributes={"color": (colour,)})


@pytest.fixture
def shop(host):
    set_encoders([HashedWords()])
    reset_engine()
    host.items = {
        "a": item("a", "Air runner", "Sneakers", "Red", "Nike", "40"),
        "b": item("b", "Evening gown", "Dresses", "Black", "Zara", "90"),
        "c": item("c", "Plain tee", "T-Shirts", "Navy Blue", "Uniqlo", "10"),
    }
    mark_stale(host.items)
    indexing.drain()
    yield host
    set_encoders(None)
    reset_engine()


@pytest.fixture
def admin_client(client, django_user_model):
    """A superuser who never typed a password: hashing one takes longer than all the rest of a test."""
    client.force_login(django_user_model.objects.create_superuser("admin", password=None))
    return client


def refusal(form: type[LessonForm], **data: object) -> str:
    """What the form says against a lesson; "" when it takes it, and then it is saved."""
    filled = form({"active": "on", "language": "any", **data})
    if filled.is_valid():
        filled.save()
        return ""
    return " ".join(message for messages in filled.errors.values() for message in messages)


def add(client, model: str, **data: object) -> str:
    """What the page says after the form was sent; "" when it was saved."""
    response = client.post(reverse(f"admin:recommender_{model}_add"), {"active": "on", **data})
    return "" if response.status_code == 302 else response.content.decode()


def synonym(client, words: str, means: str, **more: object) -> str:
    return add(client, "synonym", words=words, means=means, **{"language": "any", **more})


def chips(text: str, engine: Engine | None = None) -> set[str]:
    engine = engine or get_engine()
    engine.refresh()
    found = engine.parser.parse(text).constraints
    return {f"{c.field}{'!' if c.operator == 'not_in' else ''}={'|'.join(c.values)}" for c in found if c.values}


def test_a_saved_synonym_counts_in_the_next_request_of_every_process(shop, admin_client, django_assert_num_queries):
    here, elsewhere = get_engine(), Engine()
    assert chips("blonkies", here) == chips("blonkies", elsewhere) == set()
    assert synonym(admin_client, "blonkies", "category=sneakers") == ""
    assert chips("blonkies", here) == chips("blonkies", elsewhere) == {"category=Apparel/Sneakers"}
    with django_assert_num_queries(1):
        elsewhere.refresh()
    served = recommend(RecommendationRequest(text="blonkies"), Shopper())
    assert [ranked.item.item_id for ranked in served.answer.items] == ["a"]
    Synonym.objects.get().delete()
    assert chips("blonkies", here) == chips("blonkies", elsewhere) == set()


def test_switching_off_and_on_counts_at_once_too(shop, admin_client):
    synonym(admin_client, "blonkies", "category=Sneakers")
    row = Synonym.objects.get()
    assert (row.means, row.taught_by) == ("category=Apparel/Sneakers", "admin")
    for action, expected in (("switch_off", set()), ("switch_on", {"category=Apparel/Sneakers"})):
        data = {"action": action, "_selected_action": [row.pk]}
        admin_client.post(reverse("admin:recommender_synonym_changelist"), data)
        assert chips("blonkies") == expected


def test_a_lesson_that_is_rolled_back_reaches_nobody(shop):
    with transaction.atomic():
        Synonym.objects.create(words="blonkies", means="category=Apparel/Sneakers")
        transaction.set_rollback(True)
    assert chips("blonkies") == set()


@pytest.mark.parametrize(
    ("words", "means", "more", "said"),
    [
        ("blonkies", "colr=Red", {}, 'No product has a field "colr". Did you mean: color?'),
        ("blonkies", "color=Rad", {}, 'No product has "Rad" in the field "color". Did you mean: Red?'),
        ("blonkies", "category=Sneaker", {}, "Did you mean: Apparel/Sneakers"),
        ("blonkies", "color!=Red", {}, "A synonym means a value"),
        ("blonkies", "price<=50", {}, "A synonym means a value"),
        ("blonkies", "color=Red", {"two_way": "on"}, "A value of the catalogue has no way back"),
        ("Blonkies", "blonkies!", {}, "already means itself"),
        ("!!!", "sneakers", {}, "There are no letters or numbers in this"),
        ("one two three four five six seven eight nine", "x", {}, "9 words are too many: at most 8"),
        ("x" * 81, "sneakers", {}, "at most 80 characters"),
        ("not", "sneakers", {}, "cannot be taught away"),
        ("under", "sneakers", {}, "cannot be taught away"),
        ("sneakers", "不要", {"two_way": "on"}, "cannot be taught away"),
        ("KNOWN", "Sneakers", {}, "This is taught already"),
        ("sneakers", "known", {}, "The way back is taught already"),
        ("sneakers", "first", {}, "This goes round in a circle: sneakers → first → known → sneakers"),
        ("passed over", "sneakers", {}, "is a stop phrase"),
    ],
)
def test_a_synonym_that_cannot_work_is_refused_with_the_reason(shop, words, means, more, said):
    Synonym.objects.create(words="known", means="sneakers")
    Synonym.objects.create(words="first", means="known")
    StopPhrase.objects.create(phrase="passed over")
    assert said in refusal(SynonymForm, words=words, means=means, **more)
    assert Synonym.objects.count() == 2


def test_one_word_may_have_two_meanings_and_one_meaning_per_language(shop):
    assert refusal(SynonymForm, words="sofa", means="couch", two_way="on") == ""
    assert refusal(SynonymForm, words="sofa", means="settee", two_way="on") == ""
    assert refusal(SynonymForm, words="settee", means="couch", two_way="on") == ""  # all three mean each other: no circle
    assert refusal(SynonymForm, words="ins", means="instagram", language="zh") == ""
    assert refusal(SynonymForm, words="ins", means="instagram", language="en") == ""
    assert "taught already" in refusal(SynonymForm, words="ins", means="instagram", language="any")


@pytest.mark.parametrize("phrase", ["not", "不要", "under", "no laces", "两百以内", "只要"])
def test_a_stop_phrase_that_would_swallow_meaning_is_refused(phrase):
    assert "cannot be taught away" in refusal(StopPhraseForm, phrase=phrase)
    assert not StopPhrase.objects.exists()


def test_a_stop_phrase_is_saved_once_and_never_over_a_synonym(shop, admin_client):
    assert add(admin_client, "stopphrase", phrase="bestie", language="en") == ""
    assert "taught already" in refusal(StopPhraseForm, phrase="Bestie!")
    Synonym.objects.create(words="blonkies", means="sneakers")
    assert "is a synonym" in refusal(StopPhraseForm, phrase="blonkies")
    get_engine().refresh()
    assert get_engine().parser.parse("bestie sneakers").rest == "sneakers"


def test_a_correction_is_put_into_the_catalogues_spelling_and_read_at_once(shop, admin_client):
    page = add(
        admin_client,
        "correction",
        text="Something for the night",
        musts="colour=black\ncategory=dresses\nprice<=100",
        avoids="brand=nike",
        order="price asc",
        rest="evening",
        wanted="for the night",
    )
    assert page == ""
    row = Correction.objects.get()
    assert row.musts == ["color=Black", "category=Apparel/Dresses", "price<=100"]
    assert (row.avoids, row.wanted) == (["brand=Nike"], ["for the night"])
    served = recommend(RecommendationRequest(text="something for the night!"), Shopper())
    assert [ranked.item.item_id for ranked in served.answer.items] == ["b"]
    assert served.answer.instruction.rest == "evening"
    assert served.answer.instruction.constraints[-1].strength in (Strength.MUST, Strength.AVOID)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "Say what the request means"),
        ({"musts": "colr=Red"}, "Did you mean: color?"),
        ({"musts": "color=Purple"}, 'No product has "Purple"'),
        ({"musts": "red shoes"}, "cannot be read. Write"),
        ({"musts": "price<=cheap"}, "is no number or range"),
        ({"musts": "price=50..20"}, "is no number or range"),
        ({"wants": "color!=Red"}, "a refusal stands among the musts"),
        ({"musts": "color=Red", "avoids": "color=red"}, "is both asked for and refused"),
        ({"musts": "color=Red", "wanted": "shoes"}, "is not in the request"),
        ({"musts": "\n".join(f"color={i}" for i in range(21))}, "At most 20 lines"),
        ({"text": "known", "musts": "color=Red"}, "is corrected already"),
        ({"text": "?!", "musts": "color=Red"}, "There are no letters or numbers"),
    ],
)
def test_a_correction_that_cannot_work_is_refused_with_the_reason(shop, data, said):
    Correction.objects.create(text="Known", musts=["color=Red"])
    assert said in refusal(CorrectionForm, **{"text": "the blue one", **data})
    assert Correction.objects.count() == 1


def test_the_form_says_why_and_keeps_what_was_typed(shop, admin_client):
    page = synonym(admin_client, "blonkies", "color=Rad")
    assert "No product has &quot;Rad&quot; in the field &quot;color&quot;. Did you mean: Red?" in page
    assert 'value="color=Rad"' in page


def test_the_try_page_shows_how_a_request_is_read_and_leads_to_a_prefilled_correction(shop, admin_client):
    page = admin_client.get(
        reverse("admin:recommender_synonym_try_it"), {"q": "red sneakers under $50, no zzyzx"}
    ).content.decode()
    for said in ("“red”", "color=Red", "price&lt;=50", "zzyzx"):
        assert said in page
    form = admin_client.get(reverse("admin:recommender_correction_add"), {"text": "red sneakers under $50, no zzyzx"})
    initial = form.context["adminform"].form.initial
    assert initial["musts"] == ["category=Apparel/Sneakers", "color=Red", "price<=50"]
    assert (initial["wanted"], initial["unwanted"], initial["avoid"]) == (["red", "sneakers"], ["zzyzx"], "zzyzx")
    assert "color=Red" in form.content.decode()


def test_what_was_lately_not_understood_is_counted_without_saying_who_asked(shop, admin_client):
    for text in ("zzyzx lamp", "Zzyzx  lamp!", "sneakers"):
        recommend(RecommendationRequest(text=text), Shopper(visitor_id="secret-visitor"))
    recommend(RecommendationRequest(text="old zzyzx"), Shopper())
    Recommendation.objects.filter(request__text="old zzyzx").update(created_at="2020-01-01T00:00Z")
    page = admin_client.get(reverse("admin:recommender_synonym_try_it"))
    (found,) = page.context["unanswered"]
    assert (found.text, found.times, found.unparsed) == ("Zzyzx  lamp!", 2, ("zzyzx",))
    assert "secret-visitor" not in page.content.decode()
    assert f"{reverse('admin:recommender_synonym_add')}?words=zzyzx" in page.content.decode()


def staff(django_user_model, client, *codenames: str) -> None:
    user = django_user_model.objects.create_user("staff", password=None, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client.force_login(user)


def test_who_may_only_look_sees_neither_other_peoples_requests_nor_a_way_to_teach(shop, client, django_user_model):
    staff(django_user_model, client, "view_synonym")
    recommend(RecommendationRequest(text="zzyzx lamp"), Shopper())
    page = client.get(reverse("admin:recommender_synonym_try_it"), {"q": "red zzyzx"})
    assert page.status_code == 200
    assert "unanswered" not in page.context
    text = page.content.decode()
    assert "This meant something else" not in text
    assert reverse("admin:recommender_synonym_add") not in text
    assert client.get(reverse("admin:recommender_synonym_import_many")).status_code == 403
    assert client.get(reverse("admin:recommender_correction_add")).status_code == 403


def test_without_any_right_the_try_page_is_closed(shop, client, django_user_model):
    staff(django_user_model, client)
    assert client.get(reverse("admin:recommender_synonym_try_it")).status_code == 403


def test_pasted_lines_are_taught_together(shop, admin_client):
    lines = "blonkies, category=sneakers\n\n老爹鞋, 运动鞋, 是, zh\nbro\tx"
    assert lesson_import.import_synonyms(lines.replace("\nbro\tx", "")) == (2, [])
    assert chips("blonkies") == {"category=Apparel/Sneakers"}
    response = admin_client.post(reverse("admin:recommender_synonym_import_many"), {"lines": "swoosh\tbrand=nike\tno\ten"})
    assert response.status_code == 302
    assert set(Synonym.objects.values_list("words", "means", "two_way", "language", "taught_by")) == {
        ("blonkies", "category=Apparel/Sneakers", False, "any", ""),
        ("老爹鞋", "运动鞋", True, "zh", ""),
        ("swoosh", "brand=Nike", False, "en", "admin"),
    }


def test_pasted_lines_with_a_mistake_teach_nothing_and_say_which(shop, admin_client):
    lines = "a1, b1\nb1, a1\nalone\nx1, y1, perhaps\nx1, y1, no, fr\nx1, color=Rad\n" + "z" * 99 + ", y"
    page = admin_client.post(reverse("admin:recommender_synonym_import_many"), {"lines": lines}).content.decode()
    for said in ("Line 2: The way back", "Line 3: 1 fields", "Line 4:", "Line 5:", "Line 6:", "Line 7:"):
        assert said in page
    assert "Line 1:" not in page
    assert not Synonym.objects.exists()
    assert chips("a1") == set()


@pytest.mark.parametrize("name", ["synonym", "stopphrase", "correction"])
def test_every_list_of_lessons_opens_and_searches(shop, admin_client, name):
    Synonym.objects.create(words="blonkies", means="sneakers")
    StopPhrase.objects.create(phrase="bestie")
    Correction.objects.create(text="the blue one", musts=["color=Navy Blue"])
    address = reverse(f"admin:recommender_{name}_changelist")
    assert admin_client.get(address, {"q": "b", "active__exact": 1}).status_code == 200
    assert admin_client.get(reverse(f"admin:recommender_{name}_try_it")).status_code == 200


def test_switching_what_is_on_already_wakes_nobody(shop):
    Synonym.objects.create(words="blonkies", means="sneakers")
    engine = get_engine()
    engine.refresh()
    seen = engine.taught
    assert teaching.switch(Synonym.objects.all(), on=True) == 0
    engine.refresh()
    assert engine.taught == seen
