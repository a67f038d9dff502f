// Comforts of every page, none of which it needs to work: closing panels, short-lived notes, plain links when htmx fails.
"use strict";

(() => {
  // Panels close with Escape and with a click elsewhere.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const panel of document.querySelectorAll("[data-photo][open], [data-menu][open]")) {
      panel.open = false;
      panel.querySelector("summary").focus();
    }
  });
  document.addEventListener("click", (event) => {
    for (const panel of document.querySelectorAll("[data-photo][open], [data-menu][open]")) if (!panel.contains(event.target)) panel.open = false;
  });

  // A photo that did not come leaves its stage empty instead of torn. Errors of images do not bubble, so this listens early.
  document.addEventListener("error", (event) => event.target.closest?.(".stage img")?.classList.add("gone"), true);
  for (const image of document.querySelectorAll(".stage img")) {
    if (image.complete && image.currentSrc && !image.naturalWidth) image.classList.add("gone");
  }

  // A note leaves by itself, but not while somebody points at it or has its link in focus.
  const toast = document.getElementById("toast");
  let leaving = 0;
  const leave = () => {
    if (toast.matches(":hover, :focus-within")) leaving = setTimeout(leave, 1000);
    else toast.replaceChildren();
  };
  if (toast) {
    new MutationObserver(() => {
      clearTimeout(leaving);
      if (toast.textContent.trim()) leaving = setTimeout(leave, 6000);
    }).observe(toast, { childList: true });
  }
  // A failed htmx request falls back to the plain link or form.
  for (const name of ["htmx:responseError", "htmx:sendError"]) {
    document.addEventListener(name, (event) => {
      const link = event.detail.elt.closest("a[href]");
      if (link) location.assign(link.href);
      else event.detail.elt.closest("form")?.submit();
    });
  }
})();
