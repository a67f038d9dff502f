"""What clients get, as serializers: the schema is made from them, and tests check real answers against the schema."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

BOUNDS: dict[str, Any] = {
    "type": "object",
    "required": ["gte", "lte", "currency"],
    "properties": {
        "gte": {"type": ["number", "null"]},
        "lte": {"type": ["number", "null"]},
        "currency": {"type": "string"},
    },
}


@extend_schema_field({"oneOf": [{"type": "array", "items": {"type": "string"}}, BOUNDS]})
class ChipValueField(serializers.JSONField):
    """A list of catalogue values for in and not_in; bounds (prices in minor units) for lte, gte and between."""


class Out(serializers.Serializer[Any]):
    """Only ever read from. DRF keeps declared fields apart, so a field may be called "label", whatever the types say."""


class FieldErrorSerializer(Out):
    pointer = serializers.CharField(help_text="JSON pointer of the field; a query parameter or header is /name.")
    code = serializers.CharField()
    detail = serializers.CharField()
    params = serializers.DictField(child=serializers.JSONField(), help_text="The numbers in the message.")


class ProblemSerializer(Out):
    """RFC 9457. ``code`` is stable; ``title`` and ``detail`` follow Accept-Language."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    instance = serializers.CharField()
    errors = FieldErrorSerializer(many=True)  # type: ignore[assignment]


class MoneySerializer(Out):
    amount_minor = serializers.IntegerField(help_text="In minor units: 12900 is 129.00 USD, or 12,900 JPY.")
    currency = serializers.CharField()


class ImageSerializer(Out):
    src = serializers.CharField()
    alt = serializers.CharField()


class ProductSerializer(Out):
    """A product card, in the language of Accept-Language where the catalogue speaks it."""

    id = serializers.CharField(help_text="The sku.")
    sku = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    language = serializers.CharField(help_text="Of title and description; empty: the catalogue's own.")
    url = serializers.CharField()
    image = ImageSerializer(allow_null=True)
    category = serializers.ListField(child=serializers.CharField(), help_text="Path from the root.")
    brand = serializers.CharField()
    price = MoneySerializer(allow_null=True)
    in_stock = serializers.BooleanField()
    stock = serializers.IntegerField(allow_null=True, help_text="Null: not tracked.")
    rating = serializers.FloatField(allow_null=True)
    attributes = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))


class ChipSerializer(Out):
    """One thing that was understood, or asked for by a filter."""

    id = serializers.CharField()
    field = serializers.CharField(
        help_text="price, category, brand, color, ... or any attribute's name; sort: an order; words: what to avoid by meaning."
    )
    op = serializers.ChoiceField(("in", "not_in", "lte", "gte", "between"))
    value = ChipValueField()
    strength = serializers.ChoiceField(("must", "want", "avoid"))
    source = serializers.CharField(help_text="text, filter, chip (set by hand), photo or llm.")  # type: ignore[assignment]
    span = serializers.ListField(
        child=serializers.IntegerField(), allow_null=True, help_text="[start, end) in the text; null: not from the text."
    )
    label = serializers.CharField()  # type: ignore[assignment]
    note = serializers.CharField()


class ChipToSetSerializer(Out):
    """What refine takes with set_chip."""

    field = serializers.CharField()
    op = serializers.ChoiceField(("in", "not_in", "lte", "gte", "between"))
    value = ChipValueField()
    strength = serializers.ChoiceField(("must", "want", "avoid"))


class QuestionOptionSerializer(Out):
    label = serializers.CharField()  # type: ignore[assignment]
    count = serializers.IntegerField(help_text="How many products then fit.")
    chip = ChipToSetSerializer()


class QuestionSerializer(Out):
    """What to ask a shopper whose request is broad: the question whose answer tells most."""

    field = serializers.CharField()
    text = serializers.CharField()
    options = QuestionOptionSerializer(many=True)


class GroupSerializer(Out):
    """Results of one kind, of a broad request."""

    title = serializers.CharField()
    chip = ChipToSetSerializer()
    count = serializers.IntegerField(help_text="Products of the kind in the whole answer.")
    product_ids = serializers.ListField(child=serializers.CharField(), help_text="Of this page's items, best first.")


class SeedsInForceSerializer(Out):
    like = serializers.ListField(child=serializers.CharField())
    unlike = serializers.ListField(child=serializers.CharField())


class IntentSerializer(Out):
    """How the request was read."""

    language = serializers.CharField()
    chips = ChipSerializer(many=True)
    sort = serializers.CharField(help_text="The order in force.")
    rest = serializers.CharField(help_text="What was compared by meaning.")
    avoid = serializers.CharField(help_text="What was held against products by meaning.")
    unparsed = serializers.ListField(child=serializers.CharField(), help_text="Words taken as plain words.")
    seeds = SeedsInForceSerializer(help_text="Products to be like, and unlike.")
    question = QuestionSerializer(allow_null=True, help_text="Of a broad request; null of any other, and on later pages.")


