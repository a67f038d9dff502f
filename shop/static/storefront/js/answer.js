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

  // The same field or link of the next answer: by its id, or by its name and value.
  const twin = (element) => {
    if (element?.id) return () => document.getElementById(element.id);
    if (!element?.name) return () => null;
    const { name, value, type } = element;
    return () => [...answer().querySelectorAll(`[name="${CSS.escape(name)}"]`)].find((field) => (type === "radio" ? field.checked : type !== "checkbox" || field.value === value));
  };

  let kept = {};
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id !== "answer") return;
    const open = {};
    for (const facet of document.querySelectorAll(".facet")) open[facet.dataset.field] = facet.open;
    kept = { again: twin(document.activeElement), inside: answer().contains(document.activeElement), open };
  });

  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target.id !== "answer" && event.detail.elt.id !== "answer") return;
    for (const facet of document.querySelectorAll(".facet")) {
      if (facet.dataset.field in (kept.open || {})) facet.open = kept.open[facet.dataset.field];
    }
    if (kept.inside) {
      const again = kept.again() || document.getElementById("count") || document.getElementById("asked");
      again?.focus({ preventScroll: true });
    }
    document.getElementById("announce").textContent = answer().dataset.says;
    kept = {};
  });

  // Switches of the header come back to the page that is shown now.
  document.addEventListener("htmx:pushedIntoHistory", () => {
    for (const field of document.querySelectorAll("header input[name=next], footer input[name=next]")) field.value = location.pathname + location.search;
  });

  // A page that comes back from the browser's memory has no request under way.
  addEventListener("pageshow", (event) => {
    if (event.persisted) answer()?.classList.remove("htmx-request");
  });
})();
