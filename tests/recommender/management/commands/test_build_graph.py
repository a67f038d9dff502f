"""manage.py build_graph and the worker's task: the same build, in the ledger."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from recommender import tasks
from recommender.models import Artefact, Job
from tests.recommender.graph_shop import ITEMS, buy, index, people

pytestmark = pytest.mark.django_db


def test_command_says_what_it_built(host, capsys):
    index(ITEMS)
    buy("tent", "stove", by=people(5))
    buy("suit", by=people(9, "other"))
    call_command("build_graph")
    assert "Graph 1: 5 items" in capsys.readouterr().out
    job = Job.objects.get()
    assert (job.kind, job.state, job.done) == ("graph", "done", 5)
    assert "1 pairs bought together" in job.message


def test_task_replaces_the_graph(host):
    index(ITEMS)
    tasks.build_graph()
    tasks.build_graph()
    assert Artefact.objects.values_list("kind", "version").get() == ("graph", 2)


def test_a_shop_without_products_has_an_empty_graph(host):
    tasks.build_graph()
    assert Artefact.objects.get().about["items"] == 0
