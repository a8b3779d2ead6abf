// Who did what: a filter, the newest first, more on demand, and the check of all of it.

import { get } from "./api.js";
import { element, fill } from "./element.js";
import { whyOf } from "./refusals.js";
import { asNumber, atSecond, onDay, text } from "./texts.js";

const byId = (id) => document.getElementById(id);
const kinds = JSON.parse(byId("kinds").textContent);
const { names, values } = JSON.parse(byId("details").textContent);
const rows = byId("events").tBodies[0];
let cursor = null;

function query() {
  const wanted = new URLSearchParams({ limit: "100" });
  for (const [name, value] of new FormData(byId("filter"))) {
    if (value.trim()) {
      wanted.set(name, value.trim());
    }
  }
  return wanted;
}

async function show(after) {
  byId("audit-error").hidden = true;
  const wanted = query();
  if (after) {
    wanted.set("cursor", after);
  }
  try {
    const part = await get(`audit/events?${wanted}`);
    const lines = part.items.map(line);
    if (after) {
      rows.append(...lines);
    } else {
      fill(rows, ...(lines.length ? lines : [nothing()]));
    }
    cursor = part.next;
    byId("more").hidden = cursor === null;
  } catch (problem) {
    byId("audit-error").textContent = whyOf(problem);
    byId("audit-error").hidden = false;
  }
}

const nothing = () => element("tr", {}, element("td", { colspan: "5", class: "empty" }, text("nothing")));

function line(event) {
  const kind = values[event.entity_type] ?? event.entity_type;
  const about = [kind, event.entity_id, event.patient_id].filter(Boolean).join(" ");
  const what = element("td", { class: "what" }, kinds[event.kind] ?? event.kind, " ");
  if (event.outcome !== "0") {
    what.append(element("span", { class: "badge bad" }, text("failed_outcome")));
  }
  return element(
    "tr",
    {},
    element("td", { class: "time", title: event.hash }, `${onDay(event.recorded_at)}, ${atSecond(event.recorded_at)}`),
    element("td", {}, event.actor),
    what,
    element("td", {}, about),
    element("td", { class: "detail" }, ...details(event)),
  );
}

/** The reason in words as it was given; what else was noted, name by name. */
function details({ reason, detail }) {
  const noted = Object.entries(detail).flatMap(([name, value]) => [
    element("dt", {}, names[name] ?? name.replaceAll("_", " ")),
    element("dd", {}, valueOf(value)),
  ]);
  return [
    reason ? element("p", {}, values[reason] ?? reason) : null,
    noted.length > 0 ? element("dl", {}, ...noted) : null,
  ];
}

const DAYTIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

const FRACTION = /^-?\d+\.\d+$/;

function valueOf(value) {
  const said = String(value);
  if (DAYTIME.test(said) && !Number.isNaN(Date.parse(said))) {
    return `${onDay(said)}, ${atSecond(said)}`;
  }
  const parts = said.split(" ");
  if (parts.every((one) => Object.hasOwn(values, one))) {
    return parts.map((one) => values[one]).join(", ");
  }
  return FRACTION.test(said) ? asNumber(Number(said)) : said;
}

byId("filter").addEventListener("submit", (event) => {
  event.preventDefault();
  show(null);
});
byId("more").addEventListener("click", () => show(cursor));

byId("verify").addEventListener("click", async (event) => {
  const button = event.currentTarget;
  button.disabled = true;
  fill(byId("verified"), element("p", { class: "notice" }, text("checking")));
  try {
    const found = await get("audit/verification", { waitMs: 300_000 });
    const line = found.sound ? text("sound", { count: asNumber(found.events) }) : text("unsound");
    const since = text("since", { count: asNumber(found.events_since) });
    fill(
      byId("verified"),
      element("div", { class: `notice ${found.sound ? "good" : "bad"}` }, element("div", {}, element("p", {}, line), element("p", {}, since), element("ul", {}, ...[...found.findings, ...found.notes].map((one) => element("li", {}, one))))),
    );
  } catch (problem) {
    const line = problem.status === 409 ? text("checked_elsewhere") : whyOf(problem);
    fill(byId("verified"), element("p", { class: "notice warn" }, line));
  } finally {
    button.disabled = false;
  }
});

show(null);
