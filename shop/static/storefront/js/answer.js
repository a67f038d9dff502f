// The answer page: what changes is announced, the focus stays where it was, and every address in the header follows.
"use strict";

(() => {
  const answer = () => document.getElementById("answer");
  const desk = matchMedia("(min-width: 64rem)");

  // On a desk a filter is in force as soon as it is chosen; the sheet of a phone waits for its button.
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-filters]");
    if (form && desk.matches) form.requestSubmit();
  });

  // One menu of steps serves every card: it opens beside the button that asks for it, at the bottom edge of a phone.
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("button.refine");
    const menu = document.getElementById("steps");
    if (!opener || !menu?.showPopover) return;
    event.preventDefault();
    for (const button of menu.querySelectorAll("[data-step]")) {
      button.value = `${button.dataset.step} ${opener.value}`;
      button.hidden = button.dataset.step === "cheaper" && "unpriced" in opener.dataset;
    }
    const compare = menu.querySelector("[data-compare]");
    compare.href = `${compare.pathname}?sku=${encodeURIComponent(opener.value)}`;
    menu.showPopover();
    const place = opener.getBoundingClientRect();
    menu.style.top = `${Math.min(place.bottom + scrollY + 4, scrollY + innerHeight - menu.offsetHeight - 8)}px`;
    menu.style.left = `${Math.max(8, place.right - menu.offsetWidth)}px`;
    menu.querySelector("button:not([hidden])").focus();
  });

  // A step is taken: the menu gives the focus back before its card goes.
  document.addEventListener("submit", (event) => {
    const menu = document.getElementById("steps");
    if (event.target.id === "step" && menu?.matches(":popover-open")) menu.hidePopover();
  });

  // The same field or link of the next answer: by its id, or by its name and value. A card's button has none.
  const twin = (element) => {
    if (element?.id) return () => document.getElementById(element.id);
    if (!element?.name || element.closest(".card")) return () => null;
    const { name, value, type } = element;
    const same = (field) => (type === "radio" ? field.checked : type !== "checkbox" || field.value === value);
    return () => [...document.getElementsByName(name)].find((field) => field.type === type && same(field));
  };

  const links = () => document.querySelectorAll("#results .card-link");
  let kept = null;
  let before = -1;
  document.addEventListener("htmx:beforeSwap", (event) => {
    before = event.detail.target.classList.contains("more") ? links().length : -1;
    if (event.detail.target.id !== "answer") return;
    const open = {};
    for (const facet of document.querySelectorAll(".facet")) open[facet.dataset.field] = facet.open;
    const focused = document.activeElement;
    kept = { again: twin(focused), inside: answer().contains(focused), open };
  });

  document.addEventListener("htmx:afterSettle", () => {
    if (!kept) return goOn();
    for (const facet of document.querySelectorAll(".facet")) {
      if (facet.dataset.field in kept.open) facet.open = kept.open[facet.dataset.field];
    }
    if (kept.inside) (kept.again() || document.getElementById("count") || document.getElementById("asked"))?.focus({ preventScroll: true });
    document.getElementById("announce").textContent = answer().dataset.says;
    kept = null;
  });

  // "Load more" replaces itself: the keyboard goes on at the first new result.
  const goOn = () => {
    if (before >= 0 && links().length > before && document.activeElement === document.body) links()[before].focus({ preventScroll: true });
    before = -1;
  };

  // Switches of the header come back to the page that is shown now.
  document.addEventListener("htmx:pushedIntoHistory", () => {
    for (const field of document.querySelectorAll("header input[name=next], footer input[name=next]")) field.value = location.pathname + location.search;
  });

  // A page that comes back from the browser's memory has no request under way.
  addEventListener("pageshow", (event) => {
    if (event.persisted) answer()?.classList.remove("htmx-request");
  });
})();
