// The last step of enrolment: the consent and the photos are written, or all of it is taken back.
//
// A key for each write, so that pressing again after a lost answer writes nothing twice.

import { post, send } from "./api.js";
import { ask } from "./dialog.js";
import { showEnd } from "./enrol_end.js";
import { dropPhotos, enoughPhotos, takenPhotos, watchPhotos } from "./enrol_photos.js";
import { notify } from "./notices.js";
import { whyOf } from "./refusals.js";
import { text } from "./texts.js";

const byId = (id) => document.getElementById(id);

let signed = null;
let keys = null;
// Whose consent was recorded here, or may have been where the answer was lost, without a face so far.
let recorded = null;
let busy = false;

watchPhotos(drawSave);

/** Keep a signed consent until it is saved with the photos. */
export function keepSigned(consent) {
  signed = consent;
}

/** Whether something would be lost, or would stand alone. */
export const holdsConsent = () => signed !== null || recorded !== null;

/** Write what was signed and taken; `anyway`: though the face is much like somebody else's. */
export async function save(reference, anyway = false) {
  keys ??= { consent: crypto.randomUUID() };
  lock(true);
  byId("save-error").hidden = true;
  try {
    if (signed) {
      await recordConsent();
    }
    const form = new FormData();
    form.append("patient_ref", reference);
    form.append("anyway", String(anyway));
    takenPhotos().forEach((picture, index) => form.append("photos", picture, `${index + 1}.jpg`));
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
        await save(reference, true);
      } else if (recorded) {
        say(text("consent_so_far"));
      }
      return;
    }
    keys = null;
    const reason = whyOf(problem);
    say(recorded && !signed ? text("consent_kept", { reason }) : reason);
  }
}

/** Let go of everything; false where more was to be said about it than nothing. */
export async function discard() {
  if (busy) {
    return false;
  }
  if (recorded && (await takeBack(recorded))) {
    return false;
  }
  drop();
  return true;
}

/** End a consent that was in force before, and show the receipt of what was destroyed. */
export async function withdraw(reference) {
  try {
    const { receipt } = await post("consents/withdrawals", { patient_ref: reference, purpose: "check-in" });
    finish(text("withdrawn"), reference, receipt);
  } catch (problem) {
    notify(whyOf(problem), "bad");
  }
}

/** Let go of what is not saved; the page may be empty already. */
export function drop() {
  dropPhotos();
  signed = null;
  keys = null;
}

async function recordConsent() {
  recorded = signed.patient_ref;
  try {
    await post("consents", signed, { key: keys.consent });
  } catch (problem) {
    if (problem.status >= 400 && problem.status < 500) {
      recorded = null;
    }
    throw problem;
  }
  signed = null;
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
    const line = receipt?.templates ? text("withdrawn") : text("consent_back", { patient: reference });
    finish(line, reference, receipt);
  } catch (problem) {
    lock(false);
    if (problem.status === 422) {
      recorded = null;
      return false;
    }
    say(text("consent_stays", { reason: whyOf(problem) }));
  }
  return true;
}

/** While something is being saved nothing else is done with it. */
function lock(on) {
  busy = on;
  byId("discard").disabled = on;
  drawSave();
}

function drawSave() {
  byId("save").disabled = busy || !enoughPhotos();
}

function say(line) {
  byId("save-error").textContent = line;
  byId("save-error").hidden = false;
}

function finish(line, reference = null, receipt = null) {
  drop();
  lock(false);
  recorded = null;
  showEnd(line, reference, receipt);
}
