// What reception does with a row: check in by hand, take back, issue a code, compare at the desk.

import { post } from "./api.js";
import { ask } from "./dialog.js";
import { notify } from "./notices.js";
import { drawQr } from "./qr.js";
import { whyOf } from "./refusals.js";
import { text } from "./texts.js";
import { timeOf, whoOf } from "./today_row.js";

const COMPARE_S = 10;
const page = document.getElementById("today");

/** Do something with a row; asks first. */
export function act(action, row) {
  const dialog = document.getElementById(`${action}-dialog`);
  dialog.querySelector(".who").textContent =
    `${timeOf(row.starts_at)} · ${whoOf(row)} · ${row.practitioner ?? row.practitioner_ref}`;
  const error = dialog.querySelector(".error");
  if (error) {
    error.hidden = true;
  }
  return { "check-in": checkIn, undo, code, compare }[action](dialog, row);
}

/** Ask, and send; a refusal is shown in the dialog, with what was typed still there. */
async function send(dialog, work) {
  const form = dialog.querySelector("form");
  const button = form.querySelector("[type=submit]");
  const error = dialog.querySelector(".error");
  return new Promise((resolve) => {
    const sent = async (event) => {
      event.preventDefault();
      error.hidden = true;
      button.disabled = true;
      try {
        resolve(await work(Object.fromEntries(new FormData(form))));
        dialog.close();
      } catch (problem) {
        error.textContent =
          problem.status === 0 ? text("away") : text("refused", { why: whyOf(problem) });
        error.hidden = false;
      } finally {
        button.disabled = false;
      }
    };
    form.addEventListener("submit", sent);
    for (const cancel of form.querySelectorAll("[data-cancel]")) {
      cancel.onclick = () => dialog.close();
    }
    dialog.addEventListener(
      "close",
      () => {
        form.removeEventListener("submit", sent);
        resolve(null);
      },
      { once: true },
    );
    form.reset();
    dialog.showModal();
  });
}

async function checkIn(dialog, row) {
  const form = dialog.querySelector("form");
  const other = form.elements.other;
  const another = [...form.elements.reason].find((one) => one.value === "");
  other.oninput = () => {
    another.checked = true;
  };
  another.onchange = () => other.focus();
  const done = await send(dialog, ({ reason, other: typed, at }) => {
    const wanted = { appointment_ref: row.appointment_ref, reason: reason || typed.trim() };
    if (at) {
      wanted.at = `${page.dataset.date}T${at}:00${page.dataset.offset}`;
    }
    return post("check-ins", wanted);
  });
  if (done) {
    notify(text("checked_in", { who: whoOf(row) }), "good");
  }
}

async function undo(dialog, row) {
  const byFace = ["face", "desk"].includes(row.evidence?.method);
  dialog.querySelector(".wrong-person").hidden = !byFace;
  const done = await send(dialog, ({ reason, wrong_person }) =>
    post("check-ins/undo", {
      appointment_ref: row.appointment_ref,
      reason,
      wrong_person: byFace && wrong_person === "yes",
    }),
  );
  if (!done) {
    return;
  }
  notify(text("undone", { who: whoOf(row) }), "good");
  if (done.same_sighting.length > 0) {
    const appointments = done.same_sighting.join(", ");
    notify(text("also_arrived", { appointments }), "warn", { stays: true });
  }
}

async function code(dialog, row) {
  const done = await send(dialog, ({ how }) =>
    post("codes", {
      appointment_ref: row.appointment_ref,
      kind: how === "qr" ? "qr" : "digits",
      send: how === "sms",
    }),
  );
  if (!done) {
    return;
  }
  if (done.code === null) {
    notify(text("sent"), "good");
    return;
  }
  await hand(done, row);
}

/** Show a code this once; afterwards nothing of it is left in the page. */
async function hand(issued, row) {
  const dialog = document.getElementById("issued-dialog");
  const digits = document.getElementById("digits");
  const qr = document.getElementById("qr");
  dialog.querySelector(".who").textContent = `${timeOf(row.starts_at)} · ${whoOf(row)}`;
  document.getElementById("issued-until").textContent = timeOf(issued.expires_at);
  const tickets = document.getElementById("issued-tickets");
  tickets.hidden = issued.tickets.length === 0;
  tickets.querySelector("strong").textContent = issued.tickets.join(", ");
  digits.hidden = issued.kind !== "digits";
  qr.hidden = issued.kind !== "qr";
  digits.textContent = issued.kind === "digits" ? issued.code.replace(/(...)(...)/, "$1 $2") : "";
  qr.replaceChildren(...(issued.qr ? [drawQr(issued.qr)] : []));
  document.getElementById("print-code").onclick = () => window.print();
  document.body.classList.add("printing-code");
  await ask(dialog);
  document.body.classList.remove("printing-code");
  digits.textContent = "";
  qr.replaceChildren();
}

async function compare(dialog, row) {
  const result = dialog.querySelector(".result");
  result.hidden = true;
  await send(dialog, async ({ camera }) => {
    result.hidden = false;
    result.className = "result info";
    let left = COMPARE_S;
    const say = () => {
      result.textContent = text("compare_busy", { seconds: left });
      left = Math.max(0, left - 1);
    };
    say();
    const counting = setInterval(say, 1_000);
    try {
      const wanted = { patient_ref: row.patient_ref, camera_id: camera };
      const done = await post("desk/comparisons", wanted, { waitMs: 30_000 });
      const matched = done.outcome === "matched";
      const arrived = done.arrivals.some((one) => one.recorded === "written");
      notify(
        `${whoOf(row)}: ${text(`outcome_${done.outcome}`)} ${arrived ? text("arrived_now") : ""}`,
        matched ? "good" : "warn",
        { stays: !matched },
      );
      return done;
    } finally {
      clearInterval(counting);
      result.hidden = true;
    }
  });
}
