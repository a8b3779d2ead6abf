// What the cameras do and did today; one is added or changed after it was looked at.

import { get, patch, post, remove, send } from "./api.js";
import { buildingName } from "./buildings.js";
import { ask } from "./dialog.js";
import { element, fill } from "./element.js";
import { LaneEditor } from "./lane_editor.js";
import { notify } from "./notices.js";
import { cameraReason, cameraRemark, whyOf } from "./refusals.js";
import { remarkLine } from "./remarks.js";
import { asNumber, atMinute, onDay, text } from "./texts.js";
import { uptimeStrip } from "./uptime_strip.js";

const ASK_MS = 5_000;
const DAY_MS = 60_000;
const TEST_MS = 60_000;
const KINDS = { starting: "warn", streaming: "good", degraded: "warn", stalled: "bad", down: "bad", disabled: "" };

const byId = (id) => document.getElementById(id);
const statuses = JSON.parse(byId("statuses").textContent);
const table = byId("cameras");
const mayWrite = JSON.parse(table.dataset.mayWrite);
const rows = new Map();
const strips = new Map();

async function everything(path) {
  const items = [];
  let next = null;
  do {
    const part = await get(`${path}?limit=200${next ? `&cursor=${encodeURIComponent(next)}` : ""}`);
    items.push(...part.items);
    next = part.next;
  } while (next);
  return items;
}

const pathOf = (camera) => `cameras/${encodeURIComponent(camera)}`;

function moment(value) {
  return onDay(value) === onDay(new Date()) ? atMinute(value) : `${onDay(value)}, ${atMinute(value)}`;
}

async function draw() {
  const cameras = await everything("cameras");
  byId("empty").hidden = cameras.length > 0;
  for (const [id, row] of rows) {
    if (!cameras.some((one) => one.camera_id === id)) {
      row.remove();
      rows.delete(id);
    }
  }
  for (const camera of cameras) {
    const known = JSON.stringify(camera);
    const old = rows.get(camera.camera_id);
    if (old?.dataset.known === known) {
      continue;
    }
    const row = cameraRow(camera);
    row.dataset.known = known;
    // Whoever is on a button of the row stays there.
    const act = old?.contains(document.activeElement) ? document.activeElement.dataset.act : null;
    if (old) {
      old.replaceWith(row);
    } else {
      table.tBodies[0].append(row);
    }
    rows.set(camera.camera_id, row);
    row.querySelector(`[data-act="${act}"]`)?.focus();
    drawDay(camera.camera_id, false);
  }
}

async function drawDay(id, anew) {
  if (anew || !strips.has(id)) {
    try {
      strips.set(id, uptimeStrip(await get(`${pathOf(id)}/uptime`), statuses));
    } catch {
      // The list says that something is away.
      return;
    }
  }
  const place = rows.get(id)?.querySelector(".uptime");
  if (place) {
    fill(place, strips.get(id));
  }
}

function cameraRow(camera) {
  const badge = element("span", { class: `badge ${KINDS[camera.status] ?? ""}` }, statuses[camera.status] ?? camera.status);
  const { said: reason, detail } = cameraReason(camera.reason);
  const why = [detail, ...camera.remarks.filter((one) => !cameraRemark(one))].filter(Boolean);
  const said = [reason, ...camera.remarks.map(cameraRemark)].filter(Boolean);
  const values = { analysed: asNumber(camera.analysed_fps), decoded: asNumber(camera.decoded_fps) };
  return element(
    "tr",
    {},
    element("th", { scope: "row" }, camera.camera_id, element("p", { class: "why" }, `${buildingName(camera.building) ?? camera.building} · ${camera.entrance} · ${camera.mode}`), element("p", { class: "why" }, camera.address)),
    element("td", {}, badge, " ", element("span", { class: "muted" }, text("away_since", { time: moment(camera.since) })), ...said.map((line) => element("p", { class: "why" }, line)), ...why.map((line) => element("p", { class: "why", lang: "en" }, line))),
    element("td", {}, text("fps", values), element("p", { class: "why" }, [camera.decoding, camera.restarts ? text("restarts", { count: camera.restarts }) : ""].filter(Boolean).join(" · "))),
    element("td", { class: "uptime" }),
    element("td", { class: "acts" }, ...(mayWrite ? acts(camera) : [])),
  );
}

