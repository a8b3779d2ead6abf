// The wall of cameras: which are looked at, and how.

import { LiveTile } from "./live_tile.js";

// Each is a connection and a decoder; the service gives an account sixteen.
const MOST = 9;
// Browsers open six connections to a server: boxes come over one of them for each camera.
const MOST_MARKED = 2;

const wall = document.getElementById("wall");
const marked = document.getElementById("boxes");
const clear = document.getElementById("clear");
const names = document.getElementById("names");
const tiles = new Map();
const inSight = new Set();
let large = null;
let left = false;

function draw() {
  const looking = !left && !document.hidden;
  const view = clear?.checked ? "clear" : "blurred";
  const nodes = [...tiles.keys()];
  const first = large ? [large, ...nodes.filter((one) => one !== large)] : nodes;
  const playing = looking ? first.filter((one) => inSight.has(one)).slice(0, MOST) : [];
  const withBoxes = large ? [large] : playing.length <= MOST_MARKED ? playing : [];
  // Ticked, and nothing drawn: said, as nobody would guess why.
  document.getElementById("too-many-boxes").hidden =
    !marked.checked || large !== null || playing.length <= MOST_MARKED;
  for (const line of document.querySelectorAll("[data-view]")) {
    line.hidden = line.dataset.view !== view;
  }
  const choice = document.getElementById("names-choice");
  if (choice) {
    choice.hidden = view !== "clear";
  }
  for (const [node, tile] of tiles) {
    tile.play(playing.includes(node), {
      view,
      marked: marked.checked && withBoxes.includes(node),
      named: view === "clear" && Boolean(names?.checked),
    });
  }
}

function enlarge(node) {
  large = node;
  for (const [one, tile] of tiles) {
    tile.enlarge(one === large);
  }
  draw();
}

if (wall) {
  const sight = new IntersectionObserver((changes) => {
    for (const one of changes) {
      if (one.isIntersecting) {
        inSight.add(one.target);
      } else {
        inSight.delete(one.target);
      }
    }
    draw();
  });
  for (const node of wall.querySelectorAll(".tile")) {
    tiles.set(node, new LiveTile(node));
    node.querySelector(".enlarge").addEventListener("click", () => enlarge(large === node ? null : node));
    sight.observe(node);
  }
  for (const choice of [marked, clear, names]) {
    choice?.addEventListener("change", draw);
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && large) {
      const button = large.querySelector(".enlarge");
      enlarge(null);
      button.focus();
    }
  });
  document.addEventListener("visibilitychange", draw);
  addEventListener("pagehide", () => {
    left = true;
    draw();
  });
}
