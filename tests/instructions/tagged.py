"""The want/avoid tagger measured both ways, off and on: ``python -m tests.instructions.tagged [FOLDER]``.

FOLDER is an adapter's; the one that ships where none is named. Needs the bundled text encoder (manage.py prepare_models).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from fusion.encoders.bundled import BundledEncoder
from fusion.instructions.evaluation import Expectation, Reading, Score, score
from fusion.instructions.parser import LexiconParser
from fusion.instructions.tagger import AVOID, BUNDLED, RequestTagger, tagger_on
from fusion.learning.tagging_data import Sentence, make
from fusion.types import Instruction, Operator, Strength
from tests.instructions.suite import fitted_parsers, load_requests, load_vocabulary, read_all
from tests.instructions.twins import load_twins, twins_right

FILES = ("requests", "opened", "development")
LANGUAGES = ("en", "zh")
N_SENTENCES = 1000


def loaded_tagger(folder: Path, models_dir: Path) -> RequestTagger:
    encoder = BundledEncoder(models_dir=models_dir, blocks=("text",), threads=1)
    encoder.load()
    tagger = tagger_on([encoder], folder)
    assert tagger is not None
    tagger.load()
    return tagger


def report(tagger: RequestTagger) -> Iterator[str]:
    """Both ways: requests by file and language with every one that changed, twins, and sentences of held-out templates."""
    off, on = fitted_parsers(), fitted_parsers(tagger)
    for parsers in (off, on):  # what is read on first use is no request's time
        for parser in parsers.values():
            parser.parse("warm up flurble 预热")
    for name in FILES:
        for language in LANGUAGES:
            requests = [r for r in load_requests(name) if r.lang == language]
            without, asked = read_all(requests, off), tagger.n_asked
            tagged = read_all(requests, on)
            yield f"{name} {language}, n={len(requests)}, asked for {(tagger.n_asked - asked) / len(requests):.3f}"
            yield f"    off: {_line(score(without))}\n    on:  {_line(score(tagged))}"
            yield from _changes(requests, without, tagged)
    for language in LANGUAGES:
        twins = [twin for twin in load_twins() if twin.plain.lang == language]
        shares = [twins_right(twins, parsers).right for parsers in (off, on)]
        yield f"twins {language}, n={len(twins)}: off {shares[0]:.3f}, on {shares[1]:.3f}"
    for language in LANGUAGES:
        asked = tagger.n_asked
        sentences = [s for s in make([load_vocabulary("clothes")], N_SENTENCES, "test", seed=1) if s.language == language]
        for name, parsers in (("off", off), ("on", on)):
            yield f"held-out sentences {language}, {name}: {_refusals(sentences, parsers['clothes'])}"
        yield f"    asked for {(tagger.n_asked - asked) / len(sentences):.3f}"


def _line(s: Score) -> str:
    return f"F1 {s.f1:.4f}, musts exact {s.exactness:.4f}, median {s.ms(0.5):.2f} ms, p95 {s.ms(0.95):.2f} ms"


def _changes(requests: Sequence[Expectation], off: Sequence[Reading], on: Sequence[Reading]) -> Iterable[str]:
    for request, before, after in zip(requests, off, on, strict=True):
        if before.slots != after.slots:
            gained = len(before.slots ^ request.slots) - len(after.slots ^ request.slots)
            verdict = "better" if gained > 0 else "worse" if gained < 0 else "neither"
            added, gone = sorted(after.slots - before.slots), sorted(before.slots - after.slots)
            yield f"    {verdict}: {request.text}: adds {added}, takes {gone}"


def _refusals(sentences: Sequence[Sentence], parser: LexiconParser) -> str:
    """How many refused words were refused, and how many wanted ones were, too."""
    counts: Mapping[bool, list[bool]] = {True: [], False: []}
    for sentence in sentences:
        read = parser.parse(sentence.text)
        for span in sentence.spans:
            counts[span.label == AVOID].append(_refuses(read, sentence.text, span.start, span.end))
    meant, unmeant = counts[True], counts[False]
    return (
        f"{sum(meant) / len(meant):.3f} of {len(meant)} refused words are refused, "
        f"{sum(unmeant) / len(unmeant):.4f} of {len(unmeant)} wanted ones"
    )


def _refuses(read: Instruction, text: str, start: int, end: int) -> bool:
    """Whether a constraint against something stands at the span, or its words are among those to avoid."""
    against = (c for c in read.constraints if c.operator is Operator.NOT_IN or c.strength is Strength.AVOID)
    at_span = any(c.span and c.span[0] < end and start < c.span[1] for c in against)
    return at_span or any(word in read.avoid for word in text[start:end].split())


if __name__ == "__main__":
    chosen = Path(sys.argv[1]) if len(sys.argv) > 1 else BUNDLED
    print("\n".join(report(loaded_tagger(chosen, Path("var/models")))))
