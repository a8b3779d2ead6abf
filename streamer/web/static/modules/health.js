// Keeps the page fresh while somebody looks at it, and has a job done now.

import { post } from "./api.js";
import { notify } from "./notices.js";
import { whyOf } from "./refusals.js";
import { text } from "./texts.js";

const EVERY_MS = 30_000;

setInterval(() => {
  const reading = document.querySelector("details[open]") || !document.getSelection().isCollapsed;
  if (!document.hidden && !reading) {
    location.reload();
  }
}, EVERY_MS);

for (const button of document.querySelectorAll("[data-job]")) {
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await post(`jobs/${button.dataset.job}/runs`, { again: true });
      notify(text("asked_for"), "good");
    } catch (problem) {
      button.disabled = false;
      notify(whyOf(problem), "bad");
    }
  });
}
