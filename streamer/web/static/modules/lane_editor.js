// Draws a lane on a picture: points that are moved by mouse, finger or arrow keys.

import { element } from "./element.js";
import { text } from "./texts.js";

const STEP = 0.01;
const LARGE_STEP = 0.05;
const FEWEST = 3;
const MOST = 64;
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const within = (value) => Math.round(1000 * Math.min(1, Math.max(0, value))) / 1000;

/** The lane over the picture in `place`; `changed` is called with how many points there are. */
export class LaneEditor {
  #place;
  #changed;
  #points = [];

  constructor(place, changed) {
    this.#place = place;
    this.#changed = changed;
    place.addEventListener("click", (event) => {
      if (!event.target.closest(".point")) {
        this.#insert(this.#at(event));
      }
    });
  }

  /** Fractions from the upper left corner; null = the whole picture. */
  get lane() {
    return this.#points.length >= FEWEST ? this.#points.map((one) => [...one]) : null;
  }

  set lane(points) {
    this.#points = (points ?? []).map(([x, y]) => [within(x), within(y)]);
    this.#draw();
  }

  /** A point more for those who have no mouse: in the middle of the longest side. */
  add() {
    const points = this.#points;
    if (points.length < FEWEST) {
      this.#insert([[0.3, 0.3], [0.7, 0.3], [0.5, 0.8]][points.length]);
      return;
    }
    const length = (index) => distance(points[index], points[(index + 1) % points.length]);
    const longest = points.map((_one, index) => index).sort((a, b) => length(b) - length(a))[0];
    const [one, other] = [points[longest], points[(longest + 1) % points.length]];
    this.#insert([(one[0] + other[0]) / 2, (one[1] + other[1]) / 2], longest + 1);
  }

  #at(event) {
    const area = this.#place.getBoundingClientRect();
    return [(event.clientX - area.left) / area.width, (event.clientY - area.top) / area.height];
  }

  #insert(point, where = this.#side(point)) {
    if (this.#points.length >= MOST) {
      return;
    }
    this.#points.splice(where, 0, point.map(within));
    this.#draw(where);
  }

  /** Where a new point makes the outline the least longer. */
  #side(point) {
    const points = this.#points;
    if (points.length < FEWEST) {
      return points.length;
    }
    const detour = (index) => {
      const [one, other] = [points[index], points[(index + 1) % points.length]];
      return distance(one, point) + distance(point, other) - distance(one, other);
    };
    return points.map((_one, index) => index).sort((a, b) => detour(a) - detour(b))[0] + 1;
  }

  #move(index, point) {
    this.#points[index] = point.map(within);
    this.#lay();
  }

  #remove(index) {
    this.#points.splice(index, 1);
    this.#draw(Math.min(index, this.#points.length - 1));
  }

  #draw(focused = null) {
    for (const old of this.#place.querySelectorAll(".point")) {
      old.remove();
    }
    this.#points.forEach((_one, index) => this.#place.append(this.#handle(index)));
    this.#lay();
    if (focused !== null) {
      this.#place.querySelectorAll(".point")[focused]?.focus();
    }
  }

  #lay() {
    const handles = this.#place.querySelectorAll(".point");
    this.#points.forEach(([x, y], index) => {
      const handle = handles[index];
      handle.style.left = `${100 * x}%`;
      handle.style.top = `${100 * y}%`;
      const values = { number: index + 1, x: `${Math.round(100 * x)} %`, y: `${Math.round(100 * y)} %` };
      handle.setAttribute("aria-label", text("point", values));
    });
    const polygon = this.#place.querySelector("polygon");
    polygon.setAttribute("points", this.#points.map((one) => one.join(",")).join(" "));
    this.#changed(this.#points.length >= FEWEST ? this.#points.length : 0);
  }

  #handle(index) {
    const handle = element("button", { type: "button", class: "point" }, String(index + 1));
    handle.addEventListener("keydown", (event) => {
      const direction = KEYS[event.key];
      if (direction) {
        event.preventDefault();
        const step = event.shiftKey ? LARGE_STEP : STEP;
        const [x, y] = this.#points[index];
        this.#move(index, [x + step * direction[0], y + step * direction[1]]);
      } else if (event.key === "Delete" || event.key === "Backspace") {
        event.preventDefault();
        this.#remove(index);
      }
    });
    handle.addEventListener("pointerdown", (event) => handle.setPointerCapture(event.pointerId));
    handle.addEventListener("pointermove", (event) => {
      if (handle.hasPointerCapture(event.pointerId)) {
        this.#move(index, this.#at(event));
      }
    });
    return handle;
  }
}

function distance(one, other) {
  return Math.hypot(one[0] - other[0], one[1] - other[1]);
}
