"""How the adapter that ships was trained: ``python -m tests.instructions.bundled_tagger FOLDER [SENTENCES] [EPOCHS]``.

``manage.py train_tagger`` does the same for one shop's catalogue; this takes the two vocabularies of the suite.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tqdm import tqdm

from fusion.encoders.bundled import BundledEncoder
from fusion.instructions.adapter import base_of, write_adapter
from fusion.learning.low_rank import TrainingOptions
from fusion.learning.tagging import train
from fusion.learning.tagging_data import make
from tests.instructions.suite import load_vocabulary

HELD_OUT = 600


def main(folder: Path, n: int, epochs: int) -> None:
    vocabularies = [load_vocabulary("demo"), load_vocabulary("clothes")]
    sizes = {"train": n, "dev": HELD_OUT, "test": HELD_OUT}
    sentences = {split: make(vocabularies, size, split) for split, size in sizes.items()}
    encoder = BundledEncoder(models_dir=Path("var/models"), blocks=("text",))
    options = TrainingOptions(epochs=epochs, n_layers=6, threads=1)
    with tqdm(unit=" batches") as bar:

        def on_progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        def on_epoch(epoch: int, metrics: object) -> None:
            print(epoch, metrics)

        source = encoder.folder / "text"
        trained = train(source, sentences, options, log_dir=folder / "log", on_progress=on_progress, on_epoch=on_epoch)
    for split, report in trained.reports.items():
        print(f"{split}\n{report.text}")
    print(write_adapter(folder, trained.tensors, {"base": base_of(encoder.identity("text")), **trained.card}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 6000, int(sys.argv[3]) if len(sys.argv) > 3 else 2)
