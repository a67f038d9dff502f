// Comforts on top of pages that work without this file: photo preview, drop, paste, closing panels, short-lived notes.
"use strict";

(() => {
  const forms = [...document.querySelectorAll("[data-ask]")];

  for (const form of forms) {
    const panel = form.querySelector("[data-photo]");
    const file = form.querySelector("[data-file]");
    const camera = form.querySelector("[data-camera]");
    const send = form.querySelector("[data-send]");
    const preview = form.querySelector("[data-preview]");
    const drop = form.querySelector("[data-drop]");
    form.classList.add("enhanced");

    const chosen = () => file.files[0] || camera.files[0];

    const show = () => {
      if (preview.src) URL.revokeObjectURL(preview.src);
      const photo = chosen();
      preview.hidden = !photo;
      if (!photo) return;
      preview.src = URL.createObjectURL(photo);
      panel.open = true;
      send.focus();
    };

    form.take = (photo) => {
      const carrier = new DataTransfer();
      carrier.items.add(photo);
      file.files = carrier.files;
      show();
    };

    file.addEventListener("change", show);
    camera.addEventListener("change", show);

    // Enter in the box sends a chosen photo, too. Without a photo the address stays free of empty file names.
    form.addEventListener("submit", (event) => {
      if (event.submitter === send) {
        if (!chosen()) {
          event.preventDefault();
          file.click();
        }
        return;
      }
      if (chosen()) {
        event.preventDefault();
        form.requestSubmit(send);
      } else {
        file.disabled = camera.disabled = true;
        setTimeout(() => (file.disabled = camera.disabled = false));
      }
    });

    for (const name of ["dragenter", "dragover"]) {
      drop.addEventListener(name, (event) => {
        event.preventDefault();
        drop.classList.add("over");
      });
    }
    for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
  }

  const photoIn = (transfer) => [...(transfer?.files || [])].find((item) => item.type.startsWith("image/"));

  // A photo dropped or pasted anywhere on the page goes into the box.
  document.addEventListener("dragover", (event) => {
    if ([...event.dataTransfer.types].includes("Files")) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    const photo = photoIn(event.dataTransfer);
    if (photo && forms[0]) {
      event.preventDefault();
      forms[0].take(photo);
    }
  });
  document.addEventListener("paste", (event) => {
    const photo = photoIn(event.clipboardData);
    if (photo && forms[0]) {
      event.preventDefault();
      forms[0].take(photo);
    }
  });

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

  // A note leaves by itself; a failed htmx request falls back to the plain link or form.
  const toast = document.getElementById("toast");
  let leaving = 0;
  if (toast) {
    new MutationObserver(() => {
      clearTimeout(leaving);
      if (toast.textContent.trim()) leaving = setTimeout(() => toast.replaceChildren(), 6000);
    }).observe(toast, { childList: true });
  }
  // "Load more" replaces itself: the keyboard goes on at the first new result.
  let before = 0;
  const links = () => document.querySelectorAll("#results .card-link");
  document.addEventListener("htmx:beforeSwap", () => (before = links().length));
  document.addEventListener("htmx:afterSettle", () => {
    if (links().length > before && document.activeElement === document.body) links()[before].focus({ preventScroll: true });
  });
  for (const name of ["htmx:responseError", "htmx:sendError"]) {
    document.addEventListener(name, (event) => {
      const link = event.detail.elt.closest("a[href]");
      if (link) location.assign(link.href);
      else event.detail.elt.closest("form")?.submit();
    });
  }
})();
