// A day of a camera as a strip from midnight to midnight, with the same in words.

import { element } from "./element.js";
import { cameraReason } from "./refusals.js";
import { asNumber, atMinute, text } from "./texts.js";

const DAY_S = 86_400;
const clock = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
  timeZone: document.documentElement.dataset.zone || undefined,
});

function secondOfDay(moment) {
  const [hours, minutes, seconds] = clock.format(new Date(moment)).split(":").map(Number);
  return 3600 * hours + 60 * minutes + seconds;
}

/** `uptime` is the API's; `names` what the statuses are called. */
export function uptimeStrip(uptime, names) {
  const strip = element("div", { class: "strip", "aria-hidden": "true" });
  for (const one of uptime.intervals) {
    const begins = secondOfDay(one.begins_at);
    const ends = secondOfDay(one.ends_at) || DAY_S;
    const title = `${atMinute(one.begins_at)}–${atMinute(one.ends_at)} ${names[one.status]} ${cameraReason(one.reason).said ?? one.reason}`;
    const piece = element("span", { class: one.status, title });
    piece.style.left = `${(100 * begins) / DAY_S}%`;
    piece.style.width = `${(100 * Math.max(0, ends - begins)) / DAY_S}%`;
    strip.append(piece);
  }
  return element("div", {}, strip, element("p", { class: "day" }, inWords(uptime, names)));
}

function inWords(uptime, names) {
  const seconds = { ...uptime.seconds };
  const watched = Object.values(seconds).reduce((sum, one) => sum + one, 0);
  const whole = watched + uptime.unwatched_s;
  if (whole <= 0) {
    return "";
  }
  const shown = (seconds.streaming ?? 0) + (seconds.degraded ?? 0);
  const words = [text("covered_today", { share: `${asNumber(Math.floor((1000 * shown) / whole) / 10)} %` })];
  for (const status of ["degraded", "stalled", "down"]) {
    if (seconds[status] >= 60) {
      words.push(`${names[status]} ${length(seconds[status])}`);
    }
  }
  if (uptime.unwatched_s >= 60) {
    words.push(`${text("unwatched")} ${length(uptime.unwatched_s)}`);
  }
  return words.join(" · ");
}

function length(seconds) {
  const minutes = Math.round(seconds / 60);
  const parts = [[Math.floor(minutes / 60), "hours"], [minutes % 60, "minutes"]];
  return parts.filter(([count]) => count > 0).map(([count, unit]) => text(unit, { count })).join(" ");
}
