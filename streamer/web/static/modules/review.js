// One decision at a time: the face that was seen, whom it may show, and three keys.

import { get, post, send } from "./api.js";
import { element, fill } from "./element.js";
import { follow } from "./events.js";
import { notify } from "./notices.js";
import { whyOf } from "./refusals.js";
import { roomName } from "./rooms.js";
import { asNumber, atMinute, atSecond, text } from "./texts.js";

const AGAIN_MS = 5_000;
// Nobody has looked at a picture sooner: a key pressed by then was meant for what was there before.
const LOOK_MS = 300;

const place = document.getElementById("review");
const form = document.getElementById("decide");
const crop = document.getElementById("crop");
const mayDecide = JSON.parse(place.dataset.mayDecide);
const mayName = JSON.parse(place.dataset.mayName);
const reasons = JSON.parse(document.getElementById("reasons").textContent);
const flags = JSON.parse(document.getElementById("flags").textContent);

const skipped = new Map();
let waiting = [];
let current = null;
let busy = false;
// Which one's picture has been looked at, or is known to be missing: only of that one keys decide.
let lookedAt = null;
// What was on the page went without its reader's doing: nothing else comes before they say so.
let held = false;

/** The oldest that was not skipped; if all were, the one skipped the longest ago. */
function nextOne() {
  const ids = waiting.map((one) => one.review_id);
  for (const id of skipped.keys()) {
    if (!ids.includes(id)) {
      skipped.delete(id);
    }
  }
  return ids.find((id) => !skipped.has(id)) ?? skipped.keys().next().value ?? null;
}

async function ask() {
  waiting = (await get("reviews/waiting?limit=200")).items;
  const count = document.getElementById("count");
  count.textContent = text("waiting", { count: waiting.length });
  count.hidden = waiting.length === 0;
  if (current && !busy && !waiting.some((one) => one.review_id === current.review_id)) {
    hold();
  }
  if (!current && !held) {
    await show(nextOne());
  }
}

/** Say that it went, and wait for a key that decides nothing. */
function hold() {
  held = true;
  current = null;
  mayPress(null);
  place.hidden = true;
  document.getElementById("empty").hidden = true;
  document.getElementById("gone").hidden = false;
}

async function goOn() {
  held = false;
  document.getElementById("gone").hidden = true;
  await look();
}

function mayPress(id) {
  lookedAt = id;
  for (const button of form.querySelectorAll("#confirm, #reject")) {
    button.setAttribute("aria-disabled", String(id === null));
  }
}

async function show(id) {
  current = null;
  mayPress(null);
  crop.hidden = true;
  crop.removeAttribute("src");
  place.hidden = id === null;
  document.getElementById("empty").hidden = id !== null;
  if (id === null) {
    return;
  }
  try {
    const [review, people] = await Promise.all([
      get(`reviews/${id}`),
      mayDecide && mayName ? get(`reviews/${id}/candidates`) : [],
    ]);
    current = review;
    draw(review, new Map(people.map((one) => [one.patient_ref, one])));
    await showCrop(id);
  } catch (problem) {
    current = null;
    if (problem.status !== 404) {
      throw problem;
    }
    // It went while it was asked for.
    waiting = waiting.filter((one) => one.review_id !== id);
    await show(nextOne());
  }
}

async function showCrop(id) {
  const missing = document.getElementById("no-crop");
  missing.hidden = true;
  let picture = null;
  if (mayDecide) {
    try {
      picture = await (await send("GET", `reviews/${id}/crop`, { raw: true })).blob();
    } catch (problem) {
      if (problem.status !== 404) {
        throw problem;
      }
    }
  }
  if (current?.review_id !== id) {
    return;
  }
  const drawn = picture !== null && (await drawCrop(picture));
  if (current?.review_id !== id) {
    return;
  }
  crop.hidden = !drawn;
  missing.hidden = drawn;
  setTimeout(() => {
    if (current?.review_id === id) {
      mayPress(id);
    }
  }, LOOK_MS);
}

/** Show a picture; false where it is none. */
async function drawCrop(picture) {
  const url = URL.createObjectURL(picture);
  crop.src = url;
  try {
    await crop.decode();
    return true;
  } catch {
    return false;
  } finally {
    URL.revokeObjectURL(url);
  }
}

function draw(review, people) {
  document.getElementById("why").textContent = reasons[review.reason] ?? review.reason;
  const kind = review.reason === "disputed" ? "disputed_" : "";
  document.getElementById("legend").textContent = text(`${kind}legend`);
  document.getElementById("advice")?.toggleAttribute("hidden", kind !== "");
  for (const one of ["confirm", "reject"]) {
    const label = document.querySelector(`#${one} span`);
    if (label) {
      label.textContent = text(`${kind}${one}`);
    }
  }
  const at = atSecond(review.captured_at);
  const where = review.camera_id ?? review.device_id ?? "";
  document.getElementById("where").textContent =
    text(review.camera_id ? "seen_at" : "shown_at", { time: at, place: where }).replace(/, $/, "");
  fill(
    document.getElementById("candidates"),
    ...review.candidates.map((one, index) => candidate(one, people.get(one.patient_ref), index, review)),
  );
  tick();
}

