"""Learnt versions: kept, checked, put in force, taken back. A process sees a change with its next request, never half of it."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from fusion.exceptions import FusionError
from fusion.policy.experiments import Verdict
from recommender.adapted import derivation_of, encoders_of
from recommender.conf import get_settings
from recommender.control import current_control
from recommender.encoders import get_encoders, usable_blocks
from recommender.exceptions import PromotionRefused
from recommender.learnt import folder_of, sha256_of, sha256_of_folder, weigher_of
from recommender.models import Experiment, IndexState, ModelChange, ModelVersion
from recommender.services import leases, projection
from recommender.services.evidence import Refusal, refusals_of

logger = logging.getLogger(__name__)

Kind, State, Action = ModelVersion.Kind, ModelVersion.State, ModelChange.Action
# Of the candidates, retired and rejected versions of a kind, so many keep their data.
KEPT = 20


def store(
    kind: str,
    name: str,
    data: bytes = b"",
    *,
    folder: Path | None = None,
    metrics: Mapping[str, Any] | None = None,
    about: Mapping[str, Any] | None = None,
    parent: ModelVersion | None = None,
    simulated: bool = False,
    note: str = "",
) -> ModelVersion:
    """Keep what was learnt as a candidate. Nothing serves it before it is promoted.

    Args:
        data: safetensors bytes; or
        folder: a folder below DATA_DIR/models that holds it. Exactly one of the two.
        metrics: what was measured; see ``recommender.services.evidence`` for what a promotion reads. Names no person.
        about: what it saw (from, until, counts, seed, settings, TensorBoard folder relative to DATA_DIR). Names no person.
        parent: the version that learning started from.
    Raises:
        ValueError: an unknown kind, no data or both, a folder elsewhere, or numbers that JSON cannot hold.
    """
    if kind not in Kind.values:
        raise ValueError(f"{kind!r} is no kind of model version; known are {', '.join(Kind.values)}.")
    if bool(data) == (folder is not None):
        raise ValueError("Give a version either data or the folder that holds it.")
    described = dict(about or {})
    if folder is not None:
        described["folder"] = folder.resolve().relative_to(get_settings().models_dir.resolve()).as_posix()
    json.dumps([dict(metrics or {}), described], allow_nan=False)  # a NaN would be refused by the database, or by a reader
    version = ModelVersion.objects.create(
        kind=kind,
        name=name,
        parent=parent,
        metrics=dict(metrics or {}),
        about=described,
        sha256=sha256_of(data) if folder is None else sha256_of_folder(folder),
        data=data,
        simulated=simulated,
        note=note,
    )
    _drop_old_data(kind)
    logger.info("event=version_stored kind=%s version=%d name=%r simulated=%s", kind, version.pk, name, simulated)
    return version


def live(kind: str) -> ModelVersion | None:
    """The version in force; None while the defaults are."""
    named = IndexState.objects.filter(pk=1).values_list(Kind(kind).value, flat=True).first()
    return ModelVersion.objects.filter(pk=named).first() if named else None


def fallback(kind: str) -> ModelVersion | None:
    """What a rollback would go back to: what was live before, so far as it still can be; None for the defaults."""
    before = _was_live(kind)[:-1]
    usable = ModelVersion.objects.exclude(state=State.REJECTED).in_bulk(before)
    return next((usable[pk] for pk in reversed(before) if pk in usable and not _damage(usable[pk])), None)


def check(version: ModelVersion) -> list[Refusal]:
    """What speaks against putting a version in force now; empty when nothing does."""
    return [*_firm_refusals(version), *_soft_refusals(version)]


def refuse(version: ModelVersion, *, force: bool = False, building: bool = False) -> list[Refusal]:
    """What speaks against a version and is let pass by force.

    Args:
        building: its vectors need not be there yet; the caller builds them.
    Raises:
        PromotionRefused: something else speaks against it.
    """
    refusals = check(version)
    standing = [refusal for refusal in refusals if refusal.firm or not force]
    standing += [] if standing or building else not_built(version)
    if standing:
        raise _refused(standing)
    return refusals


def promote(version: ModelVersion, by: str, reason: str, *, force: bool = False) -> ModelChange:
    """Put a version in force in every process, with its next request.

    Args:
        by: a user's name, or the task that did it.
        force: also without evidence, or from simulated shoppers; never when it is frozen, damaged, rejected or live.
    Raises:
        PromotionRefused: something speaks against it; nothing was changed.
        ValueError: no reason was given.
    """
    _need(reason)
    with transaction.atomic():
        leases.lock_index()
        version = ModelVersion.objects.get(pk=version.pk)
        forced = [refusal.code for refusal in refuse(version, force=force)]
        evidence = {"metrics": version.metrics, "sha256": version.sha256, **({"forced": forced} if forced else {})}
        change = _put_in_force(version.kind, version, Action.PROMOTE, by, reason, evidence)
        _drop_old_data(version.kind)
    logger.info("event=version_promoted kind=%s version=%d by=%s forced=%s", version.kind, version.pk, by, bool(forced))
    return change


def roll_back(kind: str, by: str, reason: str) -> ModelChange:
    """Put what was live before back in force, or the defaults. Works while learning is frozen: it undoes.

    Raises:
        PromotionRefused: nothing is live, so there is nothing to take back.
        ValueError: no reason was given, or no such kind.
    """
    _need(reason)
    with transaction.atomic():
        leases.lock_index()
        leaving = live(Kind(kind))
        if leaving is None:
            raise _refused([Refusal("nothing_live", _("The defaults are in force; there is nothing to roll back."))])
        back = fallback(kind)
        if back is not None and back.kind == Kind.ENCODER and (lacking := projection.missing(back)):
            said = _("Vectors of version %(id)d are not there any more for %(n)d products. They are built first.")
            raise _refused([Refusal("not_built", said % {"id": back.pk, "n": lacking})])
        change = _put_in_force(kind, back, Action.ROLLBACK, by, reason, {"metrics": leaving.metrics})
    logger.info("event=version_rolled_back kind=%s left=%d now=%s by=%s", kind, leaving.pk, change.version_id or 0, by)
    return change


def end_experiment(by: str) -> Experiment | None:
    """Give every shopper what is live again; returns the experiment that ran. In the caller's transaction."""
    running = Experiment.objects.filter(state=Experiment.State.RUNNING).first()
    if running is not None:
        running.state, running.stopped_at, running.stopped_by = Experiment.State.STOPPED, timezone.now(), by
        running.save(update_fields=["state", "stopped_at", "stopped_by"])
        IndexState.objects.filter(pk=1).update(experiment=0)
    return running


