// A camera on the wall: connects, says why it cannot, and tries again by itself.

import { get } from "./api.js";
import { Boxes } from "./boxes.js";
import { follow } from "./events.js";
import { cameraReason } from "./refusals.js";
import { atMinute, onDay, text } from "./texts.js";
import { look } from "./whep.js";

const ASK_MS = 5_000;
const STILL_MS = 8_000;
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
  #endTracks = null;

  constructor(node) {
    this.#node = node;
    this.camera = node.dataset.camera;
    this.#video = node.querySelector("video");
    this.#boxes = new Boxes(node.querySelector("canvas"), this.#video);
    this.#video.requestVideoFrameCallback((_now, picture) => this.#shown(picture));
    this.enlarge(false);
    this.#say("waiting", "");
    setInterval(() => this.#ask(), ASK_MS);
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

  async #open() {
    clearTimeout(this.#timer);
    const opening = new AbortController();
    this.#opening = opening;
    this.#say("connecting", "info");
    this.#darken(text("connecting"));
    try {
      const { signal } = opening;
      const connection = await look(this.camera, this.#settings.view, () => this.#lost("blocked"), { signal });
      if (opening.signal.aborted) {
        connection.close();
        return;
      }
      this.#connection = connection;
      this.#shownAt = Date.now();
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

  #refused(problem) {
    if (problem.status === 409) {
      const { since, reason, camera_status: status } = problem.problem;
      this.#say(statuses[status] ?? text("no_picture"), status === "starting" ? "warn" : "bad");
      this.#darken(statuses[status] ?? text("no_picture"));
      this.#explain(since, reason);
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
    this.#timer = setTimeout(() => this.#open(), waitMs * (0.8 + 0.4 * Math.random()));
  }

  /** Ask how one's own view is: whether it still is, and why nothing comes. */
  async #ask() {
    const connection = this.#connection;
    if (!connection) {
      return;
    }
    try {
      const view = await get(`live/${connection.viewer}`);
      if (connection !== this.#connection) {
        return;
      }
      if (view.captured_at) {
        this.#clock = { rtp: view.rtp_timestamp, at: Date.parse(view.captured_at) };
      }
      const stillMs = Date.now() - this.#shownAt;
      if (stillMs > STILL_MS) {
        this.#say("no_picture", "warn");
        this.#darken(text("no_news", { seconds: Math.round(stillMs / 1000) }));
      }
      this.#explain(null, view.reason);
    } catch (problem) {
      if (connection === this.#connection && (problem.status === 404 || problem.status === 0)) {
        // Ended there: by the service's restart, or because it was long enough.
        this.#lost("unreachable");
      }
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
    }
    if (first) {
      if (!this.asking) {
        this.asking = true;
        this.#ask().finally(() => {
          this.asking = false;
        });
      }
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
