// The day's schedule: read whole, searched here, and kept as the service tells.

import { get } from "./api.js";
import { element, fill } from "./element.js";
import { follow } from "./events.js";
import { NUMBERS, answers, fold } from "./folding.js";
import { notify } from "./notices.js";
import { text } from "./texts.js";
import { act } from "./today_actions.js";
import { show, shownOf, timeOf } from "./today_row.js";

const PORTION = 100;
const OVER_MS = 60 * 60_000;
const ANEW_MS = 60_000;
const GATHER_MS = 300;
const MOST_KEYS = 100;

const form = document.getElementById("filters");
const table = document.getElementById("table");
const body = document.getElementById("rows");
const empty = document.getElementById("empty");
const more = document.getElementById("more");
const state = document.getElementById("state");
const counts = document.getElementById("counts");

const rows = new Map();
const lines = new Map();
let order = [];
let shown = [];
let drawn = 0;
let earlier = false;
let following = null;
let numbers = NUMBERS[0];
let readAt = Date.now();

// Reading the day.

function take(row) {
  row.key ??= row.appointment_ref;
  row.folded = shownOf(row).filter(Boolean).map(fold);
  rows.set(row.key, row);
}

function sort() {
  const keyed = (row) => `${row.starts_at} ${row.appointment_ref}`;
  order = [...rows.values()].sort((one, other) => (keyed(one) < keyed(other) ? -1 : 1));
}

async function read() {
  table.setAttribute("aria-busy", "true");
  const day = await get("schedule");
  rows.clear();
  day.rows.forEach(take);
  readAt = Date.now();
  sort();
  choices();
  draw();
  table.setAttribute("aria-busy", "false");
  if (day.more) {
    notify(text("too_many"), "warn", { stays: true });
  }
  return day.after;
}

// What is shown of it.

function choices() {
  const rooms = [...new Set(order.map((row) => row.room).filter(Boolean))];
  const people = new Map(order.map((row) => [row.practitioner_ref, row.practitioner]));
  const named = [...people].sort((one, other) => String(one[1]).localeCompare(String(other[1])));
  rooms.sort((one, other) => one.localeCompare(other, undefined, { numeric: true }));
  choose(form.elements.practitioner, text("any_practitioner"), named);
  choose(form.elements.room, text("any_room"), rooms.map((room) => [room, room]));
}

function choose(select, all, wanted) {
  if (!select) {
    return;
  }
  const before = select.value;
  const options = wanted.map(([value, line]) => element("option", { value }, line ?? value));
  fill(select, element("option", { value: "" }, all), ...options);
  select.value = wanted.some(([value]) => value === before) ? before : "";
}

function filter() {
  const wanted = Object.fromEntries(new FormData(form));
  return {
    question: fold(wanted.query),
    practitioner: wanted.practitioner ?? "",
    room: wanted.room ?? "",
    status: wanted.status,
  };
}

function matches(row, wanted) {
  return (
    (wanted.practitioner === "" || row.practitioner_ref === wanted.practitioner) &&
    (wanted.room === "" || row.room === wanted.room) &&
    (wanted.status === "" || row.status === wanted.status) &&
    (wanted.question === "" || answers(row.folded, wanted.question, numbers))
  );
}

const isOver = (row) => new Date(row.ends_at).getTime() < Date.now() - OVER_MS;

function draw() {
  const wanted = filter();
  const searching = Object.values(wanted).some((value) => value !== "");
  let found = [];
  for (numbers of NUMBERS) {
    found = order.filter((row) => matches(row, wanted));
    if (found.length > 0) {
      break;
    }
  }
  shown = searching || earlier ? found : found.filter((row) => !isOver(row));
  if (shown.length === 0) {
    shown = found;
  }
  lines.clear();
  const hidden = found.length - shown.length;
  fill(body, hidden > 0 ? openEarlier(hidden) : null);
  drawn = 0;
  drawMore();
  empty.hidden = shown.length > 0;
  empty.textContent = rows.size > 0 ? text("nobody") : text("none_today");
  count(searching ? found.length : null);
}

function openEarlier(hidden) {
  const button = element("button", { type: "button", class: "quiet wide" },
    text("earlier", { count: hidden }));
  button.addEventListener("click", () => {
    earlier = true;
    draw();
  });
  return element("tr", { class: "earlier" }, element("td", { colspan: 6 }, button));
}

