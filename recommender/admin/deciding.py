"""Pages that change something only after a reason was given: asked for, done, and what is refused said on the same page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from recommender.admin.index import ReadOnlyAdmin
from recommender.exceptions import LearningFrozen, PromotionRefused


class DecidingAdmin(ReadOnlyAdmin):
    """Rows that nobody edits by hand, with buttons for who has the right to change them."""

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """May press the buttons: the right to change such a row."""
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")

    def decide(
        self,
        request: HttpRequest,
        title: str,
        said: str,
        form: Form,
        change: Callable[[Form], str],
        row: Any,
        refusals: Sequence[Any] = (),
    ) -> HttpResponse:
        """Ask for a reason, then do it. Args: change: does it and says what was done; row: where "leave it" leads, or None."""
        if not self.has_operate_permission(request):
            raise PermissionDenied
        if request.method == "POST" and form.is_valid():
            try:
                self.message_user(request, change(form), messages.SUCCESS)
                return HttpResponseRedirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"))
            except (PromotionRefused, LearningFrozen, ValueError) as error:
                form.add_error(None, str(error))
        return self.page(request, "decide_version", title, said=said, form=form, row=row, refusals=list(refusals))

    def page(self, request: HttpRequest, template: str, title: Any, **context: Any) -> HttpResponse:
        """A page of the plugin's own inside the admin."""
        shared = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "may_operate": self.has_operate_permission(request),
        }
        return TemplateResponse(request, f"recommender/admin/{template}.html", {**shared, **context})


def name_of(request: HttpRequest) -> str:
    """Who did it, as the record keeps it."""
    return request.user.get_username()[:150]
