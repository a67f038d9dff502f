"""The product graph: when it was built, of what, and each product's neighbourhood as a picture and as a table."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseRedirect
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from fusion.graph.parts import Edge, EdgeKind, NodeKind
from fusion.graph.wording import edge_kind_name, node_kind_name
from recommender import models
from recommender.admin.graph_picture import narrow_picture, wide_picture
from recommender.admin.index import ReadOnlyAdmin
from recommender.catalog import get_catalog
from recommender.services.relations import RelatedNode, Surroundings, rounded_lift, surroundings

DEPTH, LIMIT = 2, 26


@admin.register(models.Artefact)
class ArtefactAdmin(ReadOnlyAdmin):
    list_display = ("kind", "version", "built_at", "items", "pairs", "size")
    fields = ("kind", "version", "built_at", "about", "sha256")
    actions_list = ("build_now",)

    @admin.display(description=_("items"))
    def items(self, row: models.Artefact) -> int:
        return int(row.about.get("items", 0))

    @admin.display(description=_("bought together"))
    def pairs(self, row: models.Artefact) -> str:
        made_up = int(row.about.get("simulated_pairs", 0))
        pairs = int(row.about.get("pairs", 0))
        return _now("%(n)d, %(simulated)d of them simulated") % {"n": pairs, "simulated": made_up} if made_up else str(pairs)

    @admin.display(description=_("size"))
    def size(self, row: models.Artefact) -> str:
        return str(filesizeformat(len(row.data)))

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """May start work: the right to change this kind of row, which nobody can edit by hand."""
        return request.user.has_perm("recommender.change_artefact")

    @action(description=_("Build again"), permissions=["operate"], url_path="build", icon="sync")  # type: ignore[untyped-decorator]
    def build_now(self, request: HttpRequest) -> HttpResponse:
        from recommender.tasks import build_graph

        try:
            build_graph.apply_async(retry=False)
            self.message_user(request, _("The worker builds the graph now; see the jobs."), messages.SUCCESS)
        except Exception as error:
            said = _("The queue cannot be reached (%(error)s). Run manage.py build_graph.") % {"error": error}
            self.message_user(request, said, messages.ERROR)
        return HttpResponseRedirect(reverse("admin:recommender_artefact_changelist"))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.neighbourhood)
        urls: list[URLPattern] = super().get_urls()
        return [path("product/<path:item_id>/", view, name="recommender_product_graph"), *urls]

    def neighbourhood(self, request: HttpRequest, item_id: str) -> HttpResponse:
        """What a product has to do with others."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        item = get_catalog().get_items([item_id]).get(item_id) if item_id.isprintable() else None
        if item is None:
            raise Http404
        language = (get_language() or "en").split("-")[0]
        around = surroundings(item, DEPTH, LIMIT, language)
        context = {
            **self.admin_site.each_context(request),
            "title": _now("Around %(title)s") % {"title": around.nodes[0].label},
            "opts": self.opts,
            "around": around,
            "pictures": [("wide", wide_picture(around, _url_of)), ("narrow", narrow_picture(around, _url_of))],
            "kinds": _kinds(around, language),
            "rows": _rows(around, language),
            "shop_url": item.url,
        }
        return TemplateResponse(request, "recommender/admin/product_graph.html", context)


def graph_url(item_id: str) -> str:
    """The address of a product's picture."""
    return reverse("admin:recommender_product_graph", args=[item_id])


def _url_of(related: RelatedNode) -> str:
    return graph_url(related.item.item_id) if related.item else ""


def _kinds(around: Surroundings, language: str) -> list[tuple[str, str]]:
    """(kind, its name) of the boxes, for the legend."""
    present = {related.node.kind for related in around.nodes}
    return [(kind.label, node_kind_name(kind, language)) for kind in NodeKind if kind in present]


def _rows(around: Surroundings, language: str) -> list[dict[str, Any]]:
    """The edges for the table: the product's own first, and pairs before facts."""
    known = {related.node: related for related in around.nodes}

    def row(edge: Edge) -> dict[str, Any]:
        bought = edge.kind is EdgeKind.BOUGHT_WITH
        return {
            "source": known[edge.source],
            "source_url": _url_of(known[edge.source]),
            "relation": edge_kind_name(edge.kind, language),
            "target": known[edge.target],
            "target_url": _url_of(known[edge.target]),
            "lift": rounded_lift(edge.lift) if bought else None,
            "shoppers": edge.shoppers if bought else None,
            "simulated": edge.simulated,
        }

    centre = around.nodes[0].node

    def place(edge: Edge) -> tuple[bool, bool, float, int, str]:
        return (
            centre not in (edge.source, edge.target),
            edge.kind is not EdgeKind.BOUGHT_WITH,
            -edge.weight,
            edge.kind,
            edge.source.key,
        )

    ordered = sorted(around.edges, key=place)
    return [row(edge) for edge in ordered]
