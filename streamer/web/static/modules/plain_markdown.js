// Shows the consent texts: headings, paragraphs, lists and bold words of Markdown, made as elements.

import { element } from "./element.js";

function inline(line) {
  return line.split(/\*\*(.+?)\*\*/).map((part, index) => (index % 2 ? element("strong", {}, part) : part));
}

function block(text) {
  const heading = text.match(/^(#{1,3})\s+(.*)$/s);
  if (heading) {
    return element("h3", {}, ...inline(heading[2]));
  }
  const lines = text.split("\n");
  if (lines.every((line) => /^\s*[-*]\s|^\s{2,}\S/.test(line))) {
    const items = text.split(/^\s*[-*]\s+/m).filter(Boolean);
    return element("ul", {}, ...items.map((item) => element("li", {}, ...inline(item.replace(/\s+/g, " ").trim()))));
  }
  return element("p", {}, ...inline(lines.join(" ")));
}

/** Return the elements of a text. */
export function blocks(markdown) {
  return markdown.trim().split(/\n{2,}/).map(block);
}
