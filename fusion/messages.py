"""The sentences that an answer says, in the languages it speaks. Hosts translate further by ``Reason.code`` and ``params``."""

from __future__ import annotations

from collections.abc import Mapping

DEFAULT_LANGUAGE = "en"

_MESSAGES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "matches_words": "Its words match “{words}”",
        "fits_meaning": "Close in meaning to your request",
        "photo_fits_words": "Its photo fits your words",
        "looks_like_photo": "Looks like your photo",
        "photo_fits_text": "Is the kind of thing in your photo",
        "like_item": "Similar to {title}",
        "looks_like_item": "Looks like {title}",
        "because_purchase": "Because you bought {title}",
        "because_add_to_cart": "Because you put {title} in your cart",
        "because_like": "Because you liked {title}",
        "because_view": "Because you looked at {title}",
        "bought_together": "People who bought {title} also bought this",
        "chosen_together": "People who chose {title} also chose this",
        "is_wanted": "Has what you would like: {values}",
        "costs_less": "Costs less than most of these",
        "unlike": "Unlike what you want to avoid",
        "popular": "Popular here lately",
        "no_thing": "No {asked}: {ways}.",
        "nothing": "Nothing {asked}: {ways}.",
        "nothing_like": "Nothing like “{words}” {asked}: {ways}.",
        "unknown_thing": "This shop has nothing like “{words}”. The nearest things: {ways}.",
        "shown": "Shown here: {label}.",
        "no_match": "Nothing in this shop fits.",
        "way": "{label} ({n})",
        "under": "under {high}",
        "over": "over {low}",
        "between": "{low}–{high}",
        "from": "from {low}",
        "up_to": "up to {high}",
        "not_one": "not {values}",
        "included": "{values} included",
        "for_whom": "for {values}",
        "any_value": "any {field}",
        "goods": "things",
        "or": "{first} or {last}",
        "or_way": "{first}, or {last}",
        "join": ", ",
    },
    "zh": {
        "matches_words": "文字符合“{words}”",
        "fits_meaning": "意思与您的要求相近",
        "photo_fits_words": "图片符合您的描述",
        "looks_like_photo": "看起来像您的照片",
        "photo_fits_text": "与您照片里的东西同类",
        "like_item": "与{title}相似",
        "looks_like_item": "外观像{title}",
        "because_purchase": "因为您买过{title}",
        "because_add_to_cart": "因为您把{title}放进了购物车",
        "because_like": "因为您喜欢{title}",
        "because_view": "因为您看过{title}",
        "bought_together": "买过{title}的人也买了它",
        "chosen_together": "选择{title}的人也选择了它",
        "is_wanted": "有您想要的：{values}",
        "costs_less": "比这里多数商品便宜",
        "unlike": "不像您想避开的",
        "popular": "近期受欢迎",
        "no_thing": "没有{asked}：{ways}。",
        "nothing": "没有{asked}：{ways}。",
        "nothing_like": "没有与“{words}”相近的{asked}：{ways}。",
        "unknown_thing": "本店没有与“{words}”相近的商品。最接近的：{ways}。",
        "shown": "以下显示：{label}。",
        "no_match": "本店没有符合的商品。",
        "way": "{label}（{n} 件）",
        "under": "{high}以内",
        "over": "{low}以上",
        "between": "{low}–{high}",
        "from": "{low}起",
        "up_to": "{high}以下",
        "not_one": "非{values}",
        "included": "包括{values}",
        "for_whom": "{values}",
        "any_value": "{field}不限",
        "goods": "商品",
        "or": "{first}或{last}",
        "or_way": "{first}，或{last}",
        "join": "、",
    },
}


def say(code: str, language: str, **params: object) -> str:
    """One message in the language asked for, or in English where it is not spoken."""
    messages = _MESSAGES.get(language.split("-")[0].lower(), _MESSAGES[DEFAULT_LANGUAGE])
    return messages[code].format(**params)
