// The third step of enrolment: photos, taken by the browser's camera or chosen from files.

import { element, fill } from "./element.js";
import { notify } from "./notices.js";
import { whyOf } from "./refusals.js";
import { text } from "./texts.js";
import { advice, Viewfinder } from "./viewfinder.js";

const WANTED = 3;
const LEAST = 2;
const MOST = 10;

const byId = (id) => document.getElementById(id);
const advices = JSON.parse(byId("advice").textContent);
const viewfinder = new Viewfinder(byId("video"), advised);

let photos = [];
let changed = () => {};

/** Have somebody called whenever a photo comes or goes. */
export function watchPhotos(handler) {
  changed = handler;
}

/** The photos so far, as they will be saved. */
export const takenPhotos = () => [...photos];

/** Whether these are enough to be saved. */
export const enoughPhotos = () => photos.length >= LEAST;

/** Show the step, and open the camera. */
export async function openPhotos() {
  byId("step-photos").hidden = false;
  byId("step-photos").scrollIntoView({ block: "start" });
  draw();
  if (!(await viewfinder.open())) {
    byId("advice-line").textContent = text("no_camera");
  }
}

/** Close the camera, and let go of the photos; the page may be empty already. */
export function dropPhotos() {
  viewfinder.close();
  photos = [];
}

/** The same, and take them off the page. */
export function clearPhotos() {
  dropPhotos();
  draw();
}

function advised(said) {
  const line = said.shortcoming ?? "good";
  byId("advice-line").textContent = advices[line] ?? advices.no_face;
  document.querySelector(".viewfinder").classList.toggle("good", said.usable && !said.shortcoming);
  byId("take").disabled = !said.usable || photos.length >= MOST;
}

function add(picture) {
  if (picture && photos.length < MOST) {
    photos.push(picture);
    draw();
  }
}

function draw() {
  const lines = photos.map((picture, index) => {
    const image = element("img", { alt: text("photo", { number: index + 1 }) });
    const url = URL.createObjectURL(picture);
    image.addEventListener("load", () => URL.revokeObjectURL(url), { once: true });
    image.src = url;
    const away = element("button", { type: "button", class: "small" }, text("remove"));
    away.addEventListener("click", () => {
      photos.splice(index, 1);
      draw();
    });
    return element("li", {}, image, away);
  });
  fill(byId("photos"), ...lines);
  const missing = WANTED - photos.length;
  byId("how-many").textContent = missing > 0 ? text("few", { count: missing }) : text("enough");
  changed();
}

byId("take").addEventListener("click", async () => add(await viewfinder.take()));

byId("files").addEventListener("change", async (event) => {
  for (const file of event.target.files) {
    let said = null;
    try {
      said = await advice(file);
    } catch (problem) {
      notify(whyOf(problem), "bad");
      continue;
    }
    if (said.usable) {
      add(file);
    } else {
      notify(advices[said.shortcoming] ?? text("failed"), "warn");
    }
  }
  event.target.value = "";
});

addEventListener("pagehide", () => viewfinder.close());
