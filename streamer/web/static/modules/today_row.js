// One row of the day: what is shown of an appointment, and what may be done with it.

import { element, fill } from "./element.js";
import { language, text } from "./texts.js";

const LOCALES = { kk: "kk-KZ", ru: "ru-KZ", en: "en-GB" };
const KINDS = {
  booked: "info",
  pending: "info",
  arrived: "good",
  "checked-in": "good",
  fulfilled: "good",
  noshow: "bad",
  cancelled: "",
};
const FLAG_KINDS = { early: "warn", late: "warn", conflict: "bad", unbooked: "warn", other_building: "warn", again: "" };

const page = document.getElementById("today");
const may = new Set(page.dataset.may.split(" ").filter(Boolean));
const clock = new Intl.DateTimeFormat(LOCALES[language] ?? "en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
  timeZone: page.dataset.zone,
});

/** A moment as the clinic's clocks have it. */
export const timeOf = (moment) => clock.format(new Date(moment));

/** Whose row it is, for people. */
export const whoOf = (row) => row.patient ?? row.patient_ref;

const badge = (kind, line, title = null) =>
  element("span", { class: `badge ${kind}`.trim(), title }, line);

function badges(row) {
  const shown = [badge(KINDS[row.status] ?? "", text(`status_${row.status}`))];
  if (row.evidence) {
    const said = {
      grade: text(`grade_${row.evidence.grade}`),
      time: timeOf(row.evidence.occurred_at),
    };
    shown.push(badge("grade", text("came_at", said)));
  }
  for (const flag of row.seen ?? []) {
    shown.push(badge(FLAG_KINDS[flag] ?? "", text(`flag_${flag}`)));
  }
  if (row.ticket) {
    shown.push(badge("", text("ticket", { number: row.ticket })));
  }
  if (row.walk_in) {
    shown.push(badge("", text("walk_in")));
  }
  if (row.place !== "site") {
    shown.push(badge("", text(`place_${row.place}`)));
  }
  if (row.code_until && new Date(row.code_until) > new Date()) {
    shown.push(badge("info", text("code_until", { time: timeOf(row.code_until) })));
  }
  return shown;
}

/** What may be done with a row, the likeliest first. */
export function actionsOf(row) {
  const open = row.status === "booked" || row.status === "pending";
  const wanted = open && row.place === "site" ? ["check-in", "code", "compare"] : [];
  if (row.status === "arrived" && row.evidence) {
    wanted.push("undo");
  }
  return wanted.filter((one) => may.has(one));
}

function buttons(row) {
  return actionsOf(row).map((action) =>
    element(
      "button",
      {
        type: "button",
        class: action === "check-in" ? "small primary" : "small",
        "data-action": action,
        "aria-label": `${text(action.replace("-", "_"))}: ${whoOf(row)}`,
      },
      text(action.replace("-", "_")),
    ),
  );
}

/** Fill a table row, or make one. */
export function show(row, line = element("tr", { "data-key": row.key })) {
  const focused = line.contains(document.activeElement)
    ? document.activeElement.dataset.action
    : null;
  const cells = [
    element("td", { class: "time" }, timeOf(row.starts_at)),
    element(
      "th",
      { scope: "row", class: "patient" },
      element("span", { class: "name" }, whoOf(row)),
      row.patient ? element("span", { class: "muted ref" }, row.patient_ref) : null,
    ),
    element(
      "td",
      { class: "practitioner" },
      row.practitioner ?? row.practitioner_ref,
      row.service_name ? element("span", { class: "muted ref" }, row.service_name) : null,
    ),
    element("td", { class: "room" }, row.room ? text("room", { room: row.room }) : ""),
    element("td", { class: "status" }, element("div", { class: "badges" }, ...badges(row))),
  ];
  if (may.size > 0) {
    cells.push(element("td", { class: "actions" }, element("div", {}, ...buttons(row))));
  }
  fill(line, ...cells);
  line.classList.toggle("over", row.status === "cancelled" || row.status === "entered-in-error");
  if (focused) {
    // Whoever was about to press it stays where they were.
    const again = line.querySelector(`[data-action="${focused}"]`) ?? line.querySelector("button");
    again?.focus();
  }
  return line;
}
