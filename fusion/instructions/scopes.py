"""How far a cue reaches: negation, exclusivity, softness. Pieces come in undecided and leave with polarity and mood."""

from __future__ import annotations

from collections.abc import Sequence

from fusion.instructions.lexicon import load, load_list, words
from fusion.instructions.phrase_table import Kind
from fusion.instructions.pieces import MUST, WANT, Piece

_CUES = frozenset({Kind.NEGATE, Kind.AVOID, Kind.EXCEPT, Kind.ONLY, Kind.SOFT})
_SKIPPED = frozenset({Kind.GLUE, Kind.CHATTER, Kind.FIELD, Kind.THEME})


def apply_scopes(pieces: Sequence[Piece]) -> None:
    """Decide for every content piece whether it is wanted, and how firmly, from the cues around it."""
    position = 0
    while position < len(pieces):
        if pieces[position].kind not in _CUES:
            position += 1
            continue
        end = _chain_end(pieces, position)
        _apply(pieces, position, end)
        position = end


def _chain_end(pieces: Sequence[Piece], start: int) -> int:
    """Cues with nothing but small words between them act together: 最好 不要, "don't want anything that isn't"."""
    end = start + 1
    probe = end
    while probe < len(pieces):
        if pieces[probe].kind in _CUES:
            end = probe + 1
        elif pieces[probe].kind not in _SKIPPED:
            break
        probe += 1
    return end


def _apply(pieces: Sequence[Piece], start: int, end: int) -> None:
    chain = [piece.kind for piece in pieces[start:end] if piece.kind in _CUES]
    negations = sum(kind in {Kind.NEGATE, Kind.AVOID, Kind.EXCEPT} for kind in chain)
    negative, soft = negations % 2 == 1, Kind.SOFT in chain or Kind.AVOID in chain
    firm = Kind.ONLY in chain or (negations == 2 and not soft)
    if negative and _turn_round(pieces, end):
        return
    targets = _forward(pieces, end, prices=not negative)
    if targets and chain[0] is Kind.EXCEPT and _undone(pieces, targets[-1]):
        negative = False
    backward = not targets
    if backward:
        targets = _backward(pieces, start)
        if negative and pieces[end - 1].words not in load_list("postfix_negations"):
            return
        if negative and any(pieces[i].negated for i in targets):
            _affirm(pieces, targets)  # 非耐克不要: only Nike
            return
    if negative:
        _negate(pieces, targets, soft)
    else:
        _set_mood(pieces, targets, WANT if soft else MUST if firm else "", backward=backward)


def _turn_round(pieces: Sequence[Piece], start: int) -> bool:
    """ "not an expensive one" wants a cheap one, "not the newest" asks for no order: whether that is what follows."""
    following = next((piece for piece in pieces[start:] if piece.kind not in _SKIPPED), None)
    if following is None or following.kind not in {Kind.CHEAP, Kind.DEAR, Kind.ORDER}:
        return False
    if following.kind is Kind.ORDER:
        following.refs = ("none",)
    else:
        following.kind = Kind.DEAR if following.kind is Kind.CHEAP else Kind.CHEAP
    return True


def _forward(pieces: Sequence[Piece], start: int, *, prices: bool) -> list[int]:
    """Indices of the first run of content after a cue: adjacent pieces, and what "or", "and", 和 join to them."""
    run: list[int] = []
    for i in range(start, len(pieces)):
        piece = pieces[i]
        if piece.is_content or (prices and piece.kind is Kind.PRICE):
            run.append(i)
            if _is_complete(pieces, i):
                break
        elif not _steps_over(pieces, i, bool(run)):
            break
    return run


def _is_complete(pieces: Sequence[Piece], i: int) -> bool:
    """Whether a scope ends with this piece: "no laces, black shoes" without its comma, 没有鞋带的黑色鞋."""
    if pieces[i].links or pieces[i].kind is Kind.PRICE:
        return False
    following = next((piece for piece in pieces[i + 1 :] if piece.words != "的"), None)
    return following is not None and bool(following.links) and not following.is_thing


