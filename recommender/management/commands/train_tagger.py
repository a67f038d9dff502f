"""``manage.py train_tagger``: teach the want/avoid tagger this shop's own words."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from fusion.exceptions import FusionError
from fusion.instructions.adapter import base_of, write_adapter
from fusion.learning.low_rank import METHODS, TrainingOptions
from fusion.learning.tagging import Trained, train
from fusion.learning.tagging_data import Sentence, make, taught
from fusion.types import Vocabulary
from recommender import selectors
from recommender.conf import get_settings
from recommender.control import refuse_when_frozen
from recommender.encoders import get_encoders
from recommender.engine import get_engine
from recommender.exceptions import LearningFrozen
from recommender.management.progress import Bar

# How often a person's correction is shown an epoch: one sentence among thousands would teach nothing.
CORRECTION_WEIGHT = 5
LEAST_SENTENCES = 50


class Command(BaseCommand):
    help = (
        "Trains the want/avoid tagger on sentences made from the indexed catalogue's values, and on what people corrected. "
        "It is used where RECOMMENDER['TAGGER'] is 'trained'."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--epochs", type=int, default=4, help="at most; training stops when dev gets no better (default: 4)"
        )
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--method", choices=METHODS, default="lora")
        parser.add_argument("--rank", type=int, default=8)
        parser.add_argument("--layers", type=int, default=6, help="of the encoder, from below; 0 means all (default: 6)")
        parser.add_argument("--limit", type=int, default=10_000, metavar="N", help="sentences to train on (default: 10000)")
        parser.add_argument("--threads", type=int, default=None, help="of torch; default: as the environment says")
        parser.add_argument("--out", type=Path, default=None, metavar="DIR", help="default: DATA_DIR/models/tagger")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["limit"] < LEAST_SENTENCES:
            raise CommandError(f"--limit is {options['limit']}; give at least {LEAST_SENTENCES}.")
        try:
            refuse_when_frozen()
        except LearningFrozen as error:
            raise CommandError(str(error)) from error
        vocabulary = self._vocabulary()
        sentences = self._sentences(vocabulary, options["limit"], options["seed"])
        out = options["out"] or get_settings().tagger_dir
        try:
            base, source = self._encoder()
            training = TrainingOptions(
                method=options["method"],
                epochs=options["epochs"],
                seed=options["seed"],
                rank=options["rank"],
                n_layers=options["layers"],
                threads=options["threads"],
            )
            trained = self._train(source, sentences, training, out)
            card = write_adapter(out, trained.tensors, {"base": base, **trained.card})
        except FusionError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{out} cannot be written ({error.strerror or error}).") from error
        for split, report in trained.reports.items():
            self.stdout.write(f"{split}\n{report.text}")
        self.stdout.write(f"An AVOID is believed from {trained.card['threshold']} on. Written: {card}")
        self.stdout.write(
            "RECOMMENDER['TAGGER'] = 'trained' uses it (or the folder's path); processes read it when they start."
        )

    def _vocabulary(self) -> Vocabulary:
        engine = get_engine()
        engine.refresh()
        vocabulary = engine.collection.columns.vocabulary()
        if not len(engine.collection) or not any(vocabulary.values.values()):
            raise CommandError("The index is empty, so there is no value to make sentences of: run manage.py index first.")
        return vocabulary

    def _sentences(self, vocabulary: Vocabulary, n: int, seed: int) -> dict[str, list[Sentence]]:
        held_out = max(n // 12, LEAST_SENTENCES)
        sizes = {"train": n, "dev": held_out, "test": held_out}
        sentences = {split: make([vocabulary], size, split, seed) for split, size in sizes.items()}
        corrections = list(taught((row.text, row.spans) for row in selectors.instruction_corrections()))
        sentences["train"] += corrections * CORRECTION_WEIGHT
        counts = ", ".join(f"{len(found)} {split}" for split, found in sentences.items())
        self.stdout.write(f"Sentences: {counts}; {len(corrections)} corrections among them, {CORRECTION_WEIGHT} times each.")
        return sentences

    def _encoder(self) -> tuple[dict[str, Any], str]:
        """(what the adapter is bound to, folder or name of the text encoder's model)."""
        for encoder in get_encoders():
            if encoder.text_tower is not None:
                block = next(spec.name for spec in encoder.blocks if spec.modality == "text")
                encoder.encode_instructions(["warm up"])  # reads and checks the files that the training reads next
                encoder.text_tower.short_forward()
                return base_of(encoder.identity(block)), encoder.text_tower.source
        raise CommandError("No encoder in RECOMMENDER['ENCODERS'] has a text model of transformers to train a tagger on.")

    def _train(self, source: str, sentences: Mapping[str, list[Sentence]], training: TrainingOptions, out: Path) -> Trained:
        def on_epoch(epoch: int, metrics: Mapping[str, float]) -> None:
            self.stdout.write(f"epoch {epoch}: " + ", ".join(f"{name} {value:.3f}" for name, value in metrics.items()))

        with Bar("training", unit=" batches") as bar:
            return train(source, sentences, training, log_dir=out / "log", on_progress=bar, on_epoch=on_epoch)
