// One's own password.

import { goToSignIn, put } from "./api.js";
import { whyOf } from "./refusals.js";
import { text } from "./texts.js";

const form = document.getElementById("password");
const error = document.getElementById("password-error");

function refuse(line) {
  error.textContent = line;
  error.hidden = false;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  error.hidden = true;
  const { current, wanted, again } = Object.fromEntries(new FormData(form));
  if (wanted !== again) {
    refuse(text("different"));
    return;
  }
  try {
    await put("session/password", { current, wanted }, { key: null, anonymous: true });
    goToSignIn();
  } catch (problem) {
    refuse(problem.kind === "sign-in" ? text("wrong_current") : whyOf(problem));
  }
});
