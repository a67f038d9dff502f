"""How far a cue reaches: negation, exclusivity, softness. Pieces come in undecided and leave with polarity and mood."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from fusion.instructions.alternatives import offers_alternative
from fusion.instructions.closed_class import postfix_negations
from fusion.instructions.language import is_han
from fusion.instructions.lexicon import load, load_list, words
from fusion.instructions.phrase_table import Kind
from fusion.instructions.pieces import MUST, WANT, Piece

_NEGATIONS = frozenset({Kind.NEGATE, Kind.AVOID, Kind.EXCEPT})
_CUES = _NEGATIONS | {Kind.REFUSE, Kind.ONLY, Kind.SOFT}
_SKIPPED = frozenset({Kind.GLUE, Kind.CHATTER, Kind.FIELD, Kind.THEME})


def apply_scopes(pieces: Sequence[Piece]) -> None:
    """Decide for every content piece whether it is wanted, and how firmly, from the cues around it."""
    _mark_exceptions(pieces)
    _join_lists(pieces)
    position = 0
    while position < len(pieces):
        if pieces[position].kind not in _CUES:
            if pieces[position].kind is Kind.CLOSE:
                _close(pieces, position)
            position += 1
            continue
        end = _chain_end(pieces, position)
        _apply(pieces, position, end)
        position = end


def _mark_exceptions(pieces: Sequence[Piece]) -> None:
    """ "any colour but red", "all brands but nike": this "but" opens an exception, not a clause."""
    for i, piece in enumerate(pieces):
        opens = piece.words == "but" and i > 1 and pieces[i - 2].words in load_list("quantifiers")
        if opens and (pieces[i - 1].kind is Kind.FIELD or pieces[i - 1].words in load_list("placeholders")):
            piece.kind = Kind.EXCEPT


def _join_lists(pieces: Sequence[Piece]) -> None:
    """ "no black, navy or grey": commas between values of one kind are joints where the list ends with "or" or is long."""
    i = 0
    while i < len(pieces):
        items, commas = _list_at(pieces, i)
        negated = i > 0 and pieces[i - 1].kind in _NEGATIONS
        things = any(pieces[item].is_thing for item in items)  # "shoes, boots and sandals excepted": the first is asked for
        closed = _or_follows(pieces, items) and (negated or not things)
        if commas and (closed or (len(items) > 2 and negated)):
            for comma in commas:
                pieces[comma].kind = Kind.JOIN
        i = items[-1] + 1 if items else i + 1


def _list_at(pieces: Sequence[Piece], start: int) -> tuple[list[int], list[int]]:
    """Indices of the values of one kind that follow each other from ``start`` on with commas between, and of the commas."""
    items: list[int] = []
    commas: list[int] = []
    i = start
    while i < len(pieces) and pieces[i].links and (not items or _roles(pieces[i]) & _roles(pieces[items[-1]])):
        items.append(i)
        following = _after_particle(pieces, i)
        if following + 1 >= len(pieces) or pieces[following].words != ",":
            break
        commas.append(following)
        i = following + 1
    return items, [comma for comma in commas if items and comma < items[-1]] + _comma_before_or(pieces, commas, items)


def _comma_before_or(pieces: Sequence[Piece], commas: list[int], items: list[int]) -> list[int]:
    """The comma of "red, blue, or green"."""
    last = commas[-1] if commas else -1
    is_oxford = bool(items) and last > items[-1] and pieces[last + 1].kind is Kind.JOIN
    return [last] if is_oxford and _or_follows(pieces, items) else []


def _or_follows(pieces: Sequence[Piece], items: list[int]) -> bool:
    """Whether a joint and another value of the kind close the list."""
    if not items:
        return False
    i = _after_particle(pieces, items[-1])
    if i < len(pieces) and pieces[i].words == ",":
        i += 1
    joint = i < len(pieces) and pieces[i].kind is Kind.JOIN
    return joint and i + 1 < len(pieces) and bool(_roles(pieces[i + 1]) & _roles(pieces[items[-1]]))


def _after_particle(pieces: Sequence[Piece], i: int) -> int:
    return i + 2 if i + 1 < len(pieces) and pieces[i + 1].words == "的" else i + 1


def _roles(piece: Piece) -> set[str]:
    return {link.role for link in piece.links}


def _chain_end(pieces: Sequence[Piece], start: int) -> int:
    """Cues with nothing but small words between them act together: 最好 不要, "don't want anything that isn't"."""
    end = start + 1
    probe = end
    while probe < len(pieces) and pieces[end - 1].kind is not Kind.REFUSE:
        if pieces[probe].kind in _CUES:
            end = probe + 1
        elif pieces[probe].kind not in _SKIPPED:
            break
        probe += 1
    return end


def _apply(pieces: Sequence[Piece], start: int, end: int) -> None:
    chain = [piece.kind for piece in pieces[start:end] if piece.kind in _CUES]
    if chain[-1] is Kind.REFUSE or _closes_double(pieces, start, end):
        _refuse(pieces, start, pieces[end - 1].words)
        return
    if chain[:2] == [Kind.NEGATE, Kind.ONLY] and pieces[start + 1].kind is Kind.ONLY:
        return  # "not only", 不 只要
    negations = sum(kind in _NEGATIONS for kind in chain)
    negative, soft = negations % 2 == 1, Kind.SOFT in chain or Kind.AVOID in chain
    firm = Kind.ONLY in chain or (negations == 2 and not soft)
    if negative and _turn_round(pieces, end):
        return
    if not negative and offers_alternative(pieces, end - 1, _backward(pieces, start)):
        return
    _mark_degree(pieces, end)
    targets = _forward(pieces, end, prices=not negative)
    if targets and chain[0] is Kind.EXCEPT and _undone(pieces, targets[-1]):
        negative = False
    if negative and (_turn_bound(pieces, targets) or (not targets and _turn_next(pieces, end))):
        return
    backward = not targets
    if backward:
        if negative and pieces[end - 1].words in postfix_negations():
            _refuse(pieces, start, pieces[end - 1].words)
        if negative:
            return
        targets = _backward(pieces, start)
    if negative:
        _negate(pieces, targets, soft)
    else:
        _set_mood(pieces, targets, WANT if soft else MUST if firm else "", backward=backward)


def _closes_double(pieces: Sequence[Piece], start: int, end: int) -> bool:
    """非纯棉不买的T恤: the second negation belongs to the first, whatever follows."""
    double = pieces[start].words in words(load("cues")["double"]["zh"]) and end == start + 1
    before = next((i for i in range(start - 1, -1, -1) if pieces[i].kind not in _SKIPPED), -1)
    opened = any(p.kind is Kind.NEGATE and p.words in load_list("double_openers") for p in pieces[max(0, before - 2) : before])
    closes = end == len(pieces) or not pieces[end].is_content or pieces[start].words in load_list("double_closings")
    return double and opened and pieces[before].negated and closes


def _refuse(pieces: Sequence[Piece], cue: int, said: str) -> None:
    """Refuse what stands before a cue; what is refused already, is asked for (非耐克不要: only Nike)."""
    targets = _backward(pieces, cue)
    if not targets or (said.isascii() and said == "pass" and not is_han(pieces[targets[-1]].words[-1])):
        return
    if any(pieces[i].negated for i in targets):
        _affirm(pieces, targets)
    elif pieces[targets[-1]].kind is Kind.PRICE:
        _turn_price(pieces[targets[-1]])
    elif _is_floor(pieces, targets):
        _turn_price(pieces[targets[0] - 1])
    else:
        _negate(pieces, targets, soft=False)


def _is_floor(pieces: Sequence[Piece], targets: Sequence[int]) -> bool:
    """25以上的植物不要: where a lower bound describes a refused thing, the bound is refused and the thing is asked for."""
    price = pieces[targets[0] - 1].price if targets[0] else None
    return price is not None and price.high is None and all(pieces[i].is_thing for i in targets)


def _close(pieces: Sequence[Piece], position: int) -> None:
    """黑色以外的T恤: what stands before 以外 is refused, also where no 除了 opened it."""
    targets = _backward(pieces, position) if pieces[position].words in load_list("bare_closings") else []
    if targets and not any(pieces[i].negated for i in targets) and not _opened(pieces, targets[0]):
        _negate(pieces, targets, soft=False)


def _opened(pieces: Sequence[Piece], first: int) -> bool:
    return any(piece.kind is Kind.EXCEPT for piece in _clause_before(pieces, first))


def _clause_before(pieces: Sequence[Piece], end: int) -> Iterator[Piece]:
    for piece in reversed(pieces[:end]):
        if piece.kind is Kind.STOP:
            return
        yield piece


def _turn_bound(pieces: Sequence[Piece], targets: Sequence[int]) -> bool:
    """ "no jackets over 500": where a lower bound follows a refused thing, the bound is refused and the thing is asked for."""
    following = targets[-1] + 1 if targets else len(pieces)
    if following >= len(pieces) or pieces[following].kind is not Kind.PRICE or not all(pieces[i].is_thing for i in targets):
        return False
    price = pieces[following].price
    return price is not None and price.high is None and _turn_price(pieces[following])


def _turn_next(pieces: Sequence[Piece], start: int) -> bool:
    """不要150以上的: the bound right behind a negation is what is refused."""
    following = next((piece for piece in pieces[start:] if piece.kind not in _SKIPPED), None)
    return following is not None and following.kind is Kind.PRICE and _turn_price(following)


def _turn_price(piece: Piece) -> bool:
    """ "over 500" refused is "up to 500". A refused range says nothing."""
    price = piece.price
    if price is None or (price.low is None) == (price.high is None):
        piece.price = None
        return False
    piece.price = replace(price, low=price.high, high=price.low)
    return True


def _mark_degree(pieces: Sequence[Piece], end: int) -> None:
    """不要太花的: whatever follows "too" says something, even where it is a word of chatter elsewhere."""
    said = pieces[end - 1].words
    counts = end + 1 < len(pieces) and pieces[end].words in load_list("chatter_that_counts") and pieces[end + 1].words == "的"
    is_degree = (said.endswith(tuple(load_list("degrees"))) or counts) and end < len(pieces)
    if is_degree and pieces[end].kind is Kind.CHATTER and pieces[end].words != "的":
        pieces[end].kind = Kind.UNKNOWN


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
    following = next((p for p in pieces[start:] if p.kind not in _SKIPPED and p.kind is not Kind.JOIN), None)
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
        if mood is WANT and (i == head or _is_only_thing(pieces, i)):
            continue
        pieces[i].mood = mood


def _is_only_thing(pieces: Sequence[Piece], i: int) -> bool:
    """ "a jacket would be nice": the one thing that is named is what is asked for."""
    return pieces[i].is_thing and not any(p.is_thing and p.links and not p.negated for p in pieces if p is not pieces[i])
