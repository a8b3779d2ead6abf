// Whom enrolment is about: looked for among today's patients, by name as on Today, or by reference.

import { get } from "./api.js";
import { fold, holds } from "./folding.js";

/** A name is never asked for as a reference: what is asked for in vain goes on record. */
export const mayBeReference = (asked) => /\d/.test(asked) && !/\s/.test(asked);

/**
 * Return who has an appointment today and whose name or reference holds what is asked for: one line
 * each, with the first time. Names are in it where this account may know them.
 */
export async function todaysPatients(asked) {
  const question = fold(asked);
  const found = new Map();
  for (const row of (await get("schedule")).rows) {
    const fits = holds(fold(row.patient ?? ""), question) || fold(row.patient_ref) === question;
    const known = found.get(row.patient_ref);
    if (fits && (!known || row.starts_at < known.starts_at)) {
      found.set(row.patient_ref, row);
    }
  }
  return [...found.values()].sort((one, other) => (one.starts_at < other.starts_at ? -1 : 1));
}
