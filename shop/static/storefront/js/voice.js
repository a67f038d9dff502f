// Say it aloud, where the browser can hear: what is heard goes into the box as it is heard, and waits there to be searched.
"use strict";

(() => {
  const Recognition = window.SpeechRecognition || window.webkitSpeechRecognition;
  if (!Recognition) return;

  const SAYS = { "not-allowed": "denied", "service-not-allowed": "denied", "audio-capture": "denied", "no-speech": "silent" };

  // The page's language, in the region that the browser prefers ("en-GB", "zh-TW").
  const spoken = () => {
    const page = document.documentElement.lang.slice(0, 2);
    return navigator.languages.find((code) => code.startsWith(`${page}-`) && code.length === 5) || (page === "zh" ? "zh-CN" : "en-US");
  };

  for (const form of document.querySelectorAll("[data-ask]")) {
    const button = form.querySelector("[data-voice]");
    const panel = form.querySelector("[data-voice-panel]");
    const stop = panel.querySelector("[data-voice-stop]");
    const says = panel.querySelector("[data-voice-says]");
    const input = form.querySelector("input[name=q]");
    let hearing = null;
    let before = "";

    const tell = (name) => {
      panel.hidden = false;
      says.textContent = panel.dataset[name];
    };

    const over = () => {
      hearing = null;
      button.setAttribute("aria-pressed", "false");
      stop.hidden = true;
    };

    const listen = () => {
      hearing = new Recognition();
      hearing.lang = spoken();
      hearing.interimResults = true;
      hearing.continuous = false;
      before = input.value.trim();
      hearing.addEventListener("start", () => tell("listening"));
      hearing.addEventListener("result", (event) => {
        const heard = [...event.results].map((result) => result[0].transcript).join("").trim();
        input.value = [before, heard].filter(Boolean).join(" ").slice(0, input.maxLength);
      });
      hearing.addEventListener("error", (event) => event.error === "aborted" || tell(SAYS[event.error] || "failed"));
      hearing.addEventListener("end", () => {
        if (input.value.trim() !== before) {
          tell("heard");
          input.focus();
        } else if (says.textContent === panel.dataset.listening) tell("silent");
        over();
      });
      stop.hidden = false;
      button.setAttribute("aria-pressed", "true");
      try {
        hearing.start();
      } catch {
        tell("failed");
        over();
      }
    };

    button.hidden = false;
    button.addEventListener("click", () => (hearing ? hearing.stop() : listen()));
    stop.addEventListener("click", () => {
      hearing?.stop();
      input.focus();
    });
    form.addEventListener("submit", () => hearing?.abort());
    input.addEventListener("input", () => (panel.hidden = !hearing));
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || panel.hidden) return;
      hearing?.abort();
      panel.hidden = true;
      input.focus();
    });
  }
})();
