from __future__ import annotations

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from fusion.policy.arms import ARMS
from fusion.policy.features import FEATURES, describe
from fusion.policy.learner import KINDS, Bounds
from fusion.policy.learners import create
from fusion.policy.storage import to_bytes
from fusion.policy.weigher import PolicyWeigher
from fusion.weighing import Context
from recommender.exceptions import LearningFrozen
from recommender.learnt import weigher_of
from recommender.models import Job, LearningControl, ModelVersion
from recommender.services import training, versions
from recommender.services.logged_answers import LogRange
from recommender.services.policies import PolicyOptions, begin, learn_policy
from tests.recommender.fusion_log import store_log
from tests.recommender.policy_log import store_choices

WORDED = Context(None, (("words", "text"), ("words", "lexical")), n_musts=1, language="en")


@pytest.fixture(autouse=True)
def _small_shop(settings, host, tmp_path) -> None:
    settings.RECOMMENDER = {
        **settings.RECOMMENDER,
        "DATA_DIR": tmp_path,
        "ENCODERS": [{"BACKEND": "tests.encoders.HashedWords"}],
    }


def explore(cap: float = 0.6) -> PolicyWeigher:
    """The exploring policy, promoted by a person, with as much exploration as a test has time for."""
    LearningControl.objects.update_or_create(pk=1, defaults={"exploration_cap": cap})
    version = begin()
    versions.promote(version, "ann", "to begin", force=True)
    weigher = weigher_of(version)
    assert isinstance(weigher, PolicyWeigher)
    return weigher


def undecided() -> PolicyWeigher:
    """A live policy that cannot tell the default from the popular arm, and plays both about alike."""
    LearningControl.objects.create(pk=1, exploration_cap=0.6)
    learner = create("thompson", len(ARMS), len(FEATURES))
    guesses = np.zeros((KINDS, len(FEATURES), len(ARMS)))
    guesses[:, 0, [0, -1]] = 1.0
    learner.expect(guesses)
    weigher = PolicyWeigher(learner, bounds=Bounds(0.6, 0.02), name="undecided")
    version = versions.store("fusion", "undecided", to_bytes(weigher), about={"gate": ""})
    versions.promote(version, "ann", "to begin", force=True)
    return weigher


@pytest.mark.django_db
def test_the_first_policy_explores_within_the_cap_and_only_a_person_promotes_it() -> None:
    version = begin()
    assert (version.state, versions.live("fusion")) == ("candidate", None)
    assert [refusal.code for refusal in versions.check(version)] == ["no_evidence"]
    weigher = weigher_of(version)
    assert isinstance(weigher, PolicyWeigher)
    chances = weigher.probabilities(WORDED)
    assert chances.argmax() == 0
    assert chances[1:] == pytest.approx([0.1 / (len(ARMS) - 1)] * (len(ARMS) - 1))


@pytest.mark.django_db
def test_a_log_without_exploration_teaches_nothing_and_says_how_to_begin(capsys) -> None:
    store_log(100, timezone.now(), informative=True)
    report = learn_policy(LogRange(), PolicyOptions())
    assert report.version is None
    assert "learn_policy --begin" in report.reason
    left_out = report.counts.skipped["weighed without a choice"]
    assert left_out == report.counts.answers > 80
    call_command("learn_policy")
    said = capsys.readouterr().out
    assert f"{left_out} answers left out: weighed without a choice" in said
    assert "--begin" in said


