// Tablets and screens: registered, paired by a code shown once, revoked.

import { get, post, remove } from "./api.js";
import { buildingName } from "./buildings.js";
import { ask } from "./dialog.js";
import { element, fill } from "./element.js";
import { notify } from "./notices.js";
import { drawQr } from "./qr.js";
import { whyOf } from "./refusals.js";
import { atMinute, onDay, text } from "./texts.js";

const byId = (id) => document.getElementById(id);
const table = byId("devices");
const mayWrite = JSON.parse(table.dataset.mayWrite);
const kinds = JSON.parse(byId("kinds").textContent);
const states = JSON.parse(byId("states").textContent);
const COLOURS = { "in-force": "good", pairing: "info", expired: "warn", revoked: "bad" };
const moment = (value) => (value ? `${onDay(value)}, ${atMinute(value)}` : "");
let watching = null;

async function draw() {
  const found = (await get("devices?limit=200")).items;
  found.sort((a, b) => Boolean(a.revoked_at) - Boolean(b.revoked_at) || a.device_id.localeCompare(b.device_id));
  fill(table.tBodies[0], ...found.map(row));
  byId("empty").hidden = found.length > 0;
  return found;
}

function row(one) {
  const actions = element("div", { class: "row" });
  if (mayWrite && !one.revoked_at) {
    const pair = element("button", { type: "button", class: "small" }, text("pair"));
    pair.addEventListener("click", () => act(async () => showCode(await post(`devices/${one.device_id}/pairing`))));
    const revoke = element("button", { type: "button", class: "small danger" }, text("revoke"));
    revoke.addEventListener("click", async () => {
      byId("revoke-name").textContent = one.device_id;
      if (await ask(byId("revoke-dialog"))) {
        await act(async () => remove(`devices/${one.device_id}`));
        notify(text("revoked"), "good");
      }
    });
    actions.append(pair, revoke);
  }
  return element(
    "tr",
    { class: one.revoked_at ? "off" : null },
    element("th", { scope: "row" }, one.device_id),
    element("td", {}, kinds[one.kind] ?? one.kind),
    element("td", {}, buildingName(one.building) ?? one.building),
    element("td", {}, element("span", { class: `badge ${COLOURS[one.state] ?? ""}` }, states[one.state] ?? one.state)),
    element("td", { class: "time" }, moment(one.last_used_at)),
    element("td", { class: "time" }, one.expires_at ? onDay(one.expires_at) : ""),
    element("td", {}, actions),
  );
}

async function act(work) {
  try {
    await work();
    await draw();
    return true;
  } catch (problem) {
    notify(problem.kind === undefined ? text("failed") : whyOf(problem), "bad");
    return false;
  }
}

function showCode(made) {
  byId("code-name").textContent = made.device_id;
  byId("code").textContent = made.code;
  byId("code-address").textContent = made.address.replace(/#.*/, "");
  byId("code-until").textContent = text("until", { time: atMinute(made.expires_at) });
  fill(byId("qr"), drawQr(made.qr));
  byId("code-dialog").showModal();
  clearInterval(watching);
  watching = setInterval(async () => {
    const found = await draw().catch(() => []);
    const one = found.find((device) => device.device_id === made.device_id && !device.revoked_at);
    if (one?.paired_at && one.state === "in-force" && new Date(one.paired_at) > new Date(made.expires_at) - 600_000) {
      byId("code-dialog").close();
      notify(text("paired", { device: one.device_id }), "good");
    }
  }, 3_000);
}

byId("code-dialog").addEventListener("close", () => {
  clearInterval(watching);
  byId("code").textContent = "";
  fill(byId("qr"));
});

byId("add")?.addEventListener("click", async () => {
  const fields = await ask(byId("add-dialog"));
  if (fields) {
    await act(async () => showCode(await post("devices", { ...fields, days: Number(fields.days) })));
  }
});

draw().catch(() => notify(text("failed"), "bad"));
