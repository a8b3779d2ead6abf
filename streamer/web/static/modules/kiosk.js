// The kiosk: six digits or a QR code in, one kind sentence out, and back to the start in seconds.
//
// What is typed or read stays in this module until the answer is over, and is kept nowhere.

import { get, post } from "./api.js";
import { buildingName } from "./buildings.js";
import { element, fill } from "./element.js";
import { QrFinder } from "./qr_finder.js";
import { roomName } from "./rooms.js";
import { atMinute, text } from "./texts.js";
import { hush, speak, switchVoice, voiceIsOn } from "./voice.js";

const DIGITS = 6;
const IDLE_MS = { start: 20_000, scan: 25_000, choose: 40_000, answer: 12_000, asking: 25_000, help: 120_000 };
const HELP_EVERY_MS = 3_000;
const WATCH_EVERY_MS = 10_000;
const GOOD = new Set(["arrived", "already"]);
const BAD = new Set(["refused", "wait", "away", "down"]);

const byId = (id) => document.getElementById(id);
let digits = "";
let shownCode = null;
let timer = null;
let polling = null;
let finder = null;
let busy = false;
// Nothing of ours answers; `away` is what the service says of the national one.
let down = false;
// Counts the people: what comes late belongs to nobody who stands here now.
let turn = 0;

function show(screen, kind = screen) {
  for (const one of document.querySelectorAll("[data-screen]")) {
    one.hidden = !one.dataset.screen.split(" ").includes(screen);
  }
  document.body.dataset.shows = screen;
  wind(kind);
}

function wind(kind) {
  clearTimeout(timer);
  const idle = kind === "start" && digits === "" ? null : IDLE_MS[kind];
  if (idle !== null) {
    timer = setTimeout(reset, idle);
  }
}

function reset() {
  clearTimeout(timer);
  clearInterval(polling);
  finder?.close();
  finder = null;
  hush();
  digits = "";
  shownCode = null;
  turn += 1;
  rest();
  if (document.cookie.includes("kirdi-language=")) {
    document.cookie = "kirdi-language=; Path=/; Max-Age=0; SameSite=Lax";
    location.reload();
    return;
  }
  drawDigits();
  greet();
  show("start");
}

/** What stands there while nobody does anything: nobody types six digits for nothing. */
function greet() {
  if (down) {
    say("bad", text("down_title"), [text("down_text")], { aloud: false });
  } else {
    say("", text("start_title"), [text("start_text")], { aloud: false });
  }
}

/** Ask now and then whether the service answers, as long as nobody does anything. */
async function watch() {
  const idle = () => document.body.dataset.shows === "start" && digits === "" && !busy;
  if (idle()) {
    const before = down;
    try {
      await get("kiosk/calls", { anonymous: true });
      down = false;
    } catch (problem) {
      if (problem.status === 401 || problem.status === 403) {
        refused(problem);
      }
      down = problem.status === 0 || problem.status >= 500;
    }
    if (down !== before && idle()) {
      greet();
    }
  }
  setTimeout(watch, WATCH_EVERY_MS * (0.75 + Math.random() / 2));
}

function say(kind, title, lines, { aloud = true } = {}) {
  byId("said").dataset.kind = kind;
  byId("title").textContent = title;
  fill(byId("lines"), ...lines.filter(Boolean).map((line) => (line instanceof Node ? line : element("p", {}, line))));
  if (aloud) {
    speak([title, ...lines.map((line) => (line instanceof Node ? line.textContent : line))].filter(Boolean).join(" "));
  }
}

function drawDigits() {
  [...byId("digits").children].forEach((box, index) => {
    box.textContent = digits[index] ?? "";
    box.classList.toggle("next", index === digits.length);
  });
  byId("typed").textContent = digits ? text("typed", { count: digits.length }) : "";
}