def _steps_over(pieces: Sequence[Piece], i: int, begun: bool) -> bool:
    """Whether a scope goes on across a piece that is no content itself."""
    piece = pieces[i]
    if piece.kind is Kind.JOIN:
        return begun and _content_follows(pieces, i + 1)
    if piece.kind not in _SKIPPED:
        return False
    links = piece.words in load_list("linking") and piece.kind is not Kind.THEME
    return not begun or links or pieces[i - 1].kind is Kind.JOIN


def _content_follows(pieces: Sequence[Piece], start: int) -> bool:
    following = next((p for p in pieces[start:] if p.kind not in _SKIPPED), None)
    return following is not None and following.is_content


def _backward(pieces: Sequence[Piece], cue: int) -> list[int]:
    """The nearest content before a cue in its clause: what is joined to it, and for a thing also what describes it."""
    last = cue - 1
    while last >= 0 and (pieces[last].kind in _SKIPPED or (pieces[last].kind is Kind.STOP and last == cue - 1)):
        last -= 1
    if last < 0 or not (pieces[last].is_content or pieces[last].kind is Kind.PRICE):
        return []
    run = [last]
    for i in range(last - 1, -1, -1):
        piece = pieces[i]
        if piece.is_content and _belongs(pieces, i, run[0]):
            run.insert(0, i)
        elif piece.words not in load_list("linking") and piece.kind is not Kind.JOIN:
            break
    return run


def _belongs(pieces: Sequence[Piece], i: int, first: int) -> bool:
    """Whether content before a run is part of it: joined by "or", or an attribute of the thing that the run begins with."""
    return _joined(pieces, i, first) or (not pieces[i].is_thing and (pieces[first].is_thing or first == i + 1))


def _joined(pieces: Sequence[Piece], left: int, right: int) -> bool:
    return any(piece.kind is Kind.JOIN for piece in pieces[left + 1 : right])


def _undone(pieces: Sequence[Piece], last: int) -> bool:
    """除了 X 还要 Y wants X too."""
    undo = words(load("cues")["except"]["undo"])
    for piece in pieces[last + 1 :]:
        if piece.kind is Kind.STOP and piece.words != ",":
            return False
        if piece.words and piece.words in undo:
            return True
    return False


def _negate(pieces: Sequence[Piece], targets: list[int], soft: bool) -> None:
    """Mark what is not wanted. In "no black shoes" it is the colour: shoes are what is asked for."""
    head = _own_head(pieces, targets)
    others = [p for i, p in enumerate(pieces) if i not in targets and p.is_thing and p.links and not p.negated]
    for i in targets:
        if i == head:
            pieces[i].spent = bool(others)  # another thing is asked for; this one only says where the colour is not wanted
            if others:
                pieces[i].links = ()
            continue
        pieces[i].negated = True
        pieces[i].mood = WANT if soft else pieces[i].mood


def _own_head(pieces: Sequence[Piece], targets: list[int]) -> int:
    """Index of the noun that closes a run with something before it, or -1: not "boots" alone, not "shoes or boots"."""
    if len(targets) < 2:
        return -1
    last, previous = targets[-1], targets[-2]
    is_noun = pieces[last].is_thing
    if not is_noun or _joined(pieces, previous, last):
        return -1
    return last


def _affirm(pieces: Sequence[Piece], targets: list[int]) -> None:
    for i in targets:
        pieces[i].negated, pieces[i].mood = False, MUST


def _set_mood(pieces: Sequence[Piece], targets: list[int], mood: str, *, backward: bool) -> None:
    if not mood:
        return
    head = _own_head(pieces, targets)
    if mood is WANT and backward and len(targets) > 1:
        # "black shoes if possible" softens what is said about the shoes, "shoes black if possible" the nearest word.
        targets = [i for i in targets if not pieces[i].is_thing] or targets
    for i in targets:
        if mood is WANT and i == head:
            continue
        pieces[i].mood = mood
