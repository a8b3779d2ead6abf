// How many reviews wait, in the menu of every page of those who may read them; alive.

import { get } from "./api.js";
import { element, fill } from "./element.js";
import { follow, hear } from "./events.js";
import { text } from "./texts.js";

const MOST = 200;
// In the menu, and on the button that opens it where it is folded.
const places = document.querySelectorAll("[data-review-count]");
const waiting = new Set();

function draw() {
  const count = waiting.size;
  const shown = count < MOST ? String(count) : `${MOST}+`;
  for (const place of places) {
    place.hidden = count === 0;
    fill(place,
      element("span", { "aria-hidden": "true" }, shown),
      element("span", { class: "visually-hidden" }, text("reviews_waiting", { count: shown })));
  }
}

async function count() {
  try {
    const found = await get(`reviews/waiting?limit=${MOST}`);
    waiting.clear();
    found.items.forEach((one) => waiting.add(one.review_id));
    draw();
  } catch {
    // Counted again when the stream is back; the page itself says that the service is away.
  }
}

if (places.length > 0) {
  hear("following", count);
  // All pages are told at once; they need not all ask at once.
  hear("reload", () => setTimeout(count, Math.random() * 1_000));
  hear("reviews", (news) => {
    for (const one of news) {
      if (one.waiting) {
        waiting.add(one.review_id);
      } else {
        waiting.delete(one.review_id);
      }
    }
    draw();
  });
  // One stream is enough: some pages follow the day themselves.
  if (!document.querySelector("[data-follows-day]")) {
    follow("/api/v1/events", {});
  }
}
