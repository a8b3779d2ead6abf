// A sheet that was kept on paper, entered afterwards: a check-in by hand for each time on it.

import { post } from "./api.js";
import { element, fill } from "./element.js";
import { fold, holds } from "./folding.js";
import { guard } from "./leaving.js";
import { notify } from "./notices.js";
import { whyOf } from "./refusals.js";
import { text } from "./texts.js";

const section = document.getElementById("downtime");
const form = document.getElementById("entry");
const button = document.getElementById("enter");
const lines = [...document.querySelectorAll("#expected tr[data-ref]")].map((line) => ({
  line,
  ref: line.dataset.ref,
  time: line.querySelector("input"),
  outcome: line.querySelector(".outcome"),
  folded: fold(`${line.textContent} ${line.dataset.ref}`),
  // Sent again after an answer was lost, it counts once.
  key: crypto.randomUUID(),
  done: false,
}));

const filled = () => lines.filter((one) => one.time.value !== "" && !one.done);

function count() {
  const wanted = filled().length;
  button.disabled = wanted === 0;
  button.textContent = text("enter", { count: wanted });
}

const momentOf = (time) => `${section.dataset.date}T${time}:00${section.dataset.offset}`;

async function enter(one, what) {
  const at = momentOf(one.time.value);
  if (new Date(at) > new Date()) {
    return refuse(one, text("bad_time"));
  }
  const wanted = { appointment_ref: one.ref, reason: `downtime: ${what}`, at };
  try {
    await post("check-ins", wanted, { key: `${one.key}-${one.time.value.replace(":", "")}` });
  } catch (problem) {
    if (problem.status === 0 || problem.status >= 500) {
      throw problem;
    }
    if (problem.status === 429) {
      await new Promise((done) => setTimeout(done, 1000 * (problem.retryAfter ?? 2)));
      return enter(one, what);
    }
    return refuse(one, whyOf(problem));
  }
  one.done = true;
  one.time.readOnly = true;
  one.time.removeAttribute("aria-invalid");
  fill(one.outcome, element("span", { class: "badge good" }, text("done")));
  return true;
}

function refuse(one, why) {
  one.time.setAttribute("aria-invalid", "true");
  fill(one.outcome, element("span", { class: "error" }, why));
  return false;
}

form.addEventListener("input", () => {
  const question = fold(form.elements.query.value);
  for (const one of lines) {
    one.line.hidden = !holds(one.folded, question);
  }
  count();
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const what = form.elements.what.value.trim() || "-";
  button.disabled = true;
  let entered = 0;
  let refused = 0;
  try {
    // One after the other: each is a decision of its own, and stands in the audit as one.
    for (const one of filled()) {
      if (await enter(one, what)) {
        entered += 1;
      } else {
        refused += 1;
      }
    }
  } catch {
    notify(text("stopped"), "bad", { stays: true });
  }
  if (entered > 0) {
    notify(text("entered", { count: entered }), "good");
  }
  if (refused > 0) {
    notify(text("some_refused", { count: refused }), "warn", { stays: true });
  }
  count();
});

guard(() => filled().length > 0);
count();