function acts(camera) {
  const on = camera.enabled;
  const toggle = element("button", { type: "button", class: "small", "data-act": "switch" }, text(on ? "switch_off" : "switch_on"));
  toggle.addEventListener("click", () => act(() => post(`${pathOf(camera.camera_id)}/${on ? "disable" : "enable"}`), text("saved")));
  if (camera.source !== "added") {
    return [toggle, element("p", { class: "why" }, text("in_file"))];
  }
  const change = element("button", { type: "button", class: "small", "data-act": "change" }, text("change"));
  change.addEventListener("click", () => edit(camera.camera_id));
  return [change, " ", toggle];
}

async function act(change, line) {
  try {
    await change();
    notify(line, "good");
    await draw();
    return true;
  } catch (problem) {
    notify(said(problem), "bad");
    return false;
  }
}

function said(problem) {
  if (problem.status === 0) {
    return text("away");
  }
  if (problem.status === 412) {
    return text("stale");
  }
  if (problem.status === 429) {
    return text("busy");
  }
  if (problem.kind === "invalid") {
    const fields = (problem.problem.errors ?? []).map((one) => one.where.at(-1));
    return text("check_fields", { fields: [...new Set(fields)].join(", ") });
  }
  return whyOf(problem);
}

const dialog = byId("camera-dialog");
const form = dialog?.querySelector("form");
const lane = dialog && new LaneEditor(byId("lane"), (count) => {
  byId("lane-state").textContent = count ? text("drawn", { count }) : text("whole");
});
// The camera that is changed, as it was found; null = a new one.
let changed = null;
// What was looked at, as it was typed; a camera is saved as it was tested.
let tested = null;
let testing = null;

const typed = () => JSON.stringify(["camera_id", "url", "view_url", "transport"].map((name) => form.elements[name].value.trim()));

function open(title, found) {
  changed = found;
  tested = null;
  testing?.abort();
  form.reset();
  byId("camera-title").textContent = title;
  for (const id of ["id-field", "kind-field"]) {
    byId(id).hidden = Boolean(found);
  }
  form.elements.camera_id.required = !found;
  form.elements.url.required = !found;
  byId("remove").hidden = !found;
  if (found) {
    const { camera } = found;
    form.elements.camera_id.value = camera.camera_id;
    form.elements.url.placeholder = camera.address;
    form.elements.view_url.placeholder = camera.view_address || "rtsp://";
    form.elements.building.value = camera.building;
    form.elements.entrance.value = camera.entrance;
    form.elements.analyse_fps.value = camera.analyse_fps;
  } else {
    form.elements.url.placeholder = "rtsp://";
  }
  byId("lane").hidden = true;
  byId("lane").querySelector("img").removeAttribute("src");
  byId("lane-tools").hidden = true;
  lane.lane = found?.camera.lane ?? null;
  fill(byId("remarks"));
  byId("test-state").textContent = "";
  complain(null);
  ready();
  dialog.showModal();
}

function complain(words, anyway = false) {
  byId("camera-error").textContent = words ?? "";
  byId("camera-error").hidden = words === null;
  byId("anyway-field").hidden = !anyway;
  if (!anyway) {
    form.elements.anyway.checked = false;
  }
}

/** Saved is what was tested, or changed in nothing that a test could tell. */
function ready() {
  const readdressed = !changed || form.elements.url.value.trim() || form.elements.view_url.value.trim();
  byId("save").disabled = Boolean(readdressed) && tested !== typed() && !form.elements.anyway.checked;
}

async function edit(camera) {
  try {
    const answer = await send("GET", pathOf(camera), { raw: true });
    open(camera, { camera: await answer.json(), etag: answer.headers.get("etag") });
  } catch (problem) {
    notify(said(problem), "bad");
  }
}

