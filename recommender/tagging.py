"""The want/avoid tagger of this process, as ``RECOMMENDER["TAGGER"]`` says. Building it reads no weights."""

from __future__ import annotations

import logging
from pathlib import Path

from fusion.exceptions import MissingDependency
from fusion.instructions.adapter import CARD, read_card, require_base
from fusion.instructions.tagger import BUNDLED, RequestTagger, tagger_on
from recommender.conf import get_settings
from recommender.encoders import get_encoders

logger = logging.getLogger(__name__)


def build_tagger() -> RequestTagger | None:
    """The configured tagger on the configured text encoder; None where it is off or cannot be, which the log says."""
    folder = tagger_folder()
    if folder is None:
        return None
    try:
        tagger = tagger_on(get_encoders(), folder)
        if tagger is None:
            raise MissingDependency("no encoder has a text tower")
        require_base(read_card(folder), tagger.identity, folder)
    except Exception as error:  # also where the encoder's own files are missing, which usable_blocks reports
        logger.warning("event=tagger_off error=%r", str(error))
        return None
    return tagger


def load_tagger(tagger: RequestTagger) -> None:
    """Read the text encoder's weights, checked, and the adapter now; for commands, which cannot wait for a warm-up.

    Raises:
        FusionError: a file is missing or not the expected one.
    """
    for encoder in get_encoders():
        if encoder.text_tower is not None:
            encoder.encode_instructions(["warm up"])
    tagger.load()


def tagger_folder() -> Path | None:
    """Which adapter is to be used, None for none."""
    conf = get_settings()
    match conf.TAGGER:
        case "":
            return None
        case "bundled":
            return BUNDLED
        case "trained":
            return conf.tagger_dir if (conf.tagger_dir / CARD).is_file() else BUNDLED
        case folder:
            return Path(folder)
