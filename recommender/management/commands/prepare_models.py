"""``manage.py prepare_models``: have every weight in place before anything is asked of it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from fusion.exceptions import FusionError
from recommender.conf import get_settings
from recommender.encoders import usable_blocks
from recommender.management.progress import Bar


class Command(BaseCommand):
    help = "Fetches the weights of the bundled encoder, checks them and converts them once; does nothing when they are there."

    def handle(self, *args: Any, **options: Any) -> None:
        conf = get_settings()
        if any(plug["BACKEND"] == "bundled" for plug in conf.ENCODERS):
            from fusion.encoders.bundled_weights import prepare

            try:
                with Bar("preparing models", unit=" steps") as bar:
                    folder = prepare(conf.models_dir, bar)
            except FusionError as error:
                raise CommandError(str(error)) from error
            self.stdout.write(f"The bundled encoder is ready in {folder}.")
        blocks, unavailable = usable_blocks()
        for block in blocks:
            self.stdout.write(f"{block.name}: {block.spec.dim} numbers a vector, {block.encoder_id}")
        if unavailable:
            raise CommandError("; ".join(f"{name}: {reason}" for name, reason in unavailable.items()))
