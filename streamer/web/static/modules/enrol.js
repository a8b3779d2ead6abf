// Enrolment: the patient, the consent, photos, and only then anything is written.

import { get, post, send } from "./api.js";
import { ask } from "./dialog.js";
import { element, fill } from "./element.js";
import { guard } from "./leaving.js";
import { notify } from "./notices.js";
import { blocks } from "./plain_markdown.js";
import { mayBeReference, todaysPatients } from "./enrol_search.js";
import { whyOf } from "./refusals.js";
import { atMinute, onDay, text } from "./texts.js";
import { advice, Viewfinder } from "./viewfinder.js";

const WANTED = 3;
const MOST = 10;
const MOST_OFFERED = 20;

const byId = (id) => document.getElementById(id);
const advices = JSON.parse(byId("advice").textContent);

let patient = null;
let consent = null;
let signed = null;
let photos = [];
let saving = null;
// Whose consent was recorded here, or may have been where the answer was lost, without a face so far.
let recorded = null;
let busy = false;

function advised(said) {
  const line = said.shortcoming ?? "good";
  byId("advice-line").textContent = advices[line] ?? advices.no_face;
  document.querySelector(".viewfinder").classList.toggle("good", said.usable && !said.shortcoming);
  byId("take").disabled = !said.usable || photos.length >= MOST;
}

const viewfinder = new Viewfinder(byId("video"), advised);

// The patient.

