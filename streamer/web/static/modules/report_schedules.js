// Schedules of reports: added, changed, paused and removed; the page is drawn anew by the server.

import { patch, post, remove } from "./api.js";
import { ask } from "./dialog.js";
import { notify } from "./notices.js";
import { whyOf } from "./refusals.js";
import { text } from "./texts.js";

const byId = (id) => document.getElementById(id);
const dialog = byId("schedule-dialog");
const form = dialog.querySelector("form");
const fields = form.elements;
const boxes = (beginning) => [...fields].filter((one) => one.name.startsWith(beginning));
let inWords = true;

/** Only what this kind of report needs is asked for. */
function fit() {
  for (const label of form.querySelectorAll("[data-when]")) {
    const { when } = label.dataset;
    const asked = inWords ? when === "time" || when === fields.kind.value : when === "cron";
    label.hidden = !asked;
    label.querySelector("input, select").disabled = !asked;
  }
}

/** Put a schedule into the form; null = the form's own proposal. */
function show(one) {
  const changed = one !== null && !one.fresh;
  const { time, weekday, day, kind } = one ?? {};
  const fits = { day: !weekday && !day, week: weekday && !day, month: day && day <= 28 }[kind];
  inWords = one === null || one.fresh || Boolean(time && fits);
  fields.id.disabled = changed;
  fields.kind.disabled = changed;
  byId("at-once").hidden = changed;
  if (one !== null) {
    fields.id.value = one.id;
    fields.kind.value = kind;
    fields.cron.value = one.cron;
    fields.time.value = time ?? fields.time.value;
    fields.weekday.value = weekday ?? fields.weekday.value;
    fields.day.value = day ?? fields.day.value;
    fields.language.value = one.language;
    fields.every_revision.checked = one.every_revision;
    for (const box of boxes("form-")) {
      box.checked = one.forms.includes(box.name.slice("form-".length));
    }
    for (const box of boxes("to-")) {
      box.checked = one.to.includes(box.name.slice("to-".length));
    }
  }
  fit();
}

/** What the form says, as the API takes it, and as `show` does. */
function read(kind) {
  const time = fields.time.value;
  const [hour, minute] = time.split(":").map(Number);
  const weekday = kind === "week" ? fields.weekday.value : null;
  const day = kind === "month" ? Number(fields.day.value) : null;
  const wanted = {
    cron: inWords ? `${minute} ${hour} ${day ?? "*"} * ${weekday ?? "*"}` : fields.cron.value,
    forms: boxes("form-").filter((one) => one.checked).map((one) => one.name.slice("form-".length)),
    language: fields.language.value,
    to: boxes("to-").filter((one) => one.checked).map((one) => one.name.slice("to-".length)),
    every_revision: fields.every_revision.checked,
  };
  return { wanted, shown: { ...wanted, kind, time: inWords ? time : null, weekday, day } };
}

/** Ask until it is kept or left: what was refused is shown again, with the reason. */
async function edit(one) {
  let shown = one;
  let refused = "";
  for (;;) {
    const asked = ask(dialog);
    show(shown);
    byId("schedule-error").textContent = refused;
    byId("schedule-error").hidden = refused === "";
    if ((await asked) === null) {
      return;
    }
    const id = fields.id.value;
    const kind = fields.kind.value;
    const said = read(kind);
    shown = { ...said.shown, id, fresh: one === null };
    try {
      if (one === null) {
        await post("report-schedules", { id, kind, ...said.wanted });
      } else {
        await patch(`report-schedules/${one.id}`, said.wanted);
      }
      location.reload();
      return;
    } catch (problem) {
      refused = problem.kind === undefined ? text("failed") : whyOf(problem);
    }
  }
}

async function act(work) {
  try {
    await work();
    location.reload();
  } catch (problem) {
    notify(problem.kind === undefined ? text("failed") : whyOf(problem), "bad");
  }
}

const DO = {
  change: edit,
  pause: (one) => act(() => patch(`report-schedules/${one.id}`, { paused: true })),
  resume: (one) => act(() => patch(`report-schedules/${one.id}`, { paused: false })),
  remove: async (one) => {
    byId("remove-name").textContent = one.id;
    if (await ask(byId("remove-dialog"))) {
      await act(() => remove(`report-schedules/${one.id}`));
    }
  },
};

fields.kind.addEventListener("input", fit);
form.addEventListener("input", () => boxes("form-")[0].setCustomValidity(""));
// Before the dialog takes it.
form.addEventListener(
  "submit",
  (event) => {
    if (!boxes("form-").some((one) => one.checked)) {
      event.preventDefault();
      event.stopImmediatePropagation();
      const [first] = boxes("form-");
      first.setCustomValidity(text("choose_form"));
      first.reportValidity();
    }
  },
  { capture: true },
);

byId("add").addEventListener("click", () => edit(null));
byId("schedules").addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button) {
    DO[button.dataset.do](JSON.parse(button.closest("[data-schedule]").dataset.schedule));
  }
});
