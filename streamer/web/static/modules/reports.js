// Has a report made, and says how far it is; then the report is opened.

import { get, send } from "./api.js";
import { whyOf } from "./refusals.js";
import { asNumber, text } from "./texts.js";

const EVERY_MS = 700;
const byId = (id) => document.getElementById(id);
const form = byId("make");
const button = form.querySelector("button");

function refuse(why) {
  byId("making").hidden = true;
  byId("make-error").textContent = why;
  byId("make-error").hidden = false;
  button.disabled = false;
}

async function follow(making) {
  button.disabled = true;
  byId("make-error").hidden = true;
  let said = making;
  while (said.state === "running") {
    byId("making").hidden = false;
    byId("progress").max = said.days || 1;
    byId("progress").value = said.done;
    byId("progress-text").textContent = text("days_done", { done: asNumber(said.done), days: asNumber(said.days) });
    await new Promise((wake) => setTimeout(wake, EVERY_MS));
    said = await get("reports/making");
  }
  if (said.state === "failed") {
    const problem = { status: 500, problem: { code: said.code }, message: said.error };
    refuse(text("not_made", { why: whyOf(problem) }));
    return;
  }
  byId("progress-text").textContent = text("made");
  location.assign(`/reports/${said.report_id}?revision=${said.revision}`);
}

const told = (problem) => refuse(whyOf(problem));
const last = form.elements.to;
form.addEventListener("input", () => last.setCustomValidity(""));

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const wanted = Object.fromEntries(new FormData(form));
  if (wanted.to < wanted.from) {
    last.setCustomValidity(text("to_before_from"));
    last.reportValidity();
    return;
  }
  button.disabled = true;
  try {
    await follow(await send("POST", "reports", { body: wanted }));
  } catch (problem) {
    told(problem);
  }
});

// Whoever comes back while one is being made sees how far it is.
get("reports/making")
  .then((making) => (making.state === "running" ? follow(making) : null))
  .catch(told);