def reject(version: ModelVersion, by: str, reason: str) -> ModelChange:
    """Say that a version shall never be put in force.

    Raises:
        PromotionRefused: it is live; roll it back first.
        ValueError: no reason was given.
    """
    _need(reason)
    with transaction.atomic():
        leases.lock_index()
        version = ModelVersion.objects.get(pk=version.pk)
        if version.state == State.LIVE:
            raise _refused([Refusal("live", _("It is live. Roll it back first."))])
        if version.state == State.REJECTED:
            raise _refused([Refusal("rejected", _("It was rejected."))])
        if Experiment.objects.filter(candidate=version, state=Experiment.State.RUNNING).exists():
            end_experiment(by)
        ModelVersion.objects.filter(pk=version.pk).update(state=State.REJECTED)
        version.state = State.REJECTED
        return ModelChange.objects.create(
            by=by,
            action=Action.REJECT,
            kind=version.kind,
            version=version,
            reason=reason,
            evidence={"metrics": version.metrics},
        )


def _firm_refusals(version: ModelVersion) -> list[Refusal]:
    found = []
    if current_control().frozen:
        found.append(Refusal("frozen", _("Learning is frozen. Unfreeze it first."), firm=True))
    if version.state == State.LIVE:
        found.append(Refusal("live", _("It is live already."), firm=True))
    if version.state == State.REJECTED:
        found.append(Refusal("rejected", _("It was rejected."), firm=True))
    if damage := _damage(version):
        found.append(Refusal("damaged", damage, firm=True))
    return found


def not_built(version: ModelVersion) -> list[Refusal]:
    """An encoder without its vectors would leave every answer without photos."""
    lacking = projection.missing(version) if version.kind == Kind.ENCODER else 0
    said = _("Its vectors of %(n)d products are not there yet. They are built before it is put in force.")
    return [Refusal("not_built", said % {"n": lacking}, firm=True)] if lacking else []