byId("find").addEventListener("submit", async (event) => {
  event.preventDefault();
  if ((await discard()) === false) {
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
  const consents = (await get(`consents?patient_ref=${encodeURIComponent(reference)}`)).items;
  consent = consents.find((one) => one.purpose === "check-in" && one.status === "active") ?? null;
  const person = patient.profile;
  byId("patient-name").textContent = person?.full_name ?? patient.patient_ref;
  const year = person?.birth_date?.slice(0, 4);
  fill(
    byId("patient-state"),
    element("span", { class: "muted" }, [patient.patient_ref, year && text("born", { year })].filter(Boolean).join(" · ")),
    patient.packs.length
      ? element("span", { class: "badge good" }, text("enrolled"))
      : element("span", { class: "badge" }, text("not_enrolled")),
    element("span", { class: consent ? "badge good" : "badge warn" }, consentLine()),
  );
  byId("withdraw").hidden = consent === null;
  byId("patient").hidden = false;
  byId("step-consent").hidden = consent !== null;
  for (const place of document.querySelectorAll(".print-patient")) {
    place.textContent = [person?.full_name, patient.patient_ref].filter(Boolean).join(", ");
  }
  if (consent) {
    await openPhotos();
  } else {
    if (["kk", "ru", "en"].includes(patient.language)) {
      byId("consent-language").value = patient.language;
    }
    await showText();
  }
}

function consentLine() {
  if (!consent) {
    return text("no_consent");
  }
  const values = { document: consent.document_ref, day: consent.expires_at && onDay(consent.expires_at) };
  return text(consent.expires_at ? "consent_in_force" : "consent_endless", values);
}

// The consent.

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

byId("consent").addEventListener("submit", async (event) => {
  event.preventDefault();
  const fields = Object.fromEntries(new FormData(event.target));
  signed = {
    patient_ref: patient.patient_ref,
    purpose: "check-in",
    document_ref: fields.document_ref.trim(),
    language: byId("consent-language").value,
    identity_check: fields.identity_check,
    guardian_ref: fields.guardian_ref.trim() || null,
  };
  byId("step-consent").hidden = true;
  await openPhotos();
});

// Photos.

async function openPhotos() {
  byId("step-photos").hidden = false;
  byId("step-photos").scrollIntoView({ block: "start" });
  drawPhotos();
  if (!(await viewfinder.open())) {
    byId("advice-line").textContent = text("no_camera");
  }
}

byId("take").addEventListener("click", async () => add(await viewfinder.take()));

byId("files").addEventListener("change", async (event) => {
  for (const file of event.target.files) {
    let said = null;
    try {
      said = await advice(file);
    } catch (problem) {
      notify(whyOf(problem), "bad");
      continue;
    }
    if (said.usable) {
      add(file);
    } else {
      notify(advices[said.shortcoming] ?? text("failed"), "warn");
    }
  }
  event.target.value = "";
});

function add(picture) {
  if (picture && photos.length < MOST) {
    photos.push(picture);
    drawPhotos();
  }
}

function drawPhotos() {
  const lines = photos.map((picture, index) => {
    const image = element("img", { alt: text("photo", { number: index + 1 }) });
    const url = URL.createObjectURL(picture);
    image.addEventListener("load", () => URL.revokeObjectURL(url), { once: true });
    image.src = url;
    const away = element("button", { type: "button", class: "small" }, text("remove"));
    away.addEventListener("click", () => {
      photos.splice(index, 1);
      drawPhotos();
    });
    return element("li", {}, image, away);
  });
  fill(byId("photos"), ...lines);
  const missing = WANTED - photos.length;
  byId("how-many").textContent = missing > 0 ? text("few", { count: missing }) : text("enough");
  byId("save").disabled = busy || photos.length < 2;
}

// Saving: a key for each write, so that pressing again after a lost answer writes nothing twice.

byId("save").addEventListener("click", () => save(false));

async function save(anyway) {
  saving ??= { consent: crypto.randomUUID() };
  lock(true);
  byId("save-error").hidden = true;
  try {
    if (signed) {
      await recordConsent();
    }
    const form = new FormData();
    form.append("patient_ref", patient.patient_ref);
    form.append("anyway", String(anyway));
    photos.forEach((picture, index) => form.append("photos", picture, `${index + 1}.jpg`));
    const done = await send("POST", "enrolments", { form, waitMs: 90_000 });
    finish(text("saved", { count: done.photos }));
    if (done.code_only) {
      notify(text("by_code", { others: done.looks_like.join(", ") }), "warn", { stays: true });
    }
  } catch (problem) {
    lock(false);
    if (problem.kind === "look-alike") {
      byId("alike-refs").textContent = problem.looksLike.join(", ");
      if (await ask(byId("alike-dialog"))) {
        await save(true);
      } else if (recorded) {
        saySaving(text("consent_so_far"));
      }
      return;
    }
    saving = null;
    const reason = whyOf(problem);
    saySaving(recorded && !signed ? text("consent_kept", { reason }) : reason);
  }
}

async function recordConsent() {
  recorded = patient.patient_ref;
  try {
    await post("consents", signed, { key: saving.consent });
  } catch (problem) {
    if (problem.status >= 400 && problem.status < 500) {
      recorded = null;
    }
    throw problem;
  }
  signed = null;
  consent = {};
}

/** While something is being saved nothing else is done with it. */
function lock(on) {
  busy = on;
  byId("save").disabled = on;
  byId("discard").disabled = on;
}

function saySaving(line) {
  byId("save-error").textContent = line;
  byId("save-error").hidden = false;
}

function finish(line) {
  close();
  lock(false);
  recorded = null;
  for (const id of ["step-patient", "step-consent", "step-photos"]) {
    byId(id).hidden = true;
  }
  byId("done-line").textContent = line;
  byId("done").hidden = false;
  byId("done").scrollIntoView();
}

function close() {
  viewfinder.close();
  photos = [];
  signed = null;
  saving = null;
}

/** Let go of everything; false where more was to be said about it than nothing. */
async function discard() {
  if (busy) {
    return false;
  }
  if (recorded && (await takeBack(recorded))) {
    return false;
  }
  forget();
  return true;
}

/**
 * A consent that was recorded here was not meant to stand alone: end it, as entered in error, and
 * show the receipt. False where there was none after all.
 */
async function takeBack(reference) {
  lock(true);
  try {
    const taken = { patient_ref: reference, purpose: "check-in", reason: "entered-in-error" };
    const { receipt } = await post("consents/withdrawals", taken);
    // The face may have been saved, too, where only the answer was lost.
    finish(receipt?.templates ? text("withdrawn") : text("consent_back", { patient: reference }));
    if (receipt) {
      showReceipt(reference, receipt);
    }
  } catch (problem) {
    lock(false);
    if (problem.status === 422) {
      recorded = null;
      return false;
    }
    saySaving(text("consent_stays", { reason: whyOf(problem) }));
  }
  return true;
}

function forget() {
  close();
  patient = null;
  consent = null;
  byId("consent").reset();
  drawPhotos();
  for (const id of ["patient", "step-consent", "step-photos", "save-error"]) {
    byId(id).hidden = true;
  }
}

byId("discard").addEventListener("click", discard);
guard(() => photos.length > 0 || signed !== null || recorded !== null, close);
addEventListener("pagehide", () => viewfinder.close());

// Withdrawal.

byId("withdraw").addEventListener("click", async () => {
  if (!(await ask(byId("withdraw-dialog")))) {
    return;
  }
  try {
    const done = await post("consents/withdrawals", { patient_ref: patient.patient_ref, purpose: "check-in" });
    const reference = patient.patient_ref;
    finish(text("withdrawn"));
    if (done.receipt) {
      showReceipt(reference, done.receipt);
    }
  } catch (problem) {
    notify(whyOf(problem), "bad");
  }
});

function showReceipt(reference, receipt) {
  byId("receipt-patient").textContent = reference;
  byId("receipt-id").textContent = receipt.erasure_id;
  byId("receipt-at").textContent = `${onDay(receipt.erased_at)}, ${atMinute(receipt.erased_at)}`;
  byId("receipt-count").textContent = String(receipt.templates);
  byId("receipt-backups").textContent = onDay(receipt.backups_clean_by);
  byId("receipt").hidden = false;
  byId("print-receipt").hidden = false;
}

byId("print-receipt").addEventListener("click", () => print());

const given = byId("find").elements.patient_ref.value;
if (given) {
  tried(() => lookUp(given));
}
