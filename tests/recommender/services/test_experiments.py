from __future__ import annotations

from datetime import timedelta
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from fusion.policy.experiments import assigned
from fusion.types import Query
from fusion.weighing import Context
from recommender import learnt
from recommender.engine import Engine
from recommender.exceptions import LearningFrozen, PromotionRefused
from recommender.models import Event, Experiment, IndexState, ModelChange, ModelVersion, Recommendation
from recommender.services import control, experiments, versions
from tests.recommender.services.test_versions import BETTER
from tests.recommender.weighers import PATH, fixed_bytes

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture(autouse=True)
def _fixed_weighers(monkeypatch, host) -> None:
    monkeypatch.setattr(learnt, "LOAD_WEIGHER", PATH)


def candidate(factor: float = 2.0) -> ModelVersion:
    return versions.store("fusion", f"fixed:{factor}", fixed_bytes({"words/text": factor}, f"fixed:{factor}"), metrics=BETTER)


def sides_of(engine: Engine, n: int) -> dict[str, tuple[str, str]]:
    engine.refresh()
    weigher = engine.pipeline.weigher
    if weigher is None:
        return {}
    found = {f"u{k}": weigher.weigh(Context(unit=f"u{k}")) for k in range(n)}
    return {who: (weighing.side, weighing.policy) for who, weighing in found.items()}


def fill(experiment: Experiment, n: int, buys: dict[str, float], *, days_ago: float = 10.0, seed: int = 3) -> None:
    """n shoppers with one answer each, on the side that the experiment gives them; they buy with their side's chance."""
    rng, at = np.random.default_rng(seed), NOW - timedelta(days=days_ago)
    answers, events = [], []
    for k in range(n):
        who = f"s{seed}-{k}"
        side = assigned(experiment.name, who, {"candidate": experiment.share, "live": 1 - experiment.share})
        answers.append(
            Recommendation(
                user_id=who, experiment=experiment.name, side=side, timings={"search": 5.0}, created_at=at, expires_at=at
            )
        )
        if rng.random() < buys[side]:
            for kind in ("click", "add_to_cart", "purchase"):
                events.append(
                    Event(
                        kind=kind,
                        item_id="p",
                        user_id=who,
                        recommendation_id=answers[-1].pk,
                        occurred_at=at + timedelta(hours=1),
                    )
                )
    Recommendation.objects.bulk_create(answers)
    Event.objects.bulk_create(events)


def test_a_share_of_the_shoppers_is_weighed_by_the_candidate_and_each_of_them_stays_there() -> None:
    engine = Engine()
    experiments.start(candidate(), "ann", "try it", share=0.3)
    first, again = sides_of(engine, 1000), sides_of(Engine(), 1000)
    assert first == again
    share = sum(side == "candidate" for side, _policy in first.values()) / 1000
    assert 0.25 < share < 0.35
    assert dict(first.values()) == {"candidate": "fixed:2.0", "live": "default"}


def test_an_answer_says_which_side_it_counts_for_and_nobody_unknown_counts() -> None:
    experiment = experiments.start(candidate(), "ann", "try it", share=0.5)
    engine = Engine()
    engine.refresh()
    known = engine.pipeline.recommend(Query(text="lamp", unit="u1"))
    unknown = engine.pipeline.recommend(Query(text="lamp"))
    assert known.weighing.experiment == experiment.name
    assert known.weighing.side in ("candidate", "live")
    assert (unknown.weighing.experiment, unknown.weighing.side, unknown.weighing.policy) == ("", "", "default")
    assert "u1" not in str(known.context.to_json())


def test_a_better_candidate_is_found_better_and_may_then_be_promoted(settings) -> None:
    settings.RECOMMENDER = {**settings.RECOMMENDER, "CONFIRM_BY_EXPERIMENT": True}
    version = candidate()
    with pytest.raises(PromotionRefused) as refused:
        versions.promote(version, "ann", "looks good")
    assert set(refused.value.refusals) == {"unconfirmed"}
    experiment = experiments.start(version, "ann", "confirm it")
    fill(experiment, 1200, {"candidate": 0.30, "live": 0.15})
    watched = experiments.watch(NOW)
    assert watched is not None
    assert (watched.state, watched.verdict) == ("running", "better")
    assert watched.reading["low"] > 0
    assert watched.reading["reward"]["candidate"] == pytest.approx(1.4 * 0.30, abs=0.08)
    versions.promote(version, "ann", "confirmed")
    experiment.refresh_from_db()
    assert experiment.state == "stopped"
    assert IndexState.objects.get(pk=1).experiment == 0
    assert versions.live("fusion") == version


