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

const locale = { kk: "kk-KZ", ru: "ru-KZ", en: "en-GB" }[language] ?? language;
// Browsers know neither the months nor the decimal comma of Kazakh: in figures it is as in Russian.
const inFigures = { day: "2-digit", month: "2-digit", year: "numeric" };

// The site's time, wherever the browser is.
const timeZone = document.documentElement.dataset.zone || undefined;

const hours = { hour: "2-digit", minute: "2-digit", timeZone };
const minutes = new Intl.DateTimeFormat(locale, hours);
const seconds = new Intl.DateTimeFormat(locale, { ...hours, second: "2-digit" });
const days = new Intl.DateTimeFormat(
  language === "kk" ? "ru-KZ" : locale,
  language === "kk" ? { ...inFigures, timeZone } : { dateStyle: "long", timeZone },
);
const numbers = new Intl.NumberFormat(language === "kk" ? "ru-KZ" : locale, { maximumFractionDigits: 2 });

/** A moment (ISO 8601) as people here write it: 14:05, 14:05:09, 3 May 2026. */
export const atMinute = (moment) => minutes.format(new Date(moment));
export const atSecond = (moment) => seconds.format(new Date(moment));
export const onDay = (moment) => days.format(new Date(moment));
export const asNumber = (value) => numbers.format(value);
