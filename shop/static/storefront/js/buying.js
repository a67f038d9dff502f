// Comforts of cart and order pages, none of which they need to work.
"use strict";

(() => {
  // A quantity counts as soon as it is typed; without this file the button beside it says "Change".
  document.addEventListener("change", (event) => {
    const field = event.target.closest("[data-amount]");
    if (field && field.value !== "" && field.checkValidity()) field.form.requestSubmit(field.form.querySelector(".change"));
  });

  // After a line is gone the keyboard goes on at "Undo", else at the top of the cart.
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target.id !== "cart" || document.activeElement !== document.body) return;
    (document.getElementById("undo") || document.getElementById("cart")).focus({ preventScroll: true });
  });

  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }
})();