function press(key) {
  if (busy || document.body.dataset.shows !== "start") {
    return;
  }
  if (key === "back") {
    digits = digits.slice(0, -1);
  } else if (key === "clear") {
    digits = "";
  } else if (digits.length < DIGITS) {
    digits += key;
  }
  drawDigits();
  wind("start");
  if (digits.length === DIGITS) {
    ask(digits);
  }
}

/** Send something; a lost answer is asked for again under the same key, so nothing is done twice. */
async function sent(path, body) {
  const options = { key: crypto.randomUUID(), anonymous: true };
  try {
    return await post(path, body, options);
  } catch (problem) {
    if (problem.status !== 0) {
      throw problem;
    }
    return post(path, body, options);
  }
}

async function ask(code, chosen = []) {
  await work(async () => {
    shownCode = code;
    const said = await sent("kiosk/codes", { code, chosen });
    return () => answer(said);
  });
}

/** Do one thing at a time; what it returns shows the answer, unless somebody else's turn has begun. */
async function work(does) {
  if (busy) {
    return;
  }
  busy = true;
  clearTimeout(timer);
  document.body.setAttribute("aria-busy", "true");
  const began = turn;
  let shows;
  try {
    shows = await does();
  } catch (problem) {
    shows = () => refused(problem);
  }
  if (turn === began) {
    rest();
    shows();
  }
}

function rest() {
  busy = false;
  document.body.removeAttribute("aria-busy");
}

function refused(problem) {
  if (problem.status === 401 || problem.status === 403) {
    location.replace("/kiosk/pair");
  } else if (problem.status === 429) {
    answer({ state: "wait", wait_s: problem.retryAfter ?? 60, visits: [] });
  } else if (problem.status === 422) {
    answer({ state: "refused", visits: [] });
  } else {
    down = true;
    answer({ state: "down", visits: [] });
  }
}

function answer(said) {
  if (said.state === "choose") {
    choose(said.choices);
    return;
  }
  const [first] = said.visits;
  const values = {
    time: first ? atMinute(first.starts_at) : "",
    opens: first ? atMinute(first.opens_at) : "",
    building: buildingName(first?.building) ?? first?.building ?? "",
    minutes: Math.max(1, Math.ceil((said.wait_s ?? 0) / 60)),
  };
  const key = said.state.replaceAll("-", "_");
  const known = first && (said.state !== "other-building" || first.building);
  const lines = [text(known || !["early", "other_building"].includes(key) ? `${key}_text` : `${key}_plain`, values)];
  if (GOOD.has(said.state)) {
    lines.push(...said.visits.map(place));
  }
  say(GOOD.has(said.state) ? "good" : BAD.has(said.state) ? "bad" : "told", text(`${key}_title`), lines);
  offer({ again: BAD.has(said.state), notMe: said.state === "already" && shownCode !== null });
  show("answer", GOOD.has(said.state) && said.state !== "already" ? "answer" : "asking");
}

/** One way on, and one more where there is something to say against it. */
function offer({ again = false, notMe = false }) {
  byId("again").hidden = !again;
  byId("done").hidden = again;
  byId("not-me").hidden = !notMe;
}

function place(visit) {
  const parts = [
    visit.room ? element("span", { class: "room" }, roomName(visit.room)) : element("span", {}, text("be_called")),
    element("span", { class: "when" }, atMinute(visit.starts_at)),
  ];
  if (visit.ticket !== null) {
    parts.push(element("span", { class: "ticket" }, text("ticket", { number: visit.ticket })));
  }
  return element("p", { class: "visit" }, ...parts.flatMap((part) => [part, " "]));
}

function choose(choices) {
  const several = new Set(choices.map((one) => one.person)).size > 1;
  const buttons = choices.map((one) => {
    const words = [
      several ? text(one.person === 0 ? "yourself" : "person", { number: one.person }) : null,
      atMinute(one.starts_at),
      one.room ? roomName(one.room) : null,
    ];
    const button = element("button", { type: "button", class: "choice-button", "aria-pressed": "false" }, words.filter(Boolean).join(" · "));
    button.dataset.ref = one.appointment_ref;
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
      byId("take-chosen").disabled = chosenOnes().length === 0;
      wind("choose");
    });
    return button;
  });
  fill(byId("choices"), ...buttons);
  byId("take-chosen").disabled = true;
  say("told", text("choose_title"), [text("choose_text")]);
  show("choose");
}

