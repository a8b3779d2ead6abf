// Who asks for help at a kiosk: shown on every page of those who may go there.

import { get, post } from "./api.js";
import { buildingName } from "./buildings.js";
import { element } from "./element.js";
import { notify } from "./notices.js";
import { text } from "./texts.js";

const EVERY_MS = 5_000;
const shown = new Map();

function show(call) {
  const where = buildingName(call.building);
  const line = text(call.why === "dispute" ? "dispute_wanted" : "help_wanted", {
    device: call.device_id,
    building: where ? ` (${where})` : "",
  });
  const going = element("button", { type: "button", class: "primary small" }, text("i_am_going"));
  const notice = element("div", { class: "notice warn", role: "alert" }, element("span", {}, line), going);
  going.addEventListener("click", async () => {
    going.disabled = true;
    try {
      await post(`kiosk-calls/${call.call_id}/take`);
      notice.remove();
    } catch (problem) {
      if (problem.status === 404) {
        notice.remove();
      } else {
        going.disabled = false;
        notify(text("failed"), "bad");
      }
    }
  });
  document.getElementById("calls").append(notice);
  return notice;
}

async function look() {
  if (!document.hidden) {
    try {
      const waiting = await get("kiosk-calls");
      const ids = new Set(waiting.map((one) => one.call_id));
      for (const [id, notice] of shown) {
        if (!ids.has(id)) {
          notice.remove();
          shown.delete(id);
        }
      }
      for (const one of waiting) {
        if (!shown.has(one.call_id)) {
          shown.set(one.call_id, show(one));
        }
      }
    } catch {
      // Asked again in a moment; the page itself says that the service is away.
    }
  }
  setTimeout(look, EVERY_MS);
}

look();
