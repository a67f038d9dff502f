// Suggestions below the box: a combobox with a listbox (WAI-ARIA 1.2), on top of a form that works without it.
"use strict";

(() => {
  const WAIT = 150;
  const SAY_AFTER = 600;

  for (const form of document.querySelectorAll("[data-ask]")) attach(form);

  function attach(form) {
    const input = form.querySelector("input[name=q]");
    const panel = form.querySelector("[data-suggest]");
    const list = panel.querySelector("[data-list]");
    const foot = panel.querySelector("[data-foot]");
    const count = form.querySelector("[data-count]");
    const voice = form.querySelector("[data-voice-panel]");
    let options = [];
    let active = -1;
    let call = null;
    let waiting = 0;
    let saying = 0;
    let composing = false;

    for (const [name, value] of Object.entries({
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": list.id,
      autocapitalize: "off",
      spellcheck: "false",
    })) input.setAttribute(name, value);

    const isOpen = () => !panel.hidden;

    function close() {
      clearTimeout(waiting);
      clearTimeout(saying);
      call?.abort();
      panel.hidden = true;
      count.textContent = "";
      choose(-1);
      input.setAttribute("aria-expanded", "false");
    }

    function choose(place) {
      options[active]?.setAttribute("aria-selected", "false");
      active = place;
      const option = options[active];
      if (!option) return input.removeAttribute("aria-activedescendant");
      option.setAttribute("aria-selected", "true");
      option.scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", option.id);
    }

    function show(html) {
      choose(-1);
      list.innerHTML = html;
      options = [...list.querySelectorAll("[role=option]")];
      options.forEach((option, place) => (option.id = `${list.id}-${place}`));
      const rows = list.querySelector("[data-rows]");
      panel.hidden = !options.length;
      // As tall as the window below the box, so that every row can be reached without scrolling the page.
      const room = window.innerHeight - panel.getBoundingClientRect().top - 16;
      panel.style.maxHeight = room > 240 ? `${room}px` : "";
      foot.hidden = rows?.dataset.recent !== "yes";
      input.setAttribute("aria-expanded", String(isOpen()));
      // Said when typing pauses, so that a screen reader does not speak over each letter.
      clearTimeout(saying);
      saying = setTimeout(() => (count.textContent = rows?.dataset.says || ""), SAY_AFTER);
    }

    async function load() {
      const text = input.value;
      call?.abort();
      call = new AbortController();
      try {
        const answer = await fetch(`${panel.dataset.from}?${new URLSearchParams({ q: text })}`, {
          signal: call.signal,
          headers: { "X-Requested-With": "fetch" },
        });
        if (!answer.ok || answer.redirected) return close();
        const html = await answer.text();
        if (input.value === text && document.activeElement === input && voice.hidden) show(html);
      } catch {
        // Another letter came first, or there is no network: the box works on without suggestions.
      }
    }

    function soon() {
      clearTimeout(waiting);
      if (!composing) waiting = setTimeout(load, WAIT);
    }

    function take(option) {
      close();
      if (!option.dataset.text) return location.assign(option.href);
      input.value = option.dataset.text;
      form.requestSubmit();
    }

    input.addEventListener("compositionstart", () => {
      composing = true;
      clearTimeout(waiting);
      call?.abort();
    });
    input.addEventListener("compositionend", () => {
      composing = false;
      soon();
    });
    input.addEventListener("input", soon);
    input.addEventListener("focus", () => input.value.trim() || soon());
    input.addEventListener("click", () => isOpen() || input.value.trim() || soon());
    form.addEventListener("submit", close);
    form.addEventListener("focusout", (event) => {
      if (event.target === input && !panel.contains(event.relatedTarget)) close();
      if (panel.contains(event.target) && !panel.contains(event.relatedTarget) && event.relatedTarget !== input) close();
    });

    input.addEventListener("keydown", (event) => {
      // While Chinese is composed, Enter and the arrows belong to the input method.
      if (composing || event.isComposing || event.keyCode === 229) return;
      const last = options.length - 1;
      const go = (place) => {
        event.preventDefault();
        choose(place);
      };
      switch (event.key) {
        case "ArrowDown":
          if (!isOpen()) {
            event.preventDefault();
            load();
          } else go(active < last ? active + 1 : -1);
          break;
        case "ArrowUp":
          if (isOpen()) event.altKey ? close() : go(active < 0 ? last : active - 1);
          break;
        case "Home":
          if (isOpen() && active >= 0) go(0);
          break;
        case "End":
          if (isOpen() && active >= 0) go(last);
          break;
        case "Enter":
          if (isOpen() && active >= 0) {
            event.preventDefault();
            take(options[active]);
          } else close();
          break;
        case "Escape":
          if (isOpen()) {
            event.preventDefault(); // the first Escape closes the list, the next one empties the box
            close();
          }
          break;
        case "Tab":
          if (foot.hidden) close();
          break;
      }
    });

    // A press must not take the focus from the box before the click arrives.
    panel.addEventListener("mousedown", (event) => event.target.closest("button") || event.preventDefault());
    list.addEventListener("mousemove", (event) => {
      const place = options.indexOf(event.target.closest("[role=option]"));
      if (place >= 0 && place !== active) choose(place);
    });
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (!option || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      take(option);
    });

    panel.querySelector("[data-forget]").addEventListener("click", async (event) => {
      const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
      const headers = { "X-CSRFToken": token, "X-Requested-With": "fetch" };
      await fetch(event.currentTarget.dataset.forget, { method: "POST", headers }).catch(() => null);
      input.focus();
      load();
    });
  }
})();
