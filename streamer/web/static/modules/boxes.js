// Draws what the analysis has found over the very picture in which it was found.

import { text } from "./texts.js";

const KEPT = 40;
// The RTP clock ticks 90 000 times a second, and both times were rounded on their way.
const SAME_MS = 25;
const SHORTEST_MS = 1_500;
const LONGEST_MS = 4_000;

// On any picture: each with a dark edge, and told apart by its line as well as by its colour.
const LOOKS = {
  box: { colour: "#ffffff", dash: [] },
  seen: { colour: "#ffffff", dash: [] },
  unknown: { colour: "#c9d2d5", dash: [2, 5] },
  review: { colour: "#ffc14d", dash: [9, 5] },
  recognised: { colour: "#7fd0de", dash: [] },
  arrived: { colour: "#7fe3a6", dash: [] },
};

/** The boxes of one camera. */
export class Boxes {
  constructor(canvas, video) {
    this.canvas = canvas;
    this.video = video;
    this.found = [];
    this.drawn = 0;
  }

  /** Take what was found in one picture: `captured_at`, `faces`. */
  add(found) {
    const at = Date.parse(found.captured_at);
    this.found = this.found.filter((one) => one.at !== at);
    this.found.push({ at, faces: found.faces });
    this.found.sort((one, other) => one.at - other.at);
    this.found.splice(0, Math.max(0, this.found.length - KEPT));
  }

  /** Draw what belongs to the picture that was captured then (ms). */
  draw(captured) {
    const place = this.found.findLastIndex((one) => one.at <= captured + SAME_MS);
    this.clear();
    if (place < 0) {
      return;
    }
    const one = this.found[place];
    const pace = place > 0 ? 2.5 * (one.at - this.found[place - 1].at) : 0;
    if (captured - one.at <= Math.min(LONGEST_MS, Math.max(SHORTEST_MS, pace))) {
      this.#paint(one.faces);
    }
  }

  /** Nothing is known of what is shown. */
  clear() {
    const { canvas } = this;
    const scale = devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * scale);
    const height = Math.round(canvas.clientHeight * scale);
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    } else {
      canvas.getContext("2d").clearRect(0, 0, width, height);
    }
    this.drawn = 0;
  }

  forget() {
    this.found = [];
    this.clear();
  }

  #paint(faces) {
    const { canvas, video } = this;
    if (!video.videoWidth) {
      return;
    }
    const pen = canvas.getContext("2d");
    const scale = Math.min(canvas.width / video.videoWidth, canvas.height / video.videoHeight);
    const width = video.videoWidth * scale;
    const height = video.videoHeight * scale;
    const left = (canvas.width - width) / 2;
    const top = (canvas.height - height) / 2;
    const line = Math.max(2, canvas.width / 400);
    for (const face of faces) {
      const look = LOOKS[face.state ?? "box"] ?? LOOKS.box;
      const [x1, y1, x2, y2] = face.box;
      const box = [left + x1 * width, top + y1 * height, (x2 - x1) * width, (y2 - y1) * height];
      pen.setLineDash([]);
      pen.lineWidth = line + 2;
      pen.strokeStyle = "rgb(0 0 0 / 65%)";
      pen.strokeRect(...box);
      pen.setLineDash(look.dash.map((one) => (one * line) / 2));
      pen.lineWidth = line;
      pen.strokeStyle = look.colour;
      pen.strokeRect(...box);
      if (face.state) {
        this.#label(pen, face.name ?? text(face.state), box, look.colour);
      }
      this.drawn += 1;
    }
  }

  #label(pen, words, [x, y, , height], colour) {
    const size = Math.max(13 * (devicePixelRatio || 1), this.canvas.width / 60);
    pen.font = `600 ${size}px system-ui, "Noto Sans", "DejaVu Sans", sans-serif`;
    const wide = pen.measureText(words).width + size;
    const high = size * 1.5;
    const above = y > high ? y - high : Math.min(y + height, this.canvas.height - high);
    const start = Math.max(0, Math.min(x, this.canvas.width - wide));
    pen.fillStyle = "rgb(16 20 22 / 85%)";
    pen.fillRect(start, above, wide, high);
    pen.fillStyle = colour;
    pen.textBaseline = "middle";
    pen.fillText(words, start + size / 2, above + high / 2);
  }
}