def _soft_refusals(version: ModelVersion) -> list[Refusal]:
    in_force = live(version.kind)
    found = refusals_of(version.metrics, in_force.pk if in_force else 0)
    if version.kind == Kind.FUSION and get_settings().CONFIRM_BY_EXPERIMENT and not _is_confirmed(version, in_force):
        said = _("No A/B split found it better than what is live. Start one: manage.py experiment start, or in the admin.")
        found.append(Refusal("unconfirmed", said))
    if version.simulated and not get_settings().USE_SIMULATED:
        said = _("It was learnt from simulated shoppers, and USE_SIMULATED is off: real shoppers would be served by it.")
        found.append(Refusal("simulated", said))
    return found


def _is_confirmed(version: ModelVersion, in_force: ModelVersion | None) -> bool:
    """Whether an experiment against what is in force now found it better."""
    return Experiment.objects.filter(candidate=version, live=in_force, verdict=Verdict.BETTER).exists()


def _damage(version: ModelVersion) -> str:
    """Why a version cannot be served, "" when it can."""
    try:
        if version.kind == Kind.FUSION:
            weigher_of(version, _words_encoder())
        else:
            derivation_of(version)
    except Exception as error:  # whatever its bytes do to the reader, it is not fit to serve
        return str(error) or repr(error)
    return ""


def _words_encoder() -> str:
    """Identity of the encoder that fills the context's words; "" where its files are not there."""
    try:
        in_force = encoders_of(IndexState.objects.filter(pk=1).values_list("encoder", flat=True).first() or 0)
    except (ValueError, FusionError):  # the configured ones serve then
        in_force = get_encoders()
    return next((block.encoder_id for block in usable_blocks(in_force)[0] if block.name == "text"), "")


def _put_in_force(
    kind: str, version: ModelVersion | None, action: str, by: str, reason: str, evidence: Mapping[str, Any]
) -> ModelChange:
    """State, revision and record in the caller's transaction, which holds the lock."""
    before = live(kind)
    if kind == Kind.FUSION:
        end_experiment(by)
    ModelVersion.objects.filter(kind=kind, state=State.LIVE).update(state=State.RETIRED)
    if version is not None:
        ModelVersion.objects.filter(pk=version.pk).update(state=State.LIVE, promoted_at=timezone.now())
    IndexState.objects.filter(pk=1).update(**{Kind(kind).value: version.pk if version else 0})
    return ModelChange.objects.create(
        by=by, action=action, kind=kind, version=version, previous=before, reason=reason, evidence=dict(evidence)
    )


def _was_live(kind: str) -> list[int]:
    """What was promoted and not rolled back, oldest first; the last is in force. A row that is gone is left out."""
    stack: list[int | None] = []
    changes = ModelChange.objects.filter(kind=kind, action__in=(Action.PROMOTE, Action.ROLLBACK)).order_by("pk")
    for action, now in changes.values_list("action", "version_id"):
        if action == Action.PROMOTE:
            stack.append(now)
        else:
            while stack and stack[-1] != now:
                stack.pop()
    return [pk for pk in stack if pk is not None]


def _drop_old_data(kind: str) -> None:
    """Old versions keep their metrics and lose their data; what is live and what a rollback goes to keep both."""
    back = fallback(kind)
    others = ModelVersion.objects.filter(kind=kind).exclude(state=State.LIVE).exclude(pk=back.pk if back else 0)
    kept = list(others.order_by("-pk").values_list("pk", flat=True)[:KEPT])
    dropped = others.exclude(pk__in=kept)
    dropped.exclude(data=b"").update(data=b"")
    folders = set(map(folder_of, dropped.defer("data"))) - set(
        map(folder_of, ModelVersion.objects.filter(kind=kind).exclude(pk__in=dropped).defer("data"))
    )
    for folder in filter(None, folders):
        transaction.on_commit(partial(shutil.rmtree, folder, ignore_errors=True))


def _need(reason: str) -> None:
    if not reason.strip():
        raise ValueError(_("Say why: a change of what is in force needs a reason."))


def _refused(refusals: list[Refusal]) -> PromotionRefused:
    return PromotionRefused({refusal.code: refusal.message for refusal in refusals})
