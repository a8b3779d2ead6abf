// What should be known though nothing was refused, in the page's language (`remark_words`).

import { whyOf } from "./refusals.js";

const place = document.getElementById("remark-words");
const words = place ? JSON.parse(place.textContent) : {};

/** A remark of the API for people: `said`, and which language that is in. */
export function remarkLine({ code, text, values }) {
  const line = words[code];
  if (!line) {
    return { said: text, lang: "en" };
  }
  // Why another stream was not seen is a refusal with words of its own.
  const known = values.why
    ? { ...values, why: whyOf({ message: text, problem: { code: values.why } }) }
    : values;
  const said = line.replace(/\{(\w+)\}/g, (whole, name) => known[name] ?? whole);
  return { said, lang: document.documentElement.lang };
}
