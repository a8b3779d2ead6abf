// Makes elements without ever reading markup: what people have typed stays text.

/** `element("a", { href: "/", class: "x" }, "text", child)`; null attributes are left out. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) {
      made.setAttribute(key, value === true ? "" : value);
    }
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Replace what an element holds. */
export function fill(target, ...children) {
  target.replaceChildren(...children.filter((child) => child !== null && child !== undefined));
}
