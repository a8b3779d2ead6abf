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

/** Does a text that was folded hold every word of a folded question, or it without its spaces? */
export function holds(folded, question) {
  if (question === "") {
    return true;
  }
  return (
    question.split(" ").every((word) => folded.includes(word)) ||
    folded.replaceAll(" ", "").includes(question.replaceAll(" ", ""))
  );
}
