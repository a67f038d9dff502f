"""recommender.receivers: the host's signals become outbox rows and events, and never its errors."""

from __future__ import annotations

import logging

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.dispatch import Signal

from recommender import receivers
from recommender.catalog import get_catalog
from recommender.models import StaleItem
from shop.catalog.models import Brand, Category, Product

pytestmark = pytest.mark.django_db


def stale() -> set[str]:
    ids = set(StaleItem.objects.values_list("item_id", flat=True))
    StaleItem.objects.all().delete()
    return ids


def make_product(sku: str, **given: object) -> Product:
    return Product.objects.create(sku=sku, name=f"Lamp {sku}", price_minor=100, currency="USD", **given)


def test_saved_and_deleted_products_are_stale():
    product = make_product("a")
    assert stale() == {"a"}
    product.delete()
    assert stale() == {"a"}


def test_renamed_category_and_brand_make_their_products_stale():
    category = Category.objects.add_root(instance=Category(name="Lamps"))
    brand = Brand.objects.create(name="Artemide")
    make_product("a", category=category)
    make_product("b", brand=brand)
    stale()
    category.name = "Lights"
    category.save()
    assert stale() == {"a"}
    brand.delete()
    assert stale() == {"b"}


def test_fixture_is_left_to_reconcile(tmp_path):
    make_product("a")
    call_command("dumpdata", "catalog.product", output=str(tmp_path / "products.json"))
    stale()
    call_command("loaddata", str(tmp_path / "products.json"), verbosity=0)
    assert stale() == set()


def test_adapter_that_fails_does_not_break_the_save(monkeypatch, caplog):
    def broken(instance):
        raise RuntimeError("no such relation")

    monkeypatch.setattr(get_catalog(), "item_ids_for", broken)
    with caplog.at_level(logging.ERROR, logger="recommender.receivers"):
        make_product("a")
    assert Product.objects.filter(sku="a").exists()
    assert caplog.records[0].getMessage().startswith("event=mark_failed reason=saved")


def test_feedback_that_fails_does_not_break_the_host(monkeypatch, caplog):
    def broken(kind, payload):
        raise RuntimeError("no such payload")

    signal = Signal()
    monkeypatch.setattr(get_catalog(), "feedback_for", broken)
    receivers._listen("tested", signal)
    with caplog.at_level(logging.ERROR, logger="recommender.receivers"):
        signal.send(sender=None)
    assert caplog.records[0].getMessage() == "event=feedback_failed kind=tested"


@pytest.fixture
def watched_users(monkeypatch):
    """Users as items, because they have a many-to-many relation."""
    receivers._watch(User)
    monkeypatch.setattr(get_catalog(), "item_ids_for", lambda instance: [f"user-{instance.pk}"])
    yield
    for signal in (receivers.post_save, receivers.pre_delete):
        signal.disconnect(sender=User, dispatch_uid="recommender.receivers.auth.User")
    for field in User._meta.many_to_many:
        through = field.remote_field.through
        receivers.m2m_changed.disconnect(sender=through, dispatch_uid=f"recommender.receivers.auth.User.{field.name}")


def test_many_to_many_change_is_seen_from_both_sides(watched_users):
    from django.contrib.auth.models import Group

    user, group = User.objects.create(username="u"), Group.objects.create(name="g")
    mine = {f"user-{user.pk}"}
    stale()
    user.groups.add(group)
    assert stale() == mine
    group.user_set.remove(user)
    assert stale() == mine
    group.user_set.add(user)
    stale()
    group.user_set.clear()
    assert stale() == mine


def test_connecting_twice_marks_once():
    receivers.connect()
    make_product("a")
    assert StaleItem.objects.count() == 1


def test_wrong_catalog_setting_is_left_to_the_checks(settings, caplog):
    settings.RECOMMENDER = {**settings.RECOMMENDER, "CATALOG": "nowhere.Catalog"}
    receivers.connect()
    assert "event=not_connected" in caplog.text