@pytest.mark.django_db
def test_a_policy_that_is_certainly_better_becomes_a_candidate_with_its_evidence(capsys) -> None:
    store_choices(undecided(), 900, timezone.now(), simulated=True)
    log = LogRange(simulated="only")
    version = learn_policy(log, PolicyOptions()).version
    live = versions.live("fusion")
    assert version is not None
    assert live is not None
    evidence = version.metrics["evidence"]
    assert evidence["low"] > evidence["live"]
    assert evidence["low"] <= evidence["estimate"] <= evidence["high"]
    assert (evidence["against"], set(version.metrics["estimates"])) == (live.pk, {"dr", "snips", "clipped", "ips"})
    assert (version.about["chosen"], version.about["settings"]["learner"], version.state) == (900, "thompson", "candidate")
    assert [refusal.code for refusal in versions.check(version)] == ["simulated"]
    # The same log and seed give the same, by the command as by the service.
    call_command("learn_policy", "--simulated", "only")
    said = capsys.readouterr().out
    assert "900 of them with a choice" in said
    assert "gain +" in said
    again = ModelVersion.objects.first()
    assert again is not None
    assert (again.pk != version.pk, again.sha256, again.metrics) == (True, version.sha256, version.metrics)
    # The other learner, by the task.
    training.learn_policy(learner="actor_critic", simulated="only")
    other = ModelVersion.objects.first()
    job = Job.objects.filter(kind="policy").first()
    assert other is not None
    assert job is not None
    assert (job.state, job.done, str(other.pk) in job.message) == ("done", 900, True)
    for found in (version, other):
        learnt = weigher_of(found)
        assert isinstance(learnt, PolicyWeigher)
        assert ARMS[int(learnt.learner.values(describe(WORDED)).argmax())].name == "popular"
    # Once it is live, another one like it is no gain.
    versions.promote(version, "ann", "better", force=True)
    report = learn_policy(log, PolicyOptions())
    assert (report.version, "not certain" in report.reason) == (None, True)
    kept = learn_policy(log, PolicyOptions(), keep=True).version
    assert kept is not None
    assert [refusal.code for refusal in versions.check(kept)] == ["no_improvement", "simulated"]


@pytest.mark.django_db
def test_where_no_arm_is_better_nothing_is_kept() -> None:
    store_choices(undecided(), 500, timezone.now(), by_popularity=False)
    assert learn_policy(LogRange(), PolicyOptions()).version is None


@pytest.mark.django_db
def test_a_thin_log_is_refused_with_what_is_missing() -> None:
    store_choices(explore(), 120, timezone.now())
    report = learn_policy(LogRange(), PolicyOptions())
    assert report.version is None
    assert "needed" in report.reason


@pytest.mark.django_db
def test_simulated_choices_are_left_out_unless_asked_for() -> None:
    store_choices(explore(), 60, timezone.now(), simulated=True)
    assert learn_policy(LogRange(), PolicyOptions()).n_chosen == 0
    assert learn_policy(LogRange(simulated="only"), PolicyOptions()).n_chosen == 60


@pytest.mark.django_db
def test_answers_of_policies_over_another_gate_are_left_out() -> None:
    weigher = explore()
    store_choices(weigher, 50, timezone.now())
    ModelVersion.objects.update(about={"gate": "gate-1"})
    report = learn_policy(LogRange(), PolicyOptions())
    assert report.counts.skipped["by a policy over another gate"] == 50


@pytest.mark.django_db
def test_nothing_is_learnt_and_nothing_begun_while_learning_is_frozen() -> None:
    LearningControl.objects.create(frozen=True, changed_by="ann")
    for work in (begin, lambda: learn_policy(LogRange(), PolicyOptions())):
        with pytest.raises(LearningFrozen, match="ann"):
            work()
    with pytest.raises(CommandError, match="frozen"):
        call_command("learn_policy", "--begin")
    assert not ModelVersion.objects.exists()


@pytest.mark.django_db
def test_wrong_options_are_refused() -> None:
    with pytest.raises(CommandError, match="--memory above 0"):
        call_command("learn_policy", "--memory", "0")
    with pytest.raises(CommandError, match="--from is"):
        call_command("learn_policy", "--from", "yesterday")
    with pytest.raises(ValueError, match="no learner"):
        learn_policy(LogRange(), PolicyOptions(learner="oracle"))