const chosenOnes = () =>
  [...byId("choices").children].filter((one) => one.getAttribute("aria-pressed") === "true").map((one) => one.dataset.ref);

async function scan() {
  if (busy) {
    return;
  }
  digits = "";
  drawDigits();
  finder = new QrFinder(byId("video"), (found) => ask(found), refused);
  const opened = finder;
  say("told", text("scan_title"), [text("scan_text")]);
  show("scan");
  const sees = await opened.open();
  if (finder !== opened) {
    opened.close();
  } else if (!sees) {
    say("bad", text("no_camera_title"), [text("no_camera_text")]);
    offer({ again: true });
    show("answer", "asking");
  }
}

async function callForHelp() {
  finder?.close();
  finder = null;
  await work(async () => {
    await sent("kiosk/calls");
    return () => waitForHelp(text("help_title"), text("help_text"));
  });
}

async function dispute() {
  await work(async () => {
    const said = await sent("kiosk/disputes", { code: shownCode });
    return () =>
      said.state === "disputed" ? waitForHelp(text("disputed_title"), text("disputed_text")) : answer(said);
  });
}

function waitForHelp(title, line) {
  say("told", title, [line]);
  offer({});
  show("answer", "help");
  clearInterval(polling);
  const began = turn;
  polling = setInterval(async () => {
    try {
      const [call] = await get("kiosk/calls", { anonymous: true });
      if (turn === began && (!call || call.taken)) {
        clearInterval(polling);
        if (call) {
          say("good", text("help_taken_title"), [text("help_text")]);
          wind("asking");
        }
      }
    } catch {
      // Asked again in a moment.
    }
  }, HELP_EVERY_MS);
}

function drawVoice() {
  const button = byId("voice");
  button.setAttribute("aria-pressed", String(voiceIsOn()));
  byId("voice-state").textContent = text(voiceIsOn() ? "voice_on" : "voice_off");
}

byId("keypad").addEventListener("click", (event) => {
  const key = event.target.closest("button")?.dataset.key;
  if (key) {
    press(key);
  }
});
addEventListener("keydown", (event) => {
  if (/^[0-9]$/.test(event.key)) {
    press(event.key);
  } else if (event.key === "Backspace") {
    press("back");
  } else if (event.key === "Escape") {
    reset();
  }
});
byId("scan").addEventListener("click", scan);
byId("take-chosen").addEventListener("click", () => ask(shownCode, chosenOnes()));
byId("take-all").addEventListener("click", () => ask(shownCode, ["all"]));
byId("not-me").addEventListener("click", dispute);
for (const button of document.querySelectorAll("[data-help]")) {
  button.addEventListener("click", callForHelp);
}
for (const button of document.querySelectorAll("[data-reset]")) {
  button.addEventListener("click", reset);
}
for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => {
    clearTimeout(timer);
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `kirdi-language=${button.dataset.language}; Path=/; Max-Age=300; SameSite=Lax${secure}`;
    location.reload();
  });
}
byId("voice").addEventListener("click", () => {
  switchVoice(!voiceIsOn());
  drawVoice();
});
// Whoever holds a finger on it for long means to type, and nothing else.
addEventListener("contextmenu", (event) => event.preventDefault());

async function stayAwake() {
  try {
    await navigator.wakeLock?.request("screen");
  } catch {
    // The tablet's own settings have to keep it on.
  }
}
document.addEventListener("visibilitychange", () => document.hidden || stayAwake());
stayAwake();
drawVoice();
drawDigits();
show("start");
watch();
// Whoever has chosen a language and walked away leaves it to nobody.
if (document.cookie.includes("kirdi-language=")) {
  clearTimeout(timer);
  timer = setTimeout(reset, IDLE_MS.start);
}
