// One decision at a time: the face that was seen, whom it may show, and three keys.

import { get, post, send } from "./api.js";
import { element, fill } from "./element.js";
import { follow } from "./events.js";
import { notify } from "./notices.js";
import { whyOf } from "./refusals.js";
import { asNumber, atMinute, atSecond, text } from "./texts.js";

const AGAIN_MS = 5_000;

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
    notify(text("elsewhere"), "info");
    current = null;
  }
  if (!current) {
    await show(nextOne());
  }
}

async function show(id) {
  current = null;
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
    if (problem.status !== 404) {
      throw problem;
    }
    current = null;
  }
}

async function showCrop(id) {
  const missing = document.getElementById("no-crop");
  missing.hidden = true;
  let answer = null;
  if (mayDecide) {
    try {
      answer = await send("GET", `reviews/${id}/crop`, { raw: true });
    } catch (problem) {
      if (problem.status !== 404) {
        throw problem;
      }
    }
  }
  if (current?.review_id !== id) {
    return;
  }
  missing.hidden = answer !== null;
  if (answer) {
    const url = URL.createObjectURL(await answer.blob());
    crop.addEventListener("load", () => URL.revokeObjectURL(url), { once: true });
    crop.src = url;
    crop.hidden = false;
  }
}

function draw(review, people) {
  document.getElementById("why").textContent = reasons[review.reason] ?? review.reason;
  const kind = review.reason === "disputed" ? "disputed_" : "";
  document.getElementById("legend").textContent = text(`${kind}legend`);
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
  const lines = [
    element("p", { class: "name" }, person?.full_name ?? one.patient_ref),
    element("p", { class: "muted" }, [one.patient_ref, person?.birth_year && text("born", { year: person.birth_year })].filter(Boolean).join(" · ")),
    ...one.appointments.map((booked) =>
      element("p", {}, `${atMinute(booked.starts_at)} · ${booked.practitioner}`),
    ),
    ...one.seen.map((seen) => element("p", {}, element("span", { class: "badge warn" }, flags[seen.flag] ?? seen.flag), seen.appointment ? ` ${atMinute(seen.appointment.starts_at)} · ${seen.appointment.practitioner}` : "")),
  ];
  if (one.score !== null && review.threshold !== null) {
    const values = { score: asNumber(one.score), threshold: asNumber(review.threshold) };
    lines.push(element("p", { class: "hint" }, text("score", values)));
  }
  const radio = element("input", { type: "radio", name: "patient_ref", value: one.patient_ref, checked: index === 0 });
  const number = review.candidates.length > 1 ? element("kbd", { "aria-hidden": "true" }, String(index + 1)) : null;
  return element("label", { class: "candidate" }, radio, element("div", { class: "details" }, ...lines), number ?? "");
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
  if (!current || busy || !mayDecide) {
    return;
  }
  busy = true;
  const id = current.review_id;
  try {
    const done = await post(`reviews/${id}/${path}`, body);
    const refused = (done.arrivals ?? []).some((one) => !["written", "duplicate"].includes(one.recorded));
    const disputed = current.reason === "disputed";
    if (refused) {
      notify(text(disputed ? "not_taken_back" : "not_arrived"), "warn");
    } else if (disputed) {
      notify(text(path === "confirm" ? "taken_back" : "left"), "good");
    } else {
      notify(text(path === "confirm" ? "confirmed" : "rejected"), "good");
    }
  } catch (problem) {
    if (problem.status === 404) {
      notify(text("elsewhere"), "info");
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
  await ask();
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

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.target.closest("select, input[type=text]")) {
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
