// Why something was refused, or a camera shows nothing, in the page's language (`refusal_words`).

import { atMinute, language, text } from "./texts.js";

const place = document.getElementById("refusals");
const words = place ? JSON.parse(place.textContent) : {};
const cameraPlace = document.getElementById("camera-reasons");
const cameraWords = cameraPlace ? JSON.parse(cameraPlace.textContent) : {};

/** One line for people, of what the API has refused. */
export function whyOf(problem) {
  if (problem.status === 0) {
    return text("away");
  }
  const { code, values = {} } = problem.problem ?? {};
  const line = words[code] ?? words[`kind_${problem.kind}`];
  if (line) {
    return line.replace(/\{(\w+)\}/g, (whole, name) => shown(name, values[name]) ?? whole);
  }
  return language === "en" ? problem.message : `${words.in_english ?? text("failed")} ${problem.message}`;
}

function shown(name, value) {
  return value !== undefined && name.endsWith("_at") ? atMinute(value) : value;
}

/** A camera's reason: `said` in the page's language, `detail` in the camera's own words; or null. */
export function cameraReason(reason) {
  const [kind, ...rest] = reason.split(": ");
  if (Object.hasOwn(cameraWords, kind) && rest.length > 0) {
    return { said: cameraWords[kind], detail: rest.join(": ") };
  }
  const flaws = reason.split(", ");
  if (flaws.every((one) => Object.hasOwn(cameraWords, one))) {
    return { said: flaws.map((one) => cameraWords[one]).join(" "), detail: null };
  }
  return { said: null, detail: reason };
}
