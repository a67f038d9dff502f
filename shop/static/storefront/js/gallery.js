// A product's photos: look closely in a dialog, go from one to the next. Without this file each photo is a link to itself in large.
"use strict";

(() => {
  const gallery = document.querySelector("[data-gallery]");
  const dialog = gallery?.querySelector("[data-zoom-dialog]");
  if (!dialog?.showModal) return;
  const frames = gallery.querySelector(".frames");
  const links = [...gallery.querySelectorAll("[data-zoom]")];
  const thumbs = [...gallery.querySelectorAll(".thumbs a")];
  const room = dialog.querySelector(".zoom-room");
  const photo = room.querySelector("img");
  let at = 0;

  const show = (place) => {
    at = (place + links.length) % links.length;
    const small = links[at].querySelector("img");
    room.classList.remove("near");
    photo.width = small.width * 4; // the shape is known before the large file is here
    photo.height = small.height * 4;
    photo.alt = small.alt;
    photo.src = links[at].href;
  };

  for (const [place, link] of links.entries()) {
    link.addEventListener("click", (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      show(place);
      dialog.showModal();
      room.focus();
    });
  }

  // Near: the photo in its own pixels, around the point that was pressed.
  const toggle = (x, y) => {
    const near = room.classList.toggle("near");
    if (!near) return;
    room.scrollLeft = x * room.scrollWidth - room.clientWidth / 2;
    room.scrollTop = y * room.scrollHeight - room.clientHeight / 2;
  };
  photo.addEventListener("click", (event) => {
    const box = photo.getBoundingClientRect();
    toggle((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  });
  room.addEventListener("click", (event) => event.target === room && dialog.close());

  dialog.addEventListener("keydown", (event) => {
    const near = room.classList.contains("near");
    if (event.key === "ArrowLeft" && !near) show(at - 1);
    else if (event.key === "ArrowRight" && !near) show(at + 1);
    else if ((event.key === "Enter" || event.key === " ") && event.target === room) toggle(0.5, 0.5);
    else return;
    event.preventDefault();
  });
  for (const button of dialog.querySelectorAll("[data-step]")) {
    button.hidden = links.length < 2;
    button.addEventListener("click", () => show(at + Number(button.dataset.step)));
  }
  dialog.addEventListener("close", () => {
    photo.removeAttribute("src");
    frames.scrollTo({ left: links[at].parentElement.offsetLeft - frames.offsetLeft, behavior: "instant" });
  });

  // Thumbnails move the row of photos and not the page, and show which one is in sight.
  for (const [place, thumb] of thumbs.entries()) {
    thumb.addEventListener("click", (event) => {
      event.preventDefault();
      const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
      frames.scrollTo({ left: links[place].parentElement.offsetLeft - frames.offsetLeft, behavior: still ? "instant" : "smooth" });
    });
  }
  if (thumbs.length) {
    const watch = new IntersectionObserver(
      (seen) => {
        for (const entry of seen) {
          if (!entry.isIntersecting) continue;
          const place = links.findIndex((link) => link.parentElement === entry.target);
          for (const [n, thumb] of thumbs.entries()) {
            if (n === place) thumb.setAttribute("aria-current", "true");
            else thumb.removeAttribute("aria-current");
          }
        }
      },
      { root: frames, threshold: 0.6 },
    );
    for (const link of links) watch.observe(link.parentElement);
  }
})();
