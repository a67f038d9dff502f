// The one box, on top of a form that works without this file: choosing a photo, drop, paste; crop.js shows it.
"use strict";

(() => {
  const forms = [...document.querySelectorAll("[data-ask]")];

  for (const form of forms) {
    const panel = form.querySelector("[data-photo]");
    const file = form.querySelector("[data-file]");
    const camera = form.querySelector("[data-camera]");
    const send = form.querySelector("[data-send]");
    const drop = form.querySelector("[data-drop]");
    form.classList.add("enhanced");

    const chosen = () => file.files[0] || camera.files[0];

    const crop = form.querySelector("[data-crop]");
    const oldBox = form.querySelector("[data-old-box]");
    let shown = "";

    const show = () => {
      if (shown) URL.revokeObjectURL(shown);
      const photo = chosen();
      drop.classList.toggle("taken", Boolean(photo));
      if (oldBox) oldBox.disabled = Boolean(photo);
      if (!photo) return crop.drop();
      shown = URL.createObjectURL(photo);
      crop.take(shown);
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
})();