async function test() {
  const data = form.elements;
  const body = { camera_id: data.camera_id.value.trim(), transport: data.transport.value };
  for (const name of ["url", "view_url"]) {
    if (data[name].value.trim()) {
      body[name] = data[name].value.trim();
    }
  }
  const asked = typed();
  complain(null);
  tested = null;
  ready();
  byId("test").disabled = true;
  byId("test-state").textContent = text("testing");
  testing = new AbortController();
  const limit = setTimeout(() => testing.abort(), TEST_MS);
  try {
    show(await post("cameras/test", body, { key: null, signal: testing.signal }));
    tested = asked;
  } catch (problem) {
    byId("test-state").textContent = "";
    if (problem.name !== "AbortError") {
      complain(said(problem), problem.status === 502);
    }
  } finally {
    clearTimeout(limit);
    byId("test").disabled = false;
    ready();
  }
}

function show(seen) {
  const { faces, viewing } = seen;
  const lines = [text("tested", { codec: faces.codec, width: faces.width, height: faces.height, fps: faces.fps === null ? "?" : asNumber(faces.fps) })];
  if (viewing) {
    lines.push(text("tested_viewing", viewing));
  }
  lines.push(text(seen.browsers_can_show ? "as_it_is" : "encoded_anew"));
  if (seen.snapshot === null) {
    lines.push(text("no_picture"));
  } else if (seen.covered) {
    lines.push(text("covered"));
  }
  byId("test-state").textContent = lines.join(" ");
  fill(byId("remarks"), ...seen.remarks.map((one) => {
    const { said, lang } = remarkLine(one);
    return element("li", { lang }, said);
  }));
  if (seen.snapshot !== null) {
    byId("lane").querySelector("img").src = `data:image/jpeg;base64,${seen.snapshot}`;
  }
  byId("lane").hidden = seen.snapshot === null;
  byId("lane-tools").hidden = seen.snapshot === null;
  lane.lane = lane.lane;
}

function wanted() {
  const data = form.elements;
  const body = {
    building: data.building.value,
    entrance: data.entrance.value.trim(),
    analyse_fps: Number(data.analyse_fps.value),
    lane: lane.lane,
  };
  for (const name of ["url", "view_url"]) {
    if (data[name].value.trim()) {
      body[name] = data[name].value.trim();
      body.transport = data.transport.value;
    }
  }
  return changed ? body : { ...body, camera_id: data.camera_id.value.trim(), kind: data.kind.value };
}

if (dialog) {
  byId("add")?.addEventListener("click", (event) => open(event.target.textContent, null));
  byId("test").addEventListener("click", test);
  byId("add-point").addEventListener("click", () => lane.add());
  byId("whole").addEventListener("click", () => {
    lane.lane = null;
  });
  form.addEventListener("input", ready);
  dialog.querySelector("[data-cancel]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    testing?.abort();
    // Neither the picture nor what was typed of a password stays in the page.
    byId("lane").querySelector("img").removeAttribute("src");
    form.reset();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      if (changed) {
        await patch(pathOf(changed.camera.camera_id), wanted(), { headers: { "If-Match": changed.etag } });
      } else {
        await post("cameras", wanted());
      }
    } catch (problem) {
      complain(said(problem), !byId("anyway-field").hidden);
      return;
    }
    dialog.close();
    notify(text("saved"), "good");
    await draw();
  });
  byId("remove").addEventListener("click", async () => {
    const { camera, etag } = changed;
    dialog.close();
    byId("remove-title").textContent = camera.camera_id;
    if (await ask(byId("remove-dialog"))) {
      await act(() => remove(pathOf(camera.camera_id), { headers: { "If-Match": etag } }), text("removed"));
    }
  });
}

let askedAt = 0;
async function follow() {
  if (!document.hidden) {
    try {
      await draw();
      if (Date.now() - askedAt > DAY_MS) {
        askedAt = Date.now();
        await Promise.all([...rows.keys()].map((id) => drawDay(id, true)));
      }
    } catch (problem) {
      notify(said(problem), "warn");
    }
  }
  setTimeout(follow, ASK_MS);
}
follow();