class ReasonSerializer(Out):
    signal = serializers.CharField(help_text="words, photo, liked, history, lexical, match, popularity, ...")
    code = serializers.CharField(help_text="Key of the message, for apps that word it themselves.")
    contribution = serializers.FloatField(help_text="Part of the score.")
    share = serializers.FloatField(help_text="Part of everything that spoke for the item, 0 to 1.")
    label = serializers.CharField()  # type: ignore[assignment]
    params = serializers.DictField(child=serializers.CharField())


class TermSerializer(Out):
    block = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    weight = serializers.FloatField()
    z = serializers.FloatField()
    contribution = serializers.FloatField(help_text="weight times z; the terms add up to the score.")


class ExplanationSerializer(Out):
    summary = serializers.CharField()
    reasons = ReasonSerializer(many=True)
    unmet = serializers.ListField(child=serializers.CharField(), help_text="What this item does not meet.")
    terms = TermSerializer(many=True, required=False, help_text="With explain=true.")


class RankedItemSerializer(Out):
    rank = serializers.IntegerField(help_text="From 1, over the whole ranking.")
    product = ProductSerializer()
    score = serializers.FloatField()
    explanation = ExplanationSerializer()


class TotalSerializer(Out):
    value = serializers.IntegerField()
    relation = serializers.ChoiceField(("eq", "gte"), help_text="gte: of a large catalogue only the nearest were counted.")


@extend_schema_field({"oneOf": [{"type": "string"}, BOUNDS]})
class FacetValueField(serializers.JSONField):
    """A catalogue value, or a range of prices in minor units."""


class FacetValueSerializer(Out):
    value = FacetValueField(help_text="For filters or a chip: a value (of a category its path), or a range of prices.")
    label = serializers.CharField()  # type: ignore[assignment]
    count = serializers.IntegerField(help_text="The total if this alone were chosen of the facet, beside everything else.")
    selected = serializers.BooleanField()
    depth = serializers.IntegerField(help_text="Of a category, how far below the first ones listed.")


@extend_schema_field({"oneOf": [{**BOUNDS, "title": "PriceRange"}, {"type": "null"}]})
class FacetRangeField(serializers.JSONField):
    """The lowest and the highest price, in minor units; null of anything else."""


class FacetSerializer(Out):
    """What the answer can be narrowed by. Values of one facet are alternatives; of ranges one is chosen. Facets add up."""

    field = serializers.CharField(help_text="price, category, brand, in_stock or an attribute.")
    label = serializers.CharField()  # type: ignore[assignment]
    kind = serializers.ChoiceField(("values", "tree", "ranges"))
    range = FacetRangeField()
    values = FacetValueSerializer(many=True)


class PageSerializer(Out):
    next_cursor = serializers.CharField(allow_null=True)
    has_more = serializers.BooleanField()


class AlternativeSerializer(Out):
    """One way out: take it with POST .../refine {"action": "relax", "alternative": id}."""

    id = serializers.CharField()
    label = serializers.CharField(help_text='What there is: "red from $54".')  # type: ignore[assignment]
    total = serializers.IntegerField(help_text="How many products then fit.")
    dropped = ChipSerializer(many=True)
    added = ChipSerializer(many=True, help_text="What takes their place: the nearest prices, the colours that there are.")


class RecoverySerializer(Out):
    """What was let go because nothing fitted: never stock or what a shop marks as safety, and last what was set by hand."""

    state = serializers.ChoiceField(
        ("none", "no_match", "too_tight"),
        help_text="too_tight: the thing is there, but none meets all musts. no_match: nothing of the kind is.",
    )
    relaxed = ChipSerializer(many=True, help_text="What the shown items need not meet.")
    added = ChipSerializer(many=True, help_text="What they meet instead.")
    did_you_mean = serializers.ListField(
        child=serializers.CharField(),
        help_text="Requests that this shop can answer, where it has nothing of the kind asked for.",
    )
    message = serializers.CharField()
    alternatives = AlternativeSerializer(many=True, help_text="The ways out, the smallest first; the first one is shown.")


