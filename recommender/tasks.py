"""Thin Celery tasks. The database is the truth: a message carries nothing and losing one loses nothing."""

from __future__ import annotations

import logging

from celery import shared_task

from recommender import background, worker  # noqa: F401  (its signals: heartbeat and warm-up of every worker process)
from recommender.conf import get_settings
from recommender.control import why_frozen
from recommender.graph import KIND as GRAPH
from recommender.models import Artefact, StaleItem
from recommender.services import ledger

logger = logging.getLogger(__name__)

BUDGET_SECONDS = 30.0
HARD_LIMIT_SECONDS = 240


def send_drain() -> None:
    """Ask a worker to look at the outbox. No retry; the message dies with the next look a worker takes by itself."""
    drain.apply_async(retry=False, expires=max(5, get_settings().DRAIN_EVERY))


@shared_task(ignore_result=True, acks_late=True, time_limit=HARD_LIMIT_SECONDS)  # type: ignore[untyped-decorator]
def drain() -> None:
    """Work the outbox off for up to half a minute; what is left gets a message of its own."""
    if not StaleItem.objects.exists():
        return
    from recommender.services import indexing

    waiting = StaleItem.objects.values("item_id").distinct().count()
    if waiting <= get_settings().BATCH_SIZE:  # a save or two is no job worth a line in the ledger
        report = indexing.drain(seconds=BUDGET_SECONDS)
    else:
        with ledger.track("index", total=waiting) as job:
            report = indexing.drain(seconds=BUDGET_SECONDS, on_progress=job)
            job.job.failed = report.failed
    logger.info(
        "event=drained items=%d encoded=%d failed=%d seconds=%.2f revision=%d",
        report.items, sum(report.encoded.values()), report.failed, report.seconds, report.revision,
    )  # fmt: skip
    if report.items and not report.finished:
        send_drain()
    elif report.items:
        _build_first_graph()


def _build_first_graph() -> None:
    """A new shop need not wait until night for its graph."""
    if not Artefact.objects.filter(kind=GRAPH).exists():
        try:
            build_graph.apply_async(retry=False)
        except Exception as error:
            logger.warning("event=graph_not_sent error=%r hint='manage.py build_graph builds it'", error)


@shared_task(ignore_result=True, acks_late=True)  # type: ignore[untyped-decorator]
def reconcile() -> None:
    """Compare the whole catalogue with the index; what differs is marked and drained like any save."""
    from recommender.services import indexing

    with ledger.track("reconcile") as job:
        report = indexing.reconcile(job)
        job.job.message = report.summary


@shared_task(ignore_result=True, acks_late=True)  # type: ignore[untyped-decorator]
def learn_behaviour() -> None:
    """Learn from the log what shoppers choose together."""
    from recommender.services import behaviour

    if frozen := why_frozen():
        logger.info("event=behaviour_not_learnt reason=%r", frozen)
        return
    with ledger.track("behaviour") as job:
        report = behaviour.learn()
        job.job.message = report.reason or f"version {report.version}: {report.n_items} items, {report.n_pairs} neighbours"


@shared_task(ignore_result=True, acks_late=True)  # type: ignore[untyped-decorator]
def watch_experiment() -> None:
    """Look at the A/B split that runs, and end it when it certainly does harm."""
    from recommender.services import experiments

    experiments.watch()


@shared_task(ignore_result=True)  # type: ignore[untyped-decorator]
def purge() -> None:
    """Delete what is past its retention: answers, events, uploaded photos, old jobs."""
    from recommender.services import retention

    retention.purge()
    ledger.tidy()


@shared_task(ignore_result=True, acks_late=True)  # type: ignore[untyped-decorator]
def build_graph() -> None:
    """Build the product graph anew from the catalogue and from what was bought."""
    from recommender.services import graphs

    with ledger.track("graph") as job:
        report = graphs.rebuild()
        job.job.total = job.job.done = report.items
        job.job.message = report.summary


@shared_task(ignore_result=True)  # type: ignore[untyped-decorator]
def train_fusion(objective: str = "softmax", simulated: str = "exclude", seed: int = 0) -> None:
    """Begin to learn the gate from the log, beside this worker."""
    background.start("train_fusion", objective=objective, simulated=simulated, seed=seed)


@shared_task(ignore_result=True)  # type: ignore[untyped-decorator]
def learn_policy(learner: str = "", simulated: str = "exclude", seed: int = 0) -> None:
    """Begin to learn a policy over the arms from the log, beside this worker."""
    background.start("learn_policy", learner=learner, simulated=simulated, seed=seed)


@shared_task(ignore_result=True)  # type: ignore[untyped-decorator]
def adapt_encoders(seed: int = 0, texts: str = "pairs", method: str = "heads") -> None:
    """Begin to adapt the encoder to the catalogue, beside this worker."""
    background.start("adapt_encoders", seed=seed, texts=texts, method=method)
