// Pairs this tablet or screen: by the code behind # of the address, or by typing it.

import { post } from "./api.js";
import { text } from "./texts.js";

const form = document.getElementById("pair");
const error = document.getElementById("pair-error");
const given = decodeURIComponent(location.hash.slice(1));

if (/^[a-z0-9-]{4,16}$/i.test(given)) {
  form.elements.code.value = given;
  // Not to be found in the browser's history.
  history.replaceState(null, "", location.pathname);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  error.hidden = true;
  try {
    const code = form.elements.code.value;
    const paired = await post("devices/pairings", { code }, { key: null, anonymous: true });
    location.replace(paired.page);
  } catch (problem) {
    const wait = problem.retryAfter ?? 5;
    error.textContent = problem.status === 429 ? text("wait", { seconds: wait }) : problem.status === 0 ? text("away") : text("unknown");
    error.hidden = false;
    form.elements.code.focus();
  }
});
