"""Sentences for the plugin's codes, so that a page speaks the shopper's language whatever the plugin logged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

_DEGRADED = {
    "text_model": gettext_noop("The meaning of words is not compared right now; results are matched word by word."),
    "image_model": gettext_noop("Photos are not compared right now; results come from words and from the catalog."),
    "index": gettext_noop("The search is catching up right now; results may be incomplete."),
    "history": gettext_noop("Your history cannot be read right now; results are the same for everyone."),
    "parser": gettext_noop(
        "Conditions like prices and colors are not understood right now; your words are searched as they are."
    ),
}
_DEGRADED_OTHERWISE = gettext_noop("A part of the search is not available right now; results may be less exact than usual.")
_QUIET = {"log", "reader"}  # nothing that a shopper would notice

_PHOTO = {
    "photo_empty": gettext_noop("The photo is empty. Choose another file."),
    "photo_too_large": gettext_noop(
        "The photo is too large. Choose one with at most %(megabytes)d MB and %(megapixels)d megapixels."
    ),
    "photo_type": gettext_noop(
        "This file is not a photo that can be searched with. Choose a JPEG, PNG, WebP, GIF or AVIF file."
    ),
    "photo_unreadable": gettext_noop("The photo cannot be read: the file is damaged or incomplete. Choose another file."),
    "upload_quota": gettext_noop(
        "You have uploaded as many photos as one may keep. Delete what is remembered in your account, or come back tomorrow."
    ),
}

_EVENTS = {
    "view": gettext_noop("Looked at"),
    "click": gettext_noop("Chosen from an answer"),
    "add_to_cart": gettext_noop("Put into the cart"),
    "remove_from_cart": gettext_noop("Taken out of the cart"),
    "purchase": gettext_noop("Bought"),
    "like": gettext_noop("Liked"),
    "dislike": gettext_noop("Not liked"),
    "return": gettext_noop("Returned"),
}


def degraded_notes(parts: Iterable[str]) -> list[str]:
    """One sentence for each thing that was not available and that a shopper would notice."""
    noticed = [part for part in parts if part not in _QUIET]
    return list(dict.fromkeys(_(_DEGRADED.get(part, _DEGRADED_OTHERWISE)) for part in noticed))


def photo_refusal(code: str, limits: Mapping[str, int]) -> str:
    """Why a photo was not taken; ``limits`` holds megabytes and megapixels."""
    return _(_PHOTO.get(code, _PHOTO["photo_unreadable"])) % limits


def event_words(kind: str) -> str:
    """What a shopper did, as the account page says it."""
    return _(_EVENTS[kind]) if kind in _EVENTS else kind
