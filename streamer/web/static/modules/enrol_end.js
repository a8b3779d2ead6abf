// The end of an enrolment: what was done, and the receipt of what was destroyed.

import { atMinute, onDay } from "./texts.js";

const byId = (id) => document.getElementById(id);

/** Show this line instead of the steps; with a receipt, whose it is and what it says. */
export function showEnd(line, reference, receipt) {
  for (const id of ["step-patient", "step-consent", "step-photos"]) {
    byId(id).hidden = true;
  }
  byId("done-line").textContent = line;
  byId("done").hidden = false;
  byId("done").scrollIntoView();
  if (receipt) {
    showReceipt(reference, receipt);
  }
}

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
