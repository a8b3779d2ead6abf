// Draws a QR code from its modules.

const SVG = "http://www.w3.org/2000/svg";
const QUIET = 4;

/** `modules`: a text for each row, "1" is dark. Returns an <svg> with the margin that it needs. */
export function drawQr(modules) {
  const size = modules.length + 2 * QUIET;
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("viewBox", `0 0 ${size} ${size}`);
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", "QR");
  picture.setAttribute("class", "qr");
  const ground = document.createElementNS(SVG, "rect");
  ground.setAttribute("width", size);
  ground.setAttribute("height", size);
  ground.setAttribute("fill", "#fff");
  const dark = document.createElementNS(SVG, "path");
  let drawn = "";
  modules.forEach((row, y) => {
    [...row].forEach((module, x) => {
      drawn += module === "1" ? `M${x + QUIET} ${y + QUIET}h1v1h-1z` : "";
    });
  });
  dark.setAttribute("d", drawn);
  dark.setAttribute("fill", "#000");
  picture.append(ground, dark);
  return picture;
}
