// The page's words for its scripts, put there by the server (`texts` in a template).

const words = {};
for (const held of document.querySelectorAll("script.texts")) {
  Object.assign(words, JSON.parse(held.textContent));
}

/** Return a text of the page; `{name}` in it becomes `values.name`. */
export function text(key, values = {}) {
  const found = words[key] ?? key;
  return found.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export const language = document.documentElement.lang;
