// Which part of a photo is meant: four numbers that work by themselves, and a frame to draw where the library can be loaded.
"use strict";

(() => {
  let library = null;

  const script = (src) =>
    new Promise((done, failed) => {
      const tag = document.createElement("script");
      Object.assign(tag, { src, onload: done, onerror: failed });
      document.head.append(tag);
    });

  const load = (fields) => {
    if (!library) {
      const style = document.createElement("link");
      Object.assign(style, { rel: "stylesheet", href: fields.dataset.css });
      document.head.append(style);
      library = script(fields.dataset.js);
    }
    return library;
  };

  for (const fields of document.querySelectorAll("[data-crop]")) {
    const photo = fields.querySelector("[data-crop-photo]");
    const box = fields.querySelector("[data-box]");
    const parts = Object.fromEntries([...fields.querySelectorAll("[data-part]")].map((input) => [input.dataset.part, input]));
    let frame = null;
    let typing = false;

    const shares = () => {
      const [left, top, width, height] = ["left", "top", "width", "height"].map((name) => Number(parts[name].value) / 100 || 0);
      return { left, top, width: Math.min(width, 1 - left), height: Math.min(height, 1 - top) };
    };

    // The hidden field speaks for the numbers: it is finer than whole per cents, and empty for the whole photo.
    const settle = ({ left, top, width, height }) => {
      const whole = left < 0.005 && top < 0.005 && width > 0.99 && height > 0.99;
      const corners = [left, top, left + width, top + height].map((share) => Math.min(1, Math.max(0, share)).toFixed(3));
      box.value = whole ? "0,0,1,1" : corners.join(",");
      box.disabled = false;
    };

    const draw = () => {
      const { naturalWidth, naturalHeight } = frame.getImageData();
      const { left, top, width, height } = shares();
      frame.setData({ x: left * naturalWidth, y: top * naturalHeight, width: width * naturalWidth, height: height * naturalHeight });
    };

    const follow = () => {
      if (!frame || typing) return;
      const { naturalWidth, naturalHeight } = frame.getImageData();
      const { x, y, width, height } = frame.getData();
      const drawn = { left: x / naturalWidth, top: y / naturalHeight, width: width / naturalWidth, height: height / naturalHeight };
      for (const [name, share] of Object.entries(drawn)) parts[name].value = Math.round(100 * share);
      settle(drawn);
    };

    const begin = () => {
      frame?.destroy();
      frame = null;
      const made = new window.Cropper(photo, {
        viewMode: 1,
        autoCropArea: 1,
        checkOrientation: false,
        checkCrossOrigin: false,
        movable: false,
        zoomable: false,
        rotatable: false,
        scalable: false,
        toggleDragModeOnDblclick: false,
        background: false,
        minCropBoxWidth: 16,
        minCropBoxHeight: 16,
        ready: () => {
          frame = made;
          draw();
        },
        crop: follow,
      });
    };

    const start = async (src) => {
      fields.hidden = false;
      photo.src = src;
      settle(shares());
      await Promise.all([load(fields), photo.decode()]).then(begin, () => null); // the numbers are enough
    };

    for (const input of Object.values(parts)) {
      input.addEventListener("input", () => {
        typing = true;
        settle(shares());
        if (frame) draw();
        typing = false;
      });
    }

    const whole = () => {
      Object.assign(parts.left, { value: 0 });
      Object.assign(parts.top, { value: 0 });
      Object.assign(parts.width, { value: 100 });
      Object.assign(parts.height, { value: 100 });
      settle(shares());
      if (frame) draw();
    };
    fields.querySelector("[data-whole]").addEventListener("click", whole);

    // For the box: a photo was chosen, or given up.
    fields.take = (src) => {
      whole();
      start(src);
    };
    fields.drop = () => {
      frame?.destroy();
      frame = null;
      fields.hidden = true;
      box.disabled = true;
    };

    if (fields.dataset.src) {
      fields.closest("form").classList.add("enhanced");
      fields.closest("details").addEventListener("toggle", (event) => event.target.open && !frame && start(fields.dataset.src));
    }
  }
})();