function drawMore() {
  const part = shown.slice(drawn, drawn + PORTION);
  body.append(...part.map((row) => {
    const line = show(row);
    lines.set(row.key, line);
    return line;
  }));
  drawn += part.length;
  more.hidden = drawn >= shown.length;
  more.textContent = text("more", { count: shown.length - drawn });
}

function count(found) {
  if (found !== null) {
    counts.textContent = text("found", { count: found });
    return;
  }
  let expected = 0;
  let arrived = 0;
  for (const row of rows.values()) {
    expected += row.status === "booked" || row.status === "pending" ? 1 : 0;
    arrived += ["arrived", "checked-in", "fulfilled"].includes(row.status) ? 1 : 0;
  }
  counts.textContent = text("counts", { expected, arrived, all: rows.size });
}

// What happens meanwhile.

const unknown = new Set();
let gathering = null;

function changed(news) {
  let anew = false;
  for (const one of news) {
    const row = rows.get(one.key);
    if (one.gone) {
      anew = rows.delete(one.key) || anew;
    } else if (!row) {
      ask(one.key);
    } else {
      anew = renew(row, one) || anew;
    }
  }
  if (anew) {
    sort();
    draw();
  } else if (form.elements.query.value === "") {
    count(null);
  }
}

/** Take in what a row is now; true where the list is another one by it. */
function renew(row, one) {
  const moved = row.starts_at !== one.starts_at || row.room !== one.room;
  const wanted = filter();
  const before = matches(row, wanted);
  // What the answer leaves out is not there any more.
  const cleared = { evidence: undefined, room: undefined, building: undefined,
    code_until: undefined };
  take({ ...row, ...cleared, ...one });
  const after = rows.get(row.key);
  order[order.indexOf(row)] = after;
  const place = shown.indexOf(row);
  if (place >= 0) {
    shown[place] = after;
  }
  const line = lines.get(row.key);
  if (line) {
    show(after, line);
    line.classList.remove("changed");
    requestAnimationFrame(() => line.classList.add("changed"));
  }
  return moved || before !== matches(after, wanted);
}

function ask(key) {
  unknown.add(key);
  gathering ??= setTimeout(async () => {
    gathering = null;
    const keys = [...unknown].slice(0, MOST_KEYS);
    keys.forEach((one) => unknown.delete(one));
    try {
      const asked = new URLSearchParams(keys.map((one) => ["key", one]));
      const day = await get(`schedule?${asked}`);
      day.rows.forEach(take);
      sort();
      choices();
      draw();
    } catch {
      notify(text("failed"), "bad");
    }
  }, GATHER_MS);
}

/** The connection is gone, and with it what changes: said until it is back. */
function cutOff(heardAt) {
  const dated = state.hidden || state.classList.contains("warn") ? heardAt : readAt;
  state.hidden = false;
  state.className = "state bad";
  state.textContent = text("cut_off", { time: timeOf(dated) });
}

function tell({ fresh, quick }) {
  if (fresh) {
    readAt = Date.now();
  }
  state.hidden = fresh && quick;
  state.className = `state ${fresh ? "warn" : "bad"}`;
  state.textContent = fresh ? text("late") : text("stale", { time: timeOf(readAt) });
}

async function start() {
  let after;
  try {
    after = await read();
  } catch (problem) {
    notify(problem.status === 0 ? text("away") : text("failed"), "bad", { stays: true });
    setTimeout(start, 5_000 * (0.75 + Math.random() / 2));
    return;
  }
  if (!after) {
    // Pseudonyms are not followed.
    setTimeout(start, ANEW_MS);
    return;
  }
  following = follow(`/api/v1/events?after=${encodeURIComponent(after)}`, {
    appointments: changed,
    state: tell,
    reload: anew,
    following: () => tell({ fresh: true, quick: true }),
  }, cutOff);
}

async function anew() {
  // All pages are told at once; they need not all ask at once.
  await new Promise((done) => setTimeout(done, Math.random() * 1_000));
  try {
    await read();
  } catch {
    following?.();
    start();
  }
}

form.addEventListener("input", draw);
form.addEventListener("submit", (event) => event.preventDefault());
more.addEventListener("click", drawMore);
new IntersectionObserver((seen) => {
  if (seen.some((one) => one.isIntersecting) && !more.hidden) {
    drawMore();
  }
}, { rootMargin: "600px" }).observe(more);
body.addEventListener("click", (event) => {
  const button = event.target.closest("[data-action]");
  const row = button && rows.get(button.closest("tr").dataset.key);
  if (row) {
    act(button.dataset.action, row);
  }
});
start();
