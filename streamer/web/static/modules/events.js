// News from the server (server-sent events): one stream a page, closed while nobody looks at it.
//
// Browsers allow six connections to a server: a stream per tab in the background would use them up.
// The server numbers its events; after a gap it goes on where this page stopped, or says `reload`.

import { goToSignIn } from "./api.js";
import { notify } from "./notices.js";
import { text } from "./texts.js";

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15_000;
const SILENCE_MS = 40_000;
const DAY = "/api/v1/events";

const heardByAll = [];

/** Have a handler called by a name's events of the day, too, whichever part of the page follows them. */
export function hear(name, handler) {
  heardByAll.push([name, handler]);
}

/**
 * Follow a stream: `handlers` are called by the event's name with its data.
 *
 * Returns what ends it. `handlers.reload` is called where the server cannot tell what was missed,
 * `cutOff` when the connection is lost, with when the server was last heard.
 */
export function follow(url, handlers, cutOff = null) {
  let source = null;
  let lastId = null;
  let waitMs = FIRST_WAIT_MS;
  let timer = null;
  let heardAt = Date.now();
  let away = null;
  let ended = false;

  function open() {
    clearTimeout(timer);
    if (ended || source || document.hidden) {
      return;
    }
    const address = new URL(url, location.origin);
    if (lastId !== null) {
      address.searchParams.set("after", lastId);
    }
    source = new EventSource(address);
    heardAt = Date.now();
    source.addEventListener("open", connected);
    source.addEventListener("error", lost);
    source.addEventListener("alive", heard);
    source.addEventListener("signed-out", () => goToSignIn());
    const more = address.pathname === DAY ? heardByAll : [];
    for (const [name, handler] of [...Object.entries(handlers), ...more]) {
      source.addEventListener(name, (event) => {
        heard(event);
        handler(event.data ? JSON.parse(event.data) : null);
      });
    }
  }

  function heard(event) {
    heardAt = Date.now();
    if (event.lastEventId) {
      lastId = event.lastEventId;
    }
  }

  function connected() {
    waitMs = FIRST_WAIT_MS;
    heardAt = Date.now();
    if (away) {
      away();
      away = null;
      notify(text("back"), "good");
    }
  }

  function close() {
    source?.close();
    source = null;
  }

  function lost() {
    close();
    if (ended || document.hidden) {
      return;
    }
    if (!away) {
      away = notify(text("away"), "warn", { stays: true });
      cutOff?.(heardAt);
    }
    timer = setTimeout(open, waitMs * (0.75 + Math.random() / 2));
    waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
    sessionOver();
  }

  async function sessionOver() {
    // An EventSource does not say why it failed; a refused session must not leave the page open.
    try {
      const answer = await fetch("/api/v1/session", { credentials: "same-origin" });
      if (answer.status === 401) {
        goToSignIn();
      }
    } catch {
      // The service is away: the next try will tell.
    }
  }

  const watching = setInterval(() => {
    if (source && Date.now() - heardAt > SILENCE_MS) {
      lost();
    }
  }, 5_000);
  const looking = () => (document.hidden ? close() : open());
  document.addEventListener("visibilitychange", looking);
  open();
  return () => {
    ended = true;
    clearInterval(watching);
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", looking);
    close();
  };
}
