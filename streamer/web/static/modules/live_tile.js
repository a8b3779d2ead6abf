// A camera on the wall: connects, says why it cannot, and tries again by itself.

import { get } from "./api.js";
import { Boxes } from "./boxes.js";
import { follow } from "./events.js";
import { cameraReason } from "./refusals.js";
import { atMinute, onDay, text } from "./texts.js";
import { look } from "./whep.js";

const ASK_MS = 5_000;
// No picture for so long: what the camera is doing is asked at once, and again and again.
const LATE_MS = 2_000;
const ASK_LATE_MS = 1_500;
// And for so long: it stands still, whatever the camera is said to be doing.
const STILL_MS = 8_000;
const TICK_MS = 500;
// Statuses in which pictures may come.
const SHOWN = ["streaming", "degraded"];
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 15_000;
const TURN = 2 ** 32;

const statuses = JSON.parse(document.getElementById("statuses").textContent);

/** One of them; `settings` says how to look: `view` (blurred, clear), `marked`, `named`. */
export class LiveTile {
  #node;
  #video;
  #boxes;
  #settings = { view: "blurred", marked: false, named: false };
  #wanted = false;
  #connection = null;
  #opening = null;
  #timer = null;
  #waitMs = FIRST_WAIT_MS;
  #clock = null;
  #shownAt = 0;
  #askedAt = 0;
  #asking = false;
  #endTracks = null;

  constructor(node) {
    this.#node = node;
    this.camera = node.dataset.camera;
    this.#video = node.querySelector("video");
    this.#boxes = new Boxes(node.querySelector("canvas"), this.#video);
    this.#video.requestVideoFrameCallback((_now, picture) => this.#shown(picture));
    this.enlarge(false);
    this.#say("waiting", "");
    setInterval(() => this.#watch(), TICK_MS);
  }

  /** Look, or look no more. */
  play(wanted, settings) {
    const again = settings.view !== this.#settings.view;
    const tracks = settings.marked !== this.#settings.marked || settings.named !== this.#settings.named;
    this.#settings = settings;
    if (this.#wanted && (!wanted || again)) {
      this.#stop();
    }
    if (wanted && (!this.#wanted || again)) {
      this.#waitMs = FIRST_WAIT_MS;
      this.#open();
    } else if (tracks) {
      this.#followTracks();
    }
    if (!wanted && this.#wanted) {
      this.#say("waiting", "");
      this.#darken(text("waiting"));
    }
    this.#wanted = wanted;
  }

  /** Show it large, or among the others. */
  enlarge(large) {
    this.#node.classList.toggle("large", large);
    const button = this.#node.querySelector(".enlarge");
    button.setAttribute("aria-expanded", String(large));
    button.setAttribute("aria-label", text(large ? "shrink" : "enlarge", { camera: this.camera }));
    if (large) {
      this.#node.scrollIntoView({ block: "nearest" });
    }
  }

  /** Connect; `again`: what the tile says stays until there is news. */
  async #open({ again = false } = {}) {
    clearTimeout(this.#timer);
    const opening = new AbortController();
    this.#opening = opening;
    if (!again) {
      this.#connecting();
    }
    try {
      const { signal } = opening;
      const connection = await look(this.camera, this.#settings.view, () => this.#lost("blocked"), { signal });
      if (opening.signal.aborted) {
        connection.close();
        return;
      }
      this.#connecting();
      this.#connection = connection;
      this.#shownAt = Date.now();
      this.#askedAt = Date.now();
      this.#video.srcObject = connection.stream;
      this.#video.play().catch(() => {});
      this.#followTracks();
    } catch (problem) {
      if (!opening.signal.aborted) {
        this.#refused(problem);
      }
    }
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#opening?.abort();
    this.#opening = null;
    this.#connection?.close();
    this.#connection = null;
    this.#clock = null;
    this.#video.srcObject = null;
    this.#endTracks?.();
    this.#endTracks = null;
    this.#boxes.forget();
  }

  #connecting() {
    this.#say("connecting", "info");
    this.#darken(text("connecting"));
    this.#explain(null, "");
  }

  /** The camera gives no pictures: what it is doing, since when and why, and nothing else. */
  #away(status, since, reason) {
    this.#say(statuses[status] ?? text("no_picture"), status === "starting" ? "warn" : "bad");
    this.#darken(statuses[status] ?? text("no_picture"));
    this.#explain(since, reason);
    this.#boxes.forget();
  }

  #refused(problem) {
    if (problem.status === 409) {
      const { since, reason, camera_status: status } = problem.problem;
      this.#away(status, since, reason);
    } else if (problem.status === 503 && problem.kind === "viewers") {
      this.#trouble("crowded");
    } else if (problem.status === 404) {
      this.#trouble("gone");
    } else if (problem.status === 403) {
      this.#trouble("refused");
    } else {
      this.#trouble("unreachable");
    }
    this.#again(problem.retryAfter);
  }

