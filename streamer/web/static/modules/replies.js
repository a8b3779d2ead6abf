// Answers to reports: one's own are sent, others' are accepted or rejected.

import { element } from "./element.js";
import { post } from "./api.js";
import { whyOf } from "./refusals.js";
import { text } from "./texts.js";

// An accepted answer has the report made again before it is answered.
const WAIT_MS = 120_000;

/** Send a form once; then its place says what came of it, and has the keyboard. */
async function settle(form, path, body, line) {
  const error = form.querySelector(".error");
  const buttons = form.querySelectorAll("button");
  const usable = (can) => buttons.forEach((one) => { one.disabled = !can; });
  error.hidden = true;
  usable(false);
  // The same key, however often it is tried: an answer that got lost is not given twice.
  form.dataset.key ??= crypto.randomUUID();
  try {
    await post(path, body, { key: form.dataset.key, waitMs: WAIT_MS });
  } catch (problem) {
    if (problem.status !== 0) {
      delete form.dataset.key;
    }
    error.textContent = whyOf(problem);
    error.hidden = false;
    usable(true);
    return;
  }
  const said = element("p", { class: "settled", role: "status", tabindex: "-1" }, line);
  (form.closest("details") ?? form).replaceWith(said);
  said.focus();
}

for (const form of document.querySelectorAll("form.answer")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const data = new FormData(form);
    const body = { kind: form.dataset.kind, ref: form.dataset.ref, reason: data.get("reason") };
    const documentRef = data.get("document_ref").trim();
    if (documentRef) {
      body.document_ref = documentRef;
    }
    settle(form, form.dataset.path, body, text("answered"));
  });
}

for (const form of document.querySelectorAll("form.decide")) {
  const note = form.elements.note;
  note.addEventListener("input", () => note.setCustomValidity(""));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const decision = event.submitter?.value ?? "accept";
    const said = note.value.trim();
    if (decision === "reject" && said.length < 3) {
      note.setCustomValidity(text("say_why"));
      note.reportValidity();
      return;
    }
    const line = text(decision === "accept" ? "accepted" : "rejected");
    settle(form, `${form.dataset.path}/${decision}`, said ? { note: said } : {}, line);
  });
}
