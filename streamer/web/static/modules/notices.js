// Short notices in the corner, read out by screen readers.

import { element } from "./element.js";
import { text } from "./texts.js";

const SHOWN_MS = 6000;

/** Show a line; `kind` is good, warn, bad or info. Returns what takes it away. */
export function notify(line, kind = "info", { stays = false } = {}) {
  const place = document.getElementById("notices");
  const shut = element("button", { type: "button", class: "quiet small" }, text("close"));
  const notice = element("div", { class: `notice ${kind}` }, element("span", {}, line), shut);
  const remove = () => notice.remove();
  shut.addEventListener("click", remove);
  place.append(notice);
  if (!stays) {
    setTimeout(remove, SHOWN_MS);
  }
  return remove;
}
