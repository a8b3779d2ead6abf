// What every page has: its menu, language and colours, signing out, and an end for who went away.

import { remove } from "./api.js";
import { blank, holdsUnsaved, leave } from "./leaving.js";
import { text } from "./texts.js";

const YEAR_S = 31_536_000;

function remember(name, value) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${value}; Path=/; Max-Age=${YEAR_S}; SameSite=Lax${secure}`;
}

document.getElementById("language")?.addEventListener("change", (event) => {
  remember("kirdi-language", event.target.value);
  location.reload();
});

document.getElementById("theme")?.addEventListener("change", (event) => {
  remember("kirdi-theme", event.target.value);
  document.documentElement.dataset.theme = event.target.value;
});

const button = document.querySelector(".menu-button");
button?.addEventListener("click", () => {
  const open = document.getElementById("menu").classList.toggle("open");
  button.setAttribute("aria-expanded", String(open));
});

async function signOut() {
  blank();
  let provider = null;
  try {
    provider = (await remove("session", { key: null })).provider_url;
  } catch {
    // The session may be over already; either way the page has to go.
  }
  leave(provider || "/sign-in");
}

document.getElementById("sign-out")?.addEventListener("click", () => {
  if (!holdsUnsaved() || confirm(text("unsaved"))) {
    signOut();
  }
});

// A page left open on a desk says nothing to whoever comes by: without a hand on mouse or keyboard
// it goes to the sign-in page, though it may have asked the server for news all the time.
const idleMs = Number(document.body.dataset.idleMinutes) * 60_000;
if (idleMs > 0) {
  let lastAt = Date.now();
  const seen = () => {
    lastAt = Date.now();
  };
  for (const kind of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"]) {
    addEventListener(kind, seen, { passive: true, capture: true });
  }
  setInterval(() => {
    if (Date.now() - lastAt > idleMs) {
      signOut();
    }
  }, 5_000);
}

// A page that comes back from the browser's memory may be of a session that is over.
addEventListener("pageshow", (event) => {
  if (event.persisted) {
    location.reload();
  }
});
