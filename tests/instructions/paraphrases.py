"""Requests by another route: sentence frames filled with values by a seeded draw.

A frame says which slots it fills; the expectation follows from the values drawn, never from the parser.
"""

from __future__ import annotations

import random

from fusion.instructions.evaluation import Expectation, ordered_slot

# (English, Chinese, slot) for the catalogue "clothes".
THINGS = [
    ("t-shirt", "T恤", "Clothing/Tops/T-Shirts"),
    ("sweater", "毛衣", "Clothing/Tops/Sweaters"),
    ("jeans", "牛仔裤", "Clothing/Bottoms/Jeans"),
    ("shorts", "短裤", "Clothing/Bottoms/Shorts"),
    ("backpack", "双肩包", "Accessories/Bags/Backpacks"),
    ("belt", "皮带", "Accessories/Belts"),
    ("sandals", "凉鞋", "Footwear/Sandals"),
    ("boots", "靴子", "Footwear/Boots"),
    ("watch", "腕表", "Accessories/Watches"),
    ("casual shoes", "休闲鞋", "Footwear/Shoes/Casual Shoes"),
]
COLOURS = [
    ("green", "绿色", "Green"),
    ("yellow", "黄色", "Yellow"),
    ("beige", "米色", "Beige"),
    ("purple", "紫色", "Purple"),
    ("brown", "棕色", "Brown"),
]
BRANDS = [
    ("Puma", "彪马", "Puma"),
    ("Fossil", "Fossil", "Fossil"),
    ("Uniqlo", "优衣库", "Uniqlo"),
    ("Levi's", "李维斯", "Levi's"),
]
GENDERS = [("men", "男士", "Men"), ("women", "女士", "Women"), ("girls", "女孩", "Girls")]
AMOUNTS = [(45, "四十五"), (120, "一百二"), (260, "两百六十"), (800, "八百"), (1500, "一千五")]

FRAMES = {
    "en": [
        ("my budget tops out at {n} and I'd like a {colour} {thing}", "price<={n};colour={C};thing={T}"),
        ("could you suggest a {thing} in {colour} for {gender}?", "colour={C};thing={T};gender={G}"),
        ("{brand} {thing}, {colour}, nothing over {n}", "brand={B};thing={T};colour={C};price<={n}"),
        ("need {thing} - {gender} - {colour} - max {n}", "thing={T};gender={G};colour={C};price<={n}"),
        ("{thing} for {gender}, just not in {colour}", "thing={T};gender={G};colour!={C}"),
        ("I can't stand {colour}, but I want a {brand} {thing}", "colour!={C};brand={B};thing={T}"),
        ("{thing}, any brand except {brand}", "thing={T};brand!={B}"),
        ("is there a {thing} that costs less than {n}?", "thing={T};price<={n}"),
        ("{colour} or {colour2} {thing} from {n} up", "colour={C}|{C2};thing={T};price>={n}"),
        ("{thing} by {brand} between {n} and {m}", "thing={T};brand={B};price={n}..{m}"),
        ("the cheapest {colour} {thing} you have", "colour={C};thing={T};order=price asc"),
        ("{gender} {thing} without {colour}, newest first", "gender={G};thing={T};colour!={C};order=created_at desc"),
    ],
    "zh": [
        ("预算不超过{n}，想要{colour}的{thing}", "price<={n};colour={C};thing={T}"),
        ("请推荐一款{gender}穿的{colour}{thing}", "colour={C};thing={T};gender={G}"),
        ("{brand}的{thing}，要{colour}，别超过{n}块", "brand={B};thing={T};colour={C};price<={n}"),
        ("{thing} {gender} {colour} {n}元以内", "thing={T};gender={G};colour={C};price<={n}"),
        ("{gender}{thing}，只要不是{colour}就行", "thing={T};gender={G};colour!={C}"),
        ("我讨厌{colour}，想买{brand}{thing}", "colour!={C};brand={B};thing={T}"),
        ("{thing}，除了{brand}别的牌子都可以", "thing={T};brand!={B}"),
        ("有没有低于{z}的{thing}", "thing={T};price<={n}"),
        ("{z}以上的{colour}或{colour2}{thing}", "colour={C}|{C2};thing={T};price>={n}"),
        ("{n}到{m}之间的{brand}{thing}", "thing={T};brand={B};price={n}..{m}"),
        ("你们最便宜的{colour}{thing}", "colour={C};thing={T};order=price asc"),
        ("{gender}的{thing}，{colour}的不要，按最新排序", "gender={G};thing={T};colour!={C};order=created_at desc"),
    ],
}
_FIELDS = {"colour": "base colour", "thing": "category", "brand": "brand", "gender": "gender", "price": "price"}


def draw_requests(per_frame: int = 6, seed: int = 2026) -> list[Expectation]:
    """``per_frame`` requests of every frame, the same ones for the same seed."""
    source = random.Random(seed)
    return [_fill(lang, *frame, source) for lang, frames in FRAMES.items() for frame in frames for _ in range(per_frame)]


def _fill(lang: str, frame: str, slots: str, source: random.Random) -> Expectation:
    column = 0 if lang == "en" else 1
    thing, brand, gender = source.choice(THINGS), source.choice(BRANDS), source.choice(GENDERS)
    colour, colour2 = source.sample(COLOURS, 2)
    (n, z), (m, _) = sorted(source.sample(AMOUNTS, 2))
    text = frame.format(
        thing=thing[column],
        brand=brand[column],
        gender=gender[column],
        colour=colour[column],
        colour2=colour2[column],
        n=n,
        m=m,
        z=z,
    )
    filled = slots.format(T=thing[2], B=brand[2], G=gender[2], C=colour[2], C2=colour2[2], n=n, m=m).split(";")
    order = next((slot.removeprefix("order=") for slot in filled if slot.startswith("order=")), "")
    musts = frozenset(_named(slot) for slot in filled if not slot.startswith("order="))
    return Expectation(text, lang, "paraphrase", "clothes", musts, frozenset(), order=order)


def _named(slot: str) -> str:
    name = next(name for name in _FIELDS if slot.startswith(name))
    return ordered_slot(_FIELDS[name] + slot.removeprefix(name))