def test_a_harmful_candidate_is_taken_from_everybody_without_anybody_doing_anything() -> None:
    experiment = experiments.start(candidate(), "ann", "try it")
    fill(experiment, 1200, {"candidate": 0.10, "live": 0.30})
    stopped = experiments.watch(NOW)
    assert stopped is not None
    assert (stopped.state, stopped.verdict, stopped.stopped_by) == ("stopped", "worse", "experiment")
    assert sides_of(Engine(), 5) == {}
    assert list(ModelChange.objects.order_by("pk").values_list("action", flat=True)) == ["start", "stop"]
    assert experiments.watch(NOW) is None


def test_a_split_that_is_not_sound_concludes_nothing_and_ends() -> None:
    experiment = experiments.start(candidate(), "ann", "try it")
    fill(experiment, 800, {"candidate": 0.3, "live": 0.1})
    some = Recommendation.objects.filter(side="live").order_by("user_id").values_list("pk", flat=True)[:150]
    Recommendation.objects.filter(pk__in=list(some)).delete()
    stopped = experiments.watch(NOW)
    assert stopped is not None
    assert stopped.verdict == "mismatch"


def test_shoppers_count_once_their_days_are_over_and_only_on_one_side() -> None:
    experiment = experiments.start(candidate(), "ann", "try it", days=7)
    fill(experiment, 40, {"candidate": 1.0, "live": 1.0}, days_ago=3)
    Recommendation.objects.create(user_id="s3-0", experiment=experiment.name, side="candidate", created_at=NOW, expires_at=NOW)
    Recommendation.objects.create(user_id="s3-0", experiment=experiment.name, side="live", created_at=NOW, expires_at=NOW)
    seen = experiments.look(experiment, NOW)
    assert (seen.waiting, seen.crossed) == (39, 1)
    assert sum(sums.n for sums in seen.sides.values()) == 0
    later = experiments.look(experiment, NOW + timedelta(days=5))
    assert (later.waiting, sum(sums.n for sums in later.sides.values())) == (0, 39)
    assert later.sides["live"].mean == pytest.approx(1.4)


def test_one_experiment_runs_at_a_time_and_none_while_learning_is_frozen() -> None:
    engine = Engine()
    version = candidate()
    experiments.start(version, "ann", "try it")
    with pytest.raises(PromotionRefused, match="runs already"):
        experiments.start(candidate(3.0), "ann", "and this")
    control.freeze("bob", "wait")
    assert sides_of(engine, 5) == {}
    experiments.stop("bob", "stop it")
    with pytest.raises(LearningFrozen):
        experiments.start(version, "ann", "again")
    with pytest.raises(PromotionRefused, match="No experiment runs"):
        experiments.stop("bob", "again")


@pytest.mark.parametrize(("share", "days"), [(0.0, 7), (1.0, 7), (0.5, 0), (0.5, float("nan"))])
def test_a_share_or_a_span_that_makes_no_sense_is_refused(share: float, days: float) -> None:
    with pytest.raises(ValueError, match="must be"):
        experiments.start(candidate(), "ann", "try it", share=share, days=days)
    assert not Experiment.objects.exists()


def test_the_command_starts_shows_and_stops() -> None:
    out = StringIO()
    with pytest.raises(CommandError, match="no experiment yet"):
        call_command("experiment", "status")
    version = candidate()
    call_command("experiment", "start", str(version.pk), reason="try it", by="ann", stdout=out)
    fill(Experiment.objects.get(), 300, {"candidate": 0.2, "live": 0.2})
    call_command("experiment", "status", stdout=out)
    call_command("experiment", "stop", reason="enough", by="ann", stdout=out)
    said = out.getvalue()
    assert "for 50% of the shoppers" in said
    assert "valid at every look" in said
    assert "Verdict: go_on" in said


def test_the_admin_starts_shows_and_stops_an_experiment(admin_client) -> None:
    version = candidate()
    page = admin_client.get(f"/admin/recommender/modelversion/{version.pk}/change/")
    assert f"/admin/recommender/experiment/start/{version.pk}/" in page.content.decode()
    given = {"percent": "30", "days": "7", "reason": "try it"}
    assert admin_client.post(f"/admin/recommender/experiment/start/{version.pk}/", given).status_code == 302
    experiment = Experiment.objects.get()
    assert (experiment.share, experiment.started_by) == (0.3, "admin")
    fill(experiment, 1200, {"candidate": 0.1, "live": 0.3})
    shown = admin_client.get(f"/admin/recommender/experiment/{experiment.pk}/change/").content.decode()
    assert "the candidate is worse" in shown
    again = admin_client.post(f"/admin/recommender/experiment/start/{version.pk}/", given)
    assert "runs already" in again.content.decode()
    assert admin_client.post("/admin/recommender/experiment/stop/", {"reason": "harm"}).status_code == 302
    experiment.refresh_from_db()
    assert (experiment.state, experiment.verdict) == ("stopped", "worse")
    assert admin_client.get("/admin/recommender/experiment/").status_code == 200
