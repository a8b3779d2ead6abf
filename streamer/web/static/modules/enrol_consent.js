// The second step of enrolment: the consent, read in the patient's language, and signed.

import { get } from "./api.js";
import { fill } from "./element.js";
import { blocks } from "./plain_markdown.js";
import { onDay, text } from "./texts.js";

const byId = (id) => document.getElementById(id);

/** The patient's consent in force; null where there is none. */
export async function consentInForce(reference) {
  const consents = (await get(`consents?patient_ref=${encodeURIComponent(reference)}`)).items;
  return consents.find((one) => one.purpose === "check-in" && one.status === "active") ?? null;
}

/** What is said of it beside the patient's name. */
export function consentLine(consent) {
  if (!consent) {
    return text("no_consent");
  }
  const values = { document: consent.document_ref, day: consent.expires_at && onDay(consent.expires_at) };
  return text(consent.expires_at ? "consent_in_force" : "consent_endless", values);
}

/** Show the text of the consent, in the patient's language where it is known. */
export async function openConsent(language) {
  if (["kk", "ru", "en"].includes(language)) {
    byId("consent-language").value = language;
  }
  await showText();
}

/** Have somebody called with what was signed. */
export function whenSigned(handler) {
  byId("consent").addEventListener("submit", async (event) => {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(event.target));
    byId("step-consent").hidden = true;
    await handler({
      purpose: "check-in",
      document_ref: fields.document_ref.trim(),
      language: byId("consent-language").value,
      identity_check: fields.identity_check,
      guardian_ref: fields.guardian_ref.trim() || null,
    });
  });
}

async function showText() {
  const language = byId("consent-language").value;
  const read = await get(`consents/text?purpose=check-in&language=${language}`);
  const place = byId("consent-text");
  place.lang = language;
  fill(place, ...blocks(read.body));
  place.scrollTop = 0;
}

byId("consent-language").addEventListener("change", showText);
byId("print-consent").addEventListener("click", () => print());
