"""The answer page: a GET whose address holds everything, and the small door that photos come in by."""

from __future__ import annotations

from dataclasses import replace

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from shop import recommendations
from shop.catalog.selectors import products_by_sku
from shop.faq.selectors import ServiceAnswer, answer_to
from shop.storefront.asking import Asked
from shop.storefront.cards import AnswerPage, card_of
from shop.storefront.errors import AnswerExpired, AnswerGone, PhotoGone, PhotoRefused, RequestRefused
from shop.storefront.forms import AskForm, PartForm, PhotoForm, StepForm


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Answer a request, or show a later page of an answer that was given."""
    form = AskForm(request.GET)
    if not form.is_valid():
        return _refused(request, form)
    asked = form.asked
    if form.cleaned_data["r"]:
        return _later_page(request, asked, form.cleaned_data["r"], form.cleaned_data["offset"] or 0)
    if asked.is_empty:
        return render(request, "storefront/answer.html", {"asked": asked, "page": None})
    try:
        return _answer(request, asked, recommendations.ask(request, asked))
    except PhotoGone:
        messages.info(request, _("Your photo is no longer kept. Upload it again to search with it."))
        return redirect(replace(asked, photo="", box="").url)
    except RequestRefused as error:
        return render(request, "storefront/answer.html", {"asked": asked, "page": None, "errors": [str(error)]}, status=400)


@require_safe
def refine(request: HttpRequest) -> HttpResponse:
    """Go one step from a request and to the address of the next; a step that is not possible says why and stays."""
    form = StepForm(request.GET)
    if not form.is_valid():
        raise Http404
    asked = form.asked
    if form.cleaned_data["card"] and not form.cleaned_data["action"]:
        return _steps(request, asked, form.cleaned_data["r"], form.cleaned_data["card"])
    try:
        return redirect(recommendations.refine(request, asked, form.cleaned_data["r"], form.step_taken).url)
    except AnswerGone as error:
        raise Http404 from error
    except RequestRefused as error:
        messages.warning(request, str(error))
        return redirect(asked.url)


def _steps(request: HttpRequest, asked: Asked, answer: str, sku: str) -> HttpResponse:
    """The steps from one product, as a page of its own: what the menu of a card is where no script runs."""
    found = products_by_sku([sku]).get(sku)
    if found is None:
        raise Http404
    context = {"asked": asked, "answer": answer, "card": card_of(found), "value": f" {sku}"}
    return render(request, "storefront/steps.html", context)


def _later_page(request: HttpRequest, asked: Asked, recommendation_id: str, offset: int) -> HttpResponse:
    try:
        found = recommendations.more(request, asked, recommendation_id, offset, whole=not wants_part(request))
        return _answer(request, asked, found)
    except AnswerGone as error:
        raise Http404 from error
    except AnswerExpired:
        messages.info(request, _("Those results were from a while ago, so we asked again."))
        # htmx follows a redirect by itself and would paste a whole page into the list, so it is told to leave the page.
        return HttpResponse(headers={"HX-Redirect": asked.url}) if wants_part(request) else redirect(asked.url)


def _answer(request: HttpRequest, asked: Asked, page: AnswerPage) -> HttpResponse:
    part = "more" if page.offset else "answer_live"
    template = f"storefront/partials/{part}.html" if wants_part(request) else "storefront/answer.html"
    next_url = asked.page_url(page.id, page.next_offset) if page.next_offset is not None else ""
    whole = not wants_part(request)
    service = _service_answer(request, asked, page) if whole or not page.offset else None
    context = {"asked": asked, "page": page, "next_url": next_url, "service": service, "part": not whole}
    response = render(request, template, context)
    # The same address gives a whole page or a part of it; a cache or the back button must never mix them up.
    patch_vary_headers(response, ["HX-Request"])
    response["Cache-Control"] = "private, no-cache"
    return response


def _service_answer(request: HttpRequest, asked: Asked, page: AnswerPage) -> ServiceAnswer | None:
    """The shop's own answer, where bare words ask for one ("where is my order")."""
    bare = asked == Asked(text=asked.text) and not page.offset
    return answer_to(asked.text, request.LANGUAGE_CODE) if bare else None


def wants_part(request: HttpRequest) -> bool:
    """Whether htmx asks, and for a part of the page."""
    headers = request.headers
    return headers.get("HX-Request") == "true" and headers.get("HX-History-Restore-Request") != "true"


def _refused(request: HttpRequest, form: AskForm) -> HttpResponse:
    """A request that is too long is shown with what to do; a damaged address is simply not found."""
    if set(form.errors) != {"q"}:
        raise Http404
    asked = Asked(text=request.GET.get("q", "").replace("\x00", ""))
    return render(request, "storefront/answer.html", {"asked": asked, "page": None, "errors": form.errors["q"]}, status=400)


@require_POST
def upload_photo(request: HttpRequest) -> HttpResponse:
    """Keep the photo and go to the answer's own address; without a photo, just answer the words."""
    form = PhotoForm(request.POST, request.FILES)
    if not form.is_valid():
        return _refused(request, AskForm(request.POST))
    asked = Asked(text=form.cleaned_data["q"])
    given = form.cleaned_data["file"] or form.cleaned_data["camera"]
    if given is None:
        return redirect(asked.url)
    try:
        photo_id = recommendations.store_query_photo(request, given.read())
    except PhotoRefused as error:
        return render(request, "storefront/answer.html", {"asked": asked, "page": None, "errors": [str(error)]}, status=400)
    return redirect(replace(asked, photo=photo_id, box=form.cleaned_data["box"]).url)


@require_safe
def photo(request: HttpRequest, photo_id: str) -> HttpResponse:
    """The shopper's own query photo, or the part of it that is meant, for nobody else."""
    form = PartForm(request.GET)
    if not form.is_valid():
        raise Http404
    try:
        data = recommendations.read_query_photo(request, photo_id, Asked(box=form.cleaned_data["box"]).corners)
    except PhotoGone as error:
        raise Http404 from error
    headers = {"Cache-Control": "private, max-age=3600", "X-Content-Type-Options": "nosniff"}
    return HttpResponse(data, content_type="image/jpeg", headers=headers)


@require_POST
def delete_photo(request: HttpRequest, photo_id: str) -> HttpResponse:
    """Delete the photo now rather than at the end of its day."""
    try:
        recommendations.delete_query_photo(request, photo_id)
    except PhotoGone as error:
        raise Http404 from error
    messages.success(request, _("Your photo is deleted."))
    return redirect(Asked(text=request.POST.get("q", "")[:500]).url)