class ResultSerializer(Out):
    """A ranked answer. It is stored: page through it with its id, and name it in events."""

    recommendation_id = serializers.CharField()
    parent_id = serializers.CharField(allow_null=True)
    attribution_token = serializers.CharField(help_text="Send it with the events this answer leads to.")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(help_text="Until then GET /recommendations/{id} pages through it.")
    intent = IntentSerializer()
    items = RankedItemSerializer(many=True)
    total = TotalSerializer()
    facets = FacetSerializer(
        many=True,
        help_text="Counted over what meets all other musts and is related; empty on later pages and beside a relaxation.",
    )
    groups = GroupSerializer(many=True, help_text="Directions that a broad request may take; empty of a narrow one.")
    page = PageSerializer()
    recovery = RecoverySerializer()
    degraded = serializers.ListField(child=serializers.CharField(), help_text="What was not available; empty: all was well.")
    versions = serializers.DictField(child=serializers.JSONField())


class ChangeSerializer(Out):
    """One difference to the answer that was refined."""

    change = serializers.ChoiceField(("added", "removed"))
    what = serializers.ChoiceField(("chip", "like", "unlike"))
    chip = ChipSerializer(allow_null=True, help_text="Its id is of the answer that has it.")
    product_id = serializers.CharField(allow_null=True)


class RefinedResultSerializer(ResultSerializer):
    """The next answer. ``parent_id`` names the one that was refined."""

    diff = ChangeSerializer(many=True)


class ProductListSerializer(Out):
    data = ProductSerializer(many=True)  # type: ignore[assignment]
    page = PageSerializer()
    total = TotalSerializer()


class GraphNodeSerializer(Out):
    """A product, or something that products share."""

    id = serializers.CharField(help_text='Kind and key, like "item:sku-1" or "category:Home/Lighting"; edges name it.')
    kind = serializers.ChoiceField(("item", "category", "brand", "value", "occasion"))
    kind_label = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    product_id = serializers.CharField(allow_null=True, help_text="The sku of a product; null for anything else.")
    url = serializers.CharField(allow_null=True)
    closeness = serializers.FloatField(help_text="Share of a random walk from the product that ends here.")
    depth = serializers.IntegerField(help_text="How many edges away it is; 0: the product itself.")


class GraphEdgeSerializer(Out):
    """What holds from source to target; bought_with holds both ways."""

    source = serializers.CharField()  # type: ignore[assignment]
    target = serializers.CharField()
    kind = serializers.ChoiceField(("in_category", "parent", "of_brand", "has_value", "suited", "bought_with"))
    label = serializers.CharField()  # type: ignore[assignment]
    weight = serializers.FloatField(help_text="0 to 1: of bought_with 1 - 1 / lift, 1 for what the catalogue says.")
    lift = serializers.FloatField(allow_null=True, help_text="Of bought_with: how many times more often than by chance.")
    shoppers_at_least = serializers.IntegerField(allow_null=True, help_text="Of bought_with: distinct shoppers, in steps.")
    simulated = serializers.BooleanField(help_text="true: the shoppers were made up.")


class ProductGraphSerializer(Out):
    product_id = serializers.CharField()
    built_at = serializers.DateTimeField(allow_null=True, help_text="Null: no graph knows this product yet.")
    nodes = GraphNodeSerializer(many=True)
    edges = GraphEdgeSerializer(many=True)
    degraded = serializers.ListField(child=serializers.CharField(), help_text='"graph" while no graph knows the product.')


class SuggestedRequestSerializer(Out):
    """A request to ask as it stands."""

    text = serializers.CharField()
    matched_ranges = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField()),
        help_text="[start, end] offsets of what was typed, in characters (code points).",
    )
    source = serializers.ChoiceField(  # type: ignore[assignment]
        ("recent", "asked", "catalogue"),
        help_text="recent: the caller's own; asked: by several shoppers; catalogue: made of what it has.",
    )


class SuggestedCategorySerializer(Out):
    name = serializers.CharField(help_text="In the language of Accept-Language where it has a name in it.")
    path = serializers.ListField(child=serializers.CharField(), help_text="From the root, as filters take it.")
    total = serializers.IntegerField(help_text="Products in it.")
    url = serializers.CharField(help_text="Empty where the shop has no page for it.")
    matched_ranges = serializers.ListField(child=serializers.ListField(child=serializers.IntegerField()))


class SuggestedProductSerializer(Out):
    id = serializers.CharField(help_text="The sku.")
    title = serializers.CharField()
    language = serializers.CharField(help_text="Of the title; empty: the catalogue's own.")
    url = serializers.CharField()
    image = ImageSerializer(allow_null=True)
    price = MoneySerializer(allow_null=True)
    matched_ranges = serializers.ListField(child=serializers.ListField(child=serializers.IntegerField()))


class SuggestionsSerializer(Out):
    """What to show below a search box; all three together hold at most ``limit`` rows."""

    queries = SuggestedRequestSerializer(many=True)
    categories = SuggestedCategorySerializer(many=True)
    products = SuggestedProductSerializer(many=True)
    degraded = serializers.ListField(child=serializers.CharField(), help_text='"index" or "suggestions": what is missing.')
