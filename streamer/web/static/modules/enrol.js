// Enrolment: the patient, the consent, photos, and only then anything is written.
//
// This is the first step, whom it is about, and the way from step to step: `enrol_consent`,
// `enrol_photos`, `enrol_saving`, `enrol_end`.

import { get } from "./api.js";
import { ask } from "./dialog.js";
import { element, fill } from "./element.js";
import { consentInForce, consentLine, openConsent, whenSigned } from "./enrol_consent.js";
import { clearPhotos, openPhotos, takenPhotos } from "./enrol_photos.js";
import { discard, drop, holdsConsent, keepSigned, save, withdraw } from "./enrol_saving.js";
import { mayBeReference, todaysPatients } from "./enrol_search.js";
import { guard } from "./leaving.js";
import { whyOf } from "./refusals.js";
import { atMinute, text } from "./texts.js";

const MOST_OFFERED = 20;

const byId = (id) => document.getElementById(id);

let patient = null;

byId("find").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!(await startAnew())) {
    return;
  }
  const asked = new FormData(event.target).get("patient_ref").trim();
  byId("find-error").hidden = true;
  fill(byId("found"));
  await tried(async () => {
    if (mayBeReference(asked)) {
      await lookUp(asked);
      return;
    }
    const found = await todaysPatients(asked);
    if (found.length === 0) {
      refuse(text("nobody_today"));
    } else if (found.length === 1) {
      await lookUp(found[0].patient_ref);
    } else {
      offer(found);
    }
  });
});

async function tried(work) {
  try {
    await work();
  } catch (problem) {
    refuse([404, 422].includes(problem.status) ? text("unknown") : whyOf(problem));
  }
}

function refuse(line) {
  byId("find-error").textContent = line;
  byId("find-error").hidden = false;
}

/** Several of that name: which one? */
function offer(found) {
  const choices = found.slice(0, MOST_OFFERED).map((row) => {
    const line = `${row.patient ?? row.patient_ref} · ${row.patient_ref} · ${atMinute(row.starts_at)}`;
    const choice = element("button", { type: "button" }, line);
    choice.addEventListener("click", () => {
      fill(byId("found"));
      tried(() => lookUp(row.patient_ref));
    });
    return element("li", {}, choice);
  });
  fill(byId("found"), ...choices);
  byId("found").querySelector("button").focus();
  if (found.length > MOST_OFFERED) {
    refuse(text("too_many_found"));
  }
}

async function lookUp(reference) {
  patient = await get(`patients/${encodeURIComponent(reference)}`);
  const consent = await consentInForce(reference);
  showPatient(consent);
  byId("withdraw").hidden = consent === null;
  byId("step-consent").hidden = consent !== null;
  if (consent) {
    await openPhotos();
  } else {
    await openConsent(patient.language);
  }
}

function showPatient(consent) {
  const person = patient.profile;
  byId("patient-name").textContent = person?.full_name ?? patient.patient_ref;
  const year = person?.birth_date?.slice(0, 4);
  fill(
    byId("patient-state"),
    element("span", { class: "muted" }, [patient.patient_ref, year && text("born", { year })].filter(Boolean).join(" · ")),
    patient.packs.length
      ? element("span", { class: "badge good" }, text("enrolled"))
      : element("span", { class: "badge" }, text("not_enrolled")),
    element("span", { class: consent ? "badge good" : "badge warn" }, consentLine(consent)),
  );
  byId("patient").hidden = false;
  for (const place of document.querySelectorAll(".print-patient")) {
    place.textContent = [person?.full_name, patient.patient_ref].filter(Boolean).join(", ");
  }
}

/** Back to the first step, with nothing kept; false where something has to be read before. */
async function startAnew() {
  if (!(await discard())) {
    return false;
  }
  patient = null;
  byId("consent").reset();
  clearPhotos();
  for (const id of ["patient", "step-consent", "step-photos", "save-error"]) {
    byId(id).hidden = true;
  }
  return true;
}

whenSigned(async (consent) => {
  keepSigned({ patient_ref: patient.patient_ref, ...consent });
  await openPhotos();
});

byId("save").addEventListener("click", () => save(patient.patient_ref));
byId("discard").addEventListener("click", startAnew);
byId("withdraw").addEventListener("click", async () => {
  if (await ask(byId("withdraw-dialog"))) {
    await withdraw(patient.patient_ref);
  }
});
guard(() => takenPhotos().length > 0 || holdsConsent(), drop);

const given = byId("find").elements.patient_ref.value;
if (given) {
  tried(() => lookUp(given));
}
