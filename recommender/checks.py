"""System checks: settings that cannot work, and vectors that nobody can compare. Cheap: no weights, no torch."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections

from fusion.exceptions import FusionError
from recommender.catalog import get_catalog
from recommender.conf import get_settings
from recommender.encoders import get_encoders, usable_blocks

LLM_PARSER = "fusion.instructions.llm.LLMParser"


@register("recommender")
def check_settings(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[CheckMessage]:
    """RECOMMENDER itself, the host's adapter and the encoders can be built, and their blocks have names of their own."""
    try:
        get_settings()
    except ImproperlyConfigured as error:
        return [Error(str(error), id="recommender.E001")]
    return [*_catalog_errors(), *_encoder_errors(), *_reader_messages()]


def _catalog_errors() -> list[CheckMessage]:
    hint = 'Set RECOMMENDER["CATALOG"] to the dotted path of your recommender.catalog.Catalog subclass.'
    try:
        catalog = get_catalog()
    except ImproperlyConfigured as error:
        return [Error(str(error), hint=hint, id="recommender.E002")]
    return _unknown_models(catalog.watched_models)


def _unknown_models(labels: Sequence[str]) -> list[CheckMessage]:
    from django.apps import apps

    found: list[CheckMessage] = []
    for label in labels:
        try:
            apps.get_model(label)
        except (LookupError, ValueError):
            hint = 'Name models as "app_label.Model"; the app must be in INSTALLED_APPS.'
            found.append(
                Error(f"Catalog.watched_models names {label!r}, which is no model here.", hint=hint, id="recommender.E003")
            )
    return found


def _encoder_errors() -> list[CheckMessage]:
    try:
        encoders = get_encoders()
        names = Counter(spec.name for encoder in encoders for spec in encoder.blocks)
    except (FusionError, ImproperlyConfigured, ImportError, OSError) as error:
        hint = 'See RECOMMENDER["ENCODERS"]; for the bundled encoder run manage.py prepare_models.'
        return [Error(str(error), hint=hint, id="recommender.E004")]
    twice = sorted(name for name, count in names.items() if count > 1)
    if twice:
        hint = "Give one of the encoders another block name, or fewer blocks."
        return [Error(f"Two encoders fill the same block: {', '.join(twice)}.", hint=hint, id="recommender.E005")]
    if not names:
        return [
            Error(
                'RECOMMENDER["ENCODERS"] is empty: nothing can be embedded.',
                hint='Use [{"BACKEND": "bundled"}].',
                id="recommender.E006",
            )
        ]
    return []


def _reader_messages() -> list[CheckMessage]:
    """The remote reader has an endpoint, a model and, where it needs one, a key. Asks nobody."""
    parser = get_settings().PARSER
    if parser["BACKEND"] != LLM_PARSER:
        return []
    options: Mapping[str, Any] = parser.get("OPTIONS", {})
    found: list[CheckMessage] = []
    for name in ("base_url", "model"):
        if not isinstance(options.get(name), str) or not options[name].strip():
            hint = 'OPTIONS: {"base_url": "https://host/v1", "model": "its name there", "api_key_env": "READER_API_KEY"}.'
            found.append(Error(f'RECOMMENDER["PARSER"] has no {name} for {LLM_PARSER}.', hint=hint, id="recommender.E007"))
    address = str(options.get("base_url", ""))
    if address.strip() and not address.startswith(("https://", "http://")):
        hint = "Give the whole address up to the version, as in https://host/v1."
        found.append(Error('The base_url of RECOMMENDER["PARSER"] is no http address.', hint=hint, id="recommender.E008"))
    for package in ("httpx", "jsonschema"):
        if find_spec(package) is None:
            hint = "Install django-attune[llm], or use the local reader."
            found.append(Error(f"{LLM_PARSER} needs the package {package}.", hint=hint, id="recommender.E009"))
    key_name = options.get("api_key_env", "")
    if key_name and not os.environ.get(str(key_name)):
        message = f"The environment variable {key_name} is not set, so requests are read locally alone."
        hint = 'Set it for the web processes, or take "api_key_env" out where the endpoint needs no key.'
        found.append(Warning(message, hint=hint, id="recommender.W002"))
    return found


@register(Tags.database, "recommender")
def check_stored_vectors(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Vectors of another encoder than the configured one are never compared with it; say so. Runs with ``--database``."""
    if not databases:
        return []
    try:
        blocks, _unavailable = usable_blocks()
        stored = _stored_encoders(databases[0])
    except (FusionError, ImproperlyConfigured, DatabaseError):
        return []  # the other checks report it; before the first migrate there is no table
    now = {block.name: block.encoder_id for block in blocks}
    other = sorted(name for name, ids in stored.items() if name in now and now[name] not in ids)
    if not other:
        return []
    message = f"The stored vectors of {', '.join(other)} come from another encoder than the configured one and are not used."
    return [Warning(message, hint="Run manage.py index --all.", id="recommender.W001")]


def _stored_encoders(database: str) -> dict[str, set[str]]:
    from recommender.models import ItemEmbedding

    if ItemEmbedding._meta.db_table not in connections[database].introspection.table_names():
        return {}
    found: dict[str, set[str]] = {}
    rows = ItemEmbedding.objects.using(database).order_by().values_list("block", "encoder_id").distinct()
    for block, encoder_id in rows:
        found.setdefault(block, set()).add(encoder_id)
    return found
