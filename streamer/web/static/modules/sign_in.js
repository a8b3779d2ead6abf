// The sign-in form.

import { post } from "./api.js";
import { text } from "./texts.js";

const form = document.getElementById("sign-in");
const error = document.getElementById("sign-in-error");
const button = form.querySelector("button[type=submit]");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  error.hidden = true;
  button.disabled = true;
  const { account, password } = Object.fromEntries(new FormData(form));
  try {
    await post("session", { account, password }, { key: null, anonymous: true });
    location.replace(form.dataset.returnTo);
  } catch (problem) {
    button.disabled = false;
    error.textContent =
      problem.status === 429
        ? text("wait", { seconds: problem.retryAfter ?? 60 })
        : problem.status === 0 || problem.status >= 500
          ? text("away")
          : text("wrong");
    error.hidden = false;
    form.elements.password.value = "";
    form.elements.password.focus();
  }
});
