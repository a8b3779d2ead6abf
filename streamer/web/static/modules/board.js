// The ticket board: who has arrived, by number, the newest first.

import { get } from "./api.js";
import { element, fill } from "./element.js";
import { roomName } from "./rooms.js";
import { atMinute } from "./texts.js";

const EVERY_MS = 2_000;
const STALE_MS = 15_000;
const NEW_MS = 20_000;

const list = document.getElementById("lines");
const known = new Map();
let goodAt = Date.now();
let drawn = null;

function line(one) {
  const fresh = Date.now() - known.get(one.ticket) < NEW_MS;
  return element(
    "li",
    { class: fresh ? "fresh" : null },
    element("strong", {}, String(one.ticket)),
    one.room ? element("span", { class: "arrow", "aria-hidden": "true" }, "→") : "",
    one.room ? element("span", { class: "where" }, roomName(one.room)) : "",
  );
}

function draw(lines) {
  const first = drawn === null;
  for (const one of lines) {
    if (!known.has(one.ticket)) {
      known.set(one.ticket, first ? 0 : Date.now());
    }
  }
  const now = JSON.stringify([lines, lines.map((one) => Date.now() - known.get(one.ticket) < NEW_MS)]);
  if (now !== drawn) {
    drawn = now;
    fill(list, ...lines.map(line));
    document.getElementById("empty").hidden = lines.length > 0;
  }
}

async function look() {
  try {
    const most = Number(list.dataset.most);
    draw((await get(`board?most=${most}`, { anonymous: true })).lines);
    goodAt = Date.now();
  } catch (problem) {
    if (problem.status === 401 || problem.status === 403) {
      location.replace("/kiosk/pair");
      return;
    }
  }
  document.getElementById("stale").hidden = Date.now() - goodAt < STALE_MS;
  document.getElementById("clock").textContent = atMinute(new Date());
  setTimeout(look, EVERY_MS);
}

look();