function candidate(one, person, index, review) {
  // Where names are not shown the reference stands in the name's place, and once.
  const beside = [person?.full_name && one.patient_ref, ...whoIs(person)].filter(Boolean).join(" · ");
  const lines = [
    element("p", { class: "name" }, person?.full_name ?? one.patient_ref),
    beside ? element("p", { class: "muted" }, beside) : "",
    ...one.appointments.map((booked) => element("p", {}, visit(booked))),
    ...one.seen.map((seen) => element("p", {}, element("span", { class: "badge warn" }, flags[seen.flag] ?? seen.flag), seen.appointment ? ` ${visit(seen.appointment)}` : "")),
  ];
  if (one.score !== null && review.threshold !== null) {
    const values = { score: asNumber(one.score), threshold: asNumber(review.threshold) };
    lines.push(element("p", { class: "hint" }, text("score", values)));
  }
  const radio = element("input", { type: "radio", name: "patient_ref", value: one.patient_ref, checked: index === 0 });
  const number = review.candidates.length > 1 ? element("kbd", { "aria-hidden": "true" }, String(index + 1)) : null;
  return element("label", { class: "candidate" }, radio, element("div", { class: "details" }, ...lines), number ?? "");
}

/** What can be held against the face, and asked of the person. */
function whoIs(person) {
  const sex = ["female", "male"].includes(person?.sex) ? text(person.sex) : null;
  return person ? [sex, person.age !== null && text("age", { age: person.age }), person.birth_year && text("born", { year: person.birth_year })] : [];
}

function visit(booked) {
  const room = booked.room ? roomName(booked.room) : null;
  return [atMinute(booked.starts_at), booked.practitioner, room].filter(Boolean).join(" · ");
}

function tick() {
  if (!current) {
    return;
  }
  const left = Math.max(0, Math.round((new Date(current.expires_at) - Date.now()) / 1000));
  const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  document.getElementById("left").textContent = text("seconds_left", { time });
}

async function decide(path, body) {
  if (!current || busy || !mayDecide || lookedAt !== current.review_id) {
    return;
  }
  busy = true;
  const id = current.review_id;
  let gone = false;
  try {
    const done = await post(`reviews/${id}/${path}`, body);
    const refused = (done.arrivals ?? []).some((one) => !["written", "duplicate"].includes(one.recorded));
    const disputed = current.reason === "disputed";
    const seen = done.presences ?? [];
    const lost = seen.length > 0 && !(done.arrivals ?? []).length && seen.every((one) => !["written", "duplicate"].includes(one.recorded));
    if (lost) {
      notify(text("not_kept"), "warn");
    } else if (refused) {
      notify(text(disputed ? "not_taken_back" : "not_arrived"), "warn");
    } else if (disputed) {
      notify(text(path === "confirm" ? "taken_back" : "left"), "good");
    } else {
      notify(text(path === "confirm" ? "confirmed" : "rejected"), "good");
    }
  } catch (problem) {
    if (problem.status === 404) {
      gone = true;
    } else if (problem.status === 403 || problem.status === 409 || problem.status === 422) {
      skipped.set(id, true);
      notify(problem.kind === "forbidden" ? text("own_patient") : whyOf(problem), "bad");
    } else {
      notify(text(problem.status === 0 ? "away" : "failed"), "bad");
      busy = false;
      return;
    }
  }
  waiting = waiting.filter((one) => one.review_id !== id);
  current = null;
  busy = false;
  if (gone) {
    hold();
  }
  await look();
}

function skip() {
  if (current && !busy) {
    skipped.delete(current.review_id);
    skipped.set(current.review_id, true);
    show(nextOne());
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  decide("confirm", { patient_ref: new FormData(form).get("patient_ref") });
});
document.getElementById("reject")?.addEventListener("click", () => decide("reject"));
document.getElementById("skip")?.addEventListener("click", skip);
document.getElementById("go-on").addEventListener("click", goOn);

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.target.closest("select, input[type=text]")) {
    return;
  }
  if (held) {
    // No key that would decide.
    if (event.code === "Space" && !event.target.closest("button, a")) {
      event.preventDefault();
      goOn();
    }
    return;
  }
  // By the key's place: the letters are others on a Kazakh or Russian keyboard.
  if (event.code === "KeyN") {
    decide("reject");
  } else if (event.code === "KeyS") {
    skip();
  } else if (event.key === "Enter" && !event.target.closest("button, a")) {
    event.preventDefault();
    form.requestSubmit();
  } else if (/^[1-9]$/.test(event.key)) {
    const radio = form.querySelectorAll("input[type=radio]")[Number(event.key) - 1];
    radio?.click();
  }
});

// What waits is asked for when something has come or gone, and once in between if that did not work.

let asking = false;
let again = false;
let retry = null;

async function look() {
  if (asking || busy) {
    again = true;
    return;
  }
  asking = true;
  clearTimeout(retry);
  do {
    again = false;
    try {
      await ask();
    } catch (problem) {
      notify(text(problem.status === 0 ? "away" : "failed"), "warn");
      retry = setTimeout(look, AGAIN_MS);
    }
  } while (again && !busy);
  asking = false;
}

setInterval(() => {
  tick();
  if (again || (current && new Date(current.expires_at) < Date.now())) {
    look();
  }
}, 1_000);
follow("/api/v1/events", {
  reviews: look,
  following: look,
  reload: () => setTimeout(look, Math.random() * 1_000),
});