  #lost(why) {
    this.#stop();
    this.#trouble(why);
    this.#again(null);
  }

  #trouble(why) {
    this.#say("no_picture", "bad");
    this.#darken(text(why));
    this.#explain(null, "");
  }

  #again(seconds) {
    const waitMs = seconds === null || !seconds ? this.#waitMs : 1000 * seconds;
    this.#waitMs = Math.min(2 * this.#waitMs, LONGEST_WAIT_MS);
    this.#stop();
    this.#timer = setTimeout(() => this.#open({ again: true }), waitMs * (0.8 + 0.4 * Math.random()));
  }

  #watch() {
    const late = Date.now() - this.#shownAt > LATE_MS;
    if (this.#connection && Date.now() - this.#askedAt > (late ? ASK_LATE_MS : ASK_MS)) {
      this.#ask();
    }
  }

  /** Ask how one's own view is: whether it still is, and why nothing comes. */
  async #ask() {
    const connection = this.#connection;
    if (!connection || this.#asking) {
      return;
    }
    this.#asking = true;
    this.#askedAt = Date.now();
    try {
      const view = await get(`live/${connection.viewer}`);
      if (connection !== this.#connection) {
        return;
      }
      if (view.captured_at) {
        this.#clock = { rtp: view.rtp_timestamp, at: Date.parse(view.captured_at) };
      }
      this.#judge(view);
    } catch (problem) {
      if (connection === this.#connection && problem.status === 0) {
        this.#lost("unreachable");
      } else if (connection === this.#connection && problem.status === 404) {
        // Ended there: the service or the camera was started again, or it was long enough.
        this.#stop();
        this.#connecting();
        this.#again(null);
      }
    } finally {
      this.#asking = false;
    }
  }

  /** One state at a time: pictures that come say that it is live, whatever else is known. */
  #judge(view) {
    const stillMs = Date.now() - this.#shownAt;
    const gone = view.camera_status !== null && !SHOWN.includes(view.camera_status);
    if (stillMs <= LATE_MS) {
      this.#explain(null, gone ? "" : view.reason);
    } else if (gone) {
      this.#away(view.camera_status, view.camera_since, view.reason);
    } else if (stillMs > STILL_MS) {
      this.#say("no_picture", "warn");
      this.#darken(text("no_news"));
      this.#explain(this.#shownAt, view.reason);
    }
  }

  #shown(picture) {
    this.#video.requestVideoFrameCallback((_now, next) => this.#shown(next));
    if (!this.#connection) {
      return;
    }
    const first = !this.#clock;
    this.#shownAt = Date.now();
    this.#waitMs = FIRST_WAIT_MS;
    if (!this.#node.querySelector(".dark").hidden) {
      this.#say("playing", "good");
      this.#darken(null);
      this.#explain(null, "");
    }
    if (first) {
      this.#ask();
      return;
    }
    if (this.#endTracks && picture.rtpTimestamp !== undefined) {
      const ahead = (picture.rtpTimestamp - this.#clock.rtp + TURN) % TURN;
      const ticks = ahead > TURN / 2 ? ahead - TURN : ahead;
      this.#boxes.draw(this.#clock.at + ticks / 90);
    }
  }

  #followTracks() {
    this.#endTracks?.();
    this.#endTracks = null;
    this.#boxes.forget();
    const { view, marked, named } = this.#settings;
    if (this.#connection && marked) {
      const asked = new URLSearchParams({ view, names: named });
      const url = `/api/v1/cameras/${encodeURIComponent(this.camera)}/tracks?${asked}`;
      this.#endTracks = follow(url, { faces: (found) => this.#boxes.add(found) });
    }
  }

  #say(key, kind) {
    const badge = this.#node.querySelector(".state");
    const words = text(key);
    if (badge.textContent !== words) {
      badge.textContent = words;
    }
    badge.className = `badge state ${kind}`;
    this.#node.dataset.state = key;
  }

  #darken(words) {
    const dark = this.#node.querySelector(".dark");
    dark.hidden = words === null;
    dark.textContent = words ?? "";
  }

  #explain(since, reason) {
    const why = this.#node.querySelector(".why");
    why.hidden = !reason && !since;
    why.querySelector(".since").textContent = since ? text("away_since", { time: moment(since) }) : "";
    const found = cameraReason(reason ?? "");
    const place = why.querySelector(".reason");
    place.textContent = found.said ?? found.detail;
    place.title = found.said ? (found.detail ?? "") : "";
    place.lang = found.said ? document.documentElement.lang : "en";
  }
}

function moment(value) {
  const today = onDay(value) === onDay(new Date());
  return today ? atMinute(value) : `${onDay(value)}, ${atMinute(value)}`;
}
