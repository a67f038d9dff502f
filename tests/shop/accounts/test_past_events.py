from datetime import UTC, datetime

import pytest

from recommender.models import Event
from shop.accounts.past_events import import_past_events, parse_event
from shop.catalog.importing.reading import RawRow, read_rows
from shop.catalog.importing.report import RowRefused
from shop.recommendations import record_past_events
from tests.shop.makers import make_product, write_jsonl

LINE = {"user": "17850", "sku": "a", "type": "purchase", "at": "2026-01-02T10:00:00Z"}


def test_event_is_read_with_its_time_zone_and_common_names_for_its_kind():
    event = parse_event(
        RawRow(1, {"user": 17850, "sku": "a", "type": "Buy", "at": "2026-01-02T10:00:00+08:00", "quantity": "3"})
    )
    assert (event.user, event.kind, event.quantity) == ("17850", "purchase", 3)
    assert event.at.astimezone(UTC) == datetime(2026, 1, 2, 2, 0, tzinfo=UTC)
    assert parse_event(RawRow(1, {**LINE, "at": 1700000000})).at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


def test_event_id_depends_on_the_moment_and_not_on_how_it_is_written():
    ids = {parse_event(RawRow(1, {**LINE, "at": at})).event_id for at in ("2026-01-02T10:00:00Z", "2026-01-02T18:00:00+08:00")}
    assert len(ids) == 1
    assert len(ids.pop()) <= 64


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"user": ""}, "user is missing"),
        ({"sku": None}, "sku is missing"),
        ({"at": "yesterday"}, "is not a time"),
        ({"at": "99999999999999"}, "is not a time"),
        ({"quantity": 0}, "quantity"),
        ({"user": ["a"]}, "user is a list"),
        ({"user": "x" * 65}, "64"),
    ],
)
def test_bad_event_is_refused_with_the_reason(change, reason):
    with pytest.raises(RowRefused, match=reason):
        parse_event(RawRow(1, {**LINE, **change}))


@pytest.mark.django_db
def test_file_of_events_is_imported_once_and_its_faults_are_counted(tmp_path):
    make_product("a")
    path = write_jsonl(
        tmp_path / "events.jsonl",
        [
            LINE,
            LINE,
            {**LINE, "sku": "nope"},
            {**LINE, "sku": "nope", "user": "u2"},
            {**LINE, "type": "dance"},
            "garbage",
            {**LINE, "type": "view"},
        ],
    )
    report = import_past_events(read_rows(path, required="user"), record_past_events)
    assert (report.rows, report.accepted, report.duplicates, report.unknown_skus) == (7, 2, 1, {"nope": 2})
    assert sorted(problem.row for problem in report.refused) == [5, 6]
    again = import_past_events(read_rows(path, required="user"), record_past_events)
    assert (again.accepted, again.duplicates) == (0, 3)
    assert set(Event.objects.values_list("user_id", "item_id", "kind")) == {("17850", "a", "purchase"), ("17850", "a", "view")}
