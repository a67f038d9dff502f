"""How good a tagger is: seqeval's F1 by language, and from which probability on an AVOID can be believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fusion.instructions.tagger import Tag

THRESHOLDS = tuple(round(0.5 + 0.01 * i, 2) for i in range(50))
# A refusal that nobody meant hides what was asked for; one that is missed leaves things as they were.
WANTED_PRECISION = 0.9


@dataclass(frozen=True, slots=True)
class Judged:
    """One sentence: expected and found BIO labels of its tokens, the refused spans, and the AVOID tags."""

    language: str
    expected: list[str]
    found: list[str]
    refused: set[tuple[int, int]]
    tags: list[Tag]


@dataclass(frozen=True, slots=True)
class Report:
    """Numbers by name ("f1", "f1_en", "avoid_precision", ...), and seqeval's table as text."""

    metrics: Mapping[str, float]
    text: str


def report_on(judged: Sequence[Judged], threshold: float) -> Report:
    """Seqeval over all sentences and by language; AVOID's precision and recall from the threshold on."""
    from seqeval.metrics import classification_report, f1_score

    metrics = {"f1": _f1(f1_score, judged)}
    texts = []
    for language in sorted({found.language for found in judged}):
        spoken = [found for found in judged if found.language == language]
        metrics[f"f1_{language}"] = _f1(f1_score, spoken)
        precision, recall = avoid_precision_recall(spoken, threshold)
        metrics[f"avoid_precision_{language}"], metrics[f"avoid_recall_{language}"] = round(precision, 4), round(recall, 4)
        table = classification_report([j.expected for j in spoken], [j.found for j in spoken], digits=3, zero_division=0)
        texts.append(f"{language}\n{table}")
    return Report(metrics, "\n".join(texts))


def _f1(f1_score: object, judged: Sequence[Judged]) -> float:
    assert callable(f1_score)
    return round(float(f1_score([j.expected for j in judged], [j.found for j in judged], zero_division=0)), 4)


def avoid_precision_recall(judged: Sequence[Judged], threshold: float) -> tuple[float, float]:
    """Of the AVOID tags of at least this probability. Right is a tag that lies mostly in a refused span, and finds it."""
    n_tags = n_right = n_found = 0
    for judgement in judged:
        tags = [tag for tag in judgement.tags if tag.probability >= threshold]
        hit = [[2 * _shared(tag, span) > tag.end - tag.start for span in judgement.refused] for tag in tags]
        n_tags += len(tags)
        n_right += sum(map(any, hit))
        n_found += sum(map(any, zip(*hit, strict=True)))
    n_expected = sum(len(judgement.refused) for judgement in judged)
    return (n_right / n_tags if n_tags else 1.0), (n_found / n_expected if n_expected else 1.0)


def _shared(tag: Tag, span: tuple[int, int]) -> int:
    return min(tag.end, span[1]) - max(tag.start, span[0])


def best_threshold(judged: Sequence[Judged]) -> float:
    """The lowest probability whose AVOIDs are right often enough; where none are, the one with the best F0.5."""
    measured = {threshold: avoid_precision_recall(judged, threshold) for threshold in THRESHOLDS}
    for threshold, (precision, recall) in measured.items():
        if precision >= WANTED_PRECISION and recall > 0:
            return threshold
    return max(THRESHOLDS, key=lambda threshold: _f_half(*measured[threshold]))


def _f_half(precision: float, recall: float) -> float:
    """Precision counts twice as much as recall."""
    return 1.25 * precision * recall / (0.25 * precision + recall) if precision + recall else 0.0
