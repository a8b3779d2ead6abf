// Makes texts comparable as people type them: Kazakh letters are as their Russian neighbours,
// and neither case, accents nor spaces matter.

const SAME = new Map(
  Object.entries({
    қ: "к", ә: "а", ғ: "г", ң: "н", ө: "о", ұ: "у", ү: "у", һ: "х", і: "и", ё: "е", й: "и",
    // Latin letters that look the same, typed on the wrong keyboard.
    a: "а", c: "с", e: "е", i: "и", o: "о", p: "р", x: "х", y: "у",
  }),
);

/** Return a text as it is compared. */
export function fold(text) {
  let folded = "";
  for (const letter of String(text).toLowerCase().normalize("NFC")) {
    // Accents of other letters (é, ü) fall away.
    const plain = SAME.get(letter) ?? letter.normalize("NFD").replace(/\p{M}/gu, "");
    folded += SAME.get(plain) ?? plain;
  }
  return folded.replace(/\s+/gu, " ").trim();
}

/** How strictly numbers of a question are taken: whole, from their beginning on, or any part. */
export const NUMBERS = ["whole", "begun", "part"];

const CLOCK = /^\d\d:\d\d$/;
const NUMBER = /^\p{N}+$/u;
const BETWEEN = /[^\p{L}\p{N}]+/u;

/**
 * Do the things shown in a row, each folded, answer every word of a folded question?
 *
 * A number is one that stands there, not a part of another: of the three forms of `NUMBERS` the
 * first that finds anybody is the right one, so that "40" finds 404 only where there is no 40.
 * A time of day answers to a word with a colon only: its hours are nobody's number.
 */
export function answers(shown, question, numbers) {
  return (
    question.split(" ").every((word) => shown.some((one) => holdsWord(one, word, numbers))) ||
    (numbers === "part" && shown.some((one) => holdsUnspaced(one, question)))
  );
}

const holdsUnspaced = (folded, question) =>
  folded.replaceAll(" ", "").includes(question.replaceAll(" ", ""));

function holdsWord(one, word, numbers) {
  if (CLOCK.test(one)) {
    return word.includes(":") && one.startsWith(word);
  }
  if (!NUMBER.test(word) || numbers === "part") {
    return one.includes(word);
  }
  const fits = (part) => (numbers === "whole" ? part === word : part.startsWith(word));
  return one.split(BETWEEN).some(fits);
}

/** Does a text that was folded hold every word of a folded question, or it without its spaces? */
export function holds(folded, question) {
  if (question === "") {
    return true;
  }
  return (
    question.split(" ").every((word) => folded.includes(word)) || holdsUnspaced(folded, question)
  );
}
