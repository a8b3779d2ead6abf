// Accounts and tokens: who may sign in, what they are, and what programs sign in with.

import { get, post, put, remove } from "./api.js";
import { ask } from "./dialog.js";
import { element, fill } from "./element.js";
import { notify } from "./notices.js";
import { whyOf } from "./refusals.js";
import { atMinute, onDay, text } from "./texts.js";

const byId = (id) => document.getElementById(id);
const roleNames = JSON.parse(byId("role-names").textContent);
const mayWrite = JSON.parse(byId("accounts").dataset.mayWrite);
const dialog = byId("account-dialog");
const moment = (value) => (value ? `${onDay(value)}, ${atMinute(value)}` : text("never"));

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

async function draw() {
  const [accounts, tokens] = await Promise.all([everything("accounts"), everything("tokens")]);
  fill(byId("accounts").tBodies[0], ...accounts.map(accountRow));
  fill(byId("tokens").tBodies[0], ...tokens.map(tokenRow));
}

function accountRow(account) {
  const change = element("button", { type: "button", class: "small" }, text("change"));
  change.addEventListener("click", () => edit(account));
  const by = account.signs_in_by.map((way) => element("span", { class: "badge" }, text(way)));
  const name = element("th", { scope: "row" }, account.account, " ");
  if (account.disabled_at) {
    name.append(element("span", { class: "badge bad" }, text("disabled")));
  } else if (account.one_time_password_until) {
    name.append(element("span", { class: "badge warn" }, text("one_time")));
  }
  return element(
    "tr",
    { class: account.disabled_at ? "off" : null },
    name,
    element("td", {}, account.roles.map((role) => roleNames[role] ?? role).join(", ")),
    element("td", {}, account.cameras === null ? text("all") : account.cameras.join(", ") || text("none")),
    element("td", {}, ...(by.length ? by : [element("span", { class: "badge" }, text("program"))])),
    element("td", { class: "time" }, moment(account.last_sign_in_at)),
    element("td", {}, mayWrite ? change : ""),
  );
}

function tokenRow(token) {
  const state = { "in-force": ["in_force", "good"], expired: ["expired", ""], revoked: ["revoked", "bad"] }[token.state];
  const revoke = element("button", { type: "button", class: "small danger" }, text("revoke"));
  revoke.addEventListener("click", () => act(() => remove(`tokens/${token.token_id}`), text("revoked")));
  return element(
    "tr",
    {},
    element("th", { scope: "row", title: token.scopes.join(", ") }, token.name),
    element("td", {}, token.account),
    element("td", {}, element("span", { class: `badge ${state[1]}` }, text(state[0]))),
    element("td", { class: "time" }, onDay(token.expires_at)),
    element("td", { class: "time" }, moment(token.last_used_at)),
    element("td", {}, mayWrite && token.state === "in-force" ? revoke : ""),
  );
}

async function act(change, line) {
  try {
    const done = await change();
    notify(line, "good");
    await draw();
    return done;
  } catch (problem) {
    notify(whyOf(problem), "bad");
    return null;
  }
}

async function showSecret(secret) {
  byId("secret").textContent = secret;
  await ask(byId("secret-dialog"));
  byId("secret").textContent = "";
}

function sent(form) {
  const data = new FormData(form);
  return {
    account: data.get("account")?.trim(),
    roles: data.getAll("role"),
    practitioner_refs: data.get("practitioner_refs").split(",").map((one) => one.trim()).filter(Boolean),
    cameras: data.get("all_cameras") ? null : data.getAll("camera"),
    password: data.get("password") !== null,
  };
}

// What the dialog does with what was typed; it stays open, with a line, where that was refused.
let save = null;

function open(title, account) {
  const form = dialog.querySelector("form");
  form.reset();
  byId("account-error").hidden = true;
  byId("account-title").textContent = title;
  for (const [id, shown] of [["name-field", !account], ["password-field", !account], ["account-acts", account]]) {
    byId(id).hidden = !shown;
  }
  form.elements.account.required = !account;
  if (account) {
    form.elements.practitioner_refs.value = account.practitioner_refs.join(", ");
    for (const box of form.querySelectorAll("[name=role]")) {
      box.checked = account.roles.includes(box.value);
    }
    form.elements.all_cameras.checked = account.cameras === null;
    for (const box of form.querySelectorAll("[name=camera]")) {
      box.checked = account.cameras?.includes(box.value) ?? false;
    }
    dialog.querySelector("[data-act=disable]").hidden = account.disabled_at !== null;
    dialog.querySelector("[data-act=enable]").hidden = account.disabled_at === null;
    dialog.dataset.account = account.account;
  }
  dialog.showModal();
}

function edit(account) {
  save = async (wanted) => {
    const path = `accounts/${encodeURIComponent(account.account)}`;
    await put(`${path}/roles`, { roles: wanted.roles, practitioner_refs: wanted.practitioner_refs });
    await put(`${path}/cameras`, { cameras: wanted.cameras });
    return null;
  };
  open(account.account, account);
}

byId("add")?.addEventListener("click", (event) => {
  save = async (wanted) => (await post("accounts", wanted)).one_time_password;
  open(event.target.textContent, null);
});

dialog?.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  byId("account-error").hidden = true;
  try {
    const secret = await save(sent(event.target));
    dialog.close();
    notify(text("saved_account"), "good");
    await draw();
    if (secret) {
      await showSecret(secret);
    }
  } catch (problem) {
    byId("account-error").textContent = whyOf(problem);
    byId("account-error").hidden = false;
  }
});
dialog?.querySelector("[data-cancel]").addEventListener("click", () => dialog.close());

const ACTS = {
  "one-time-password": [post, "saved_account"],
  sessions: [remove, "ended"],
  disable: [post, "sure_disable"],
  enable: [post, "enabled_again"],
};
for (const button of dialog?.querySelectorAll("[data-act]") ?? []) {
  button.addEventListener("click", async () => {
    const [method, line] = ACTS[button.dataset.act];
    const path = `accounts/${encodeURIComponent(dialog.dataset.account)}/${button.dataset.act}`;
    dialog.close();
    const done = await act(() => method(path), text(line));
    if (done?.one_time_password) {
      await showSecret(done.one_time_password);
    }
  });
}

byId("add-token")?.addEventListener("click", async () => {
  const place = byId("token-dialog");
  const form = place.querySelector("form");
  form.reset();
  byId("token-error").hidden = true;
  place.showModal();
});
byId("token-dialog")?.querySelector("[data-cancel]").addEventListener("click", () => byId("token-dialog").close());
byId("token-dialog")?.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const data = new FormData(event.target);
  const wanted = { account: data.get("account").trim(), name: data.get("name"), days: Number(data.get("days")), scopes: data.getAll("scope") };
  try {
    const made = await post("tokens", wanted);
    byId("token-dialog").close();
    await draw();
    await showSecret(made.token);
  } catch (problem) {
    byId("token-error").textContent = whyOf(problem);
    byId("token-error").hidden = false;
  }
});

draw().catch((problem) => notify(whyOf(problem), "bad"));
