// Leaving a page whose session is over: what is on it is gone before the browser goes anywhere.
//
// A question ("leave the page?"), a server that does not answer or a slow network would otherwise
// keep names and faces on the screen of somebody who may not see them any more.

const holders = [];
let over = false;

/** Ask before the page is left while `unsaved()`; `forget` drops it when the session is over. */
export function guard(unsaved, forget = () => {}) {
  holders.push({ unsaved, forget });
  addEventListener("beforeunload", (event) => {
    if (!over && unsaved()) {
      event.preventDefault();
    }
  });
}

/** Whether something on the page would be lost. */
export const holdsUnsaved = () => !over && holders.some((one) => one.unsaved());

/** Empty the page: nobody may see it any more, wherever it goes next. */
export function blank() {
  if (over) {
    return;
  }
  over = true;
  // Scripts that are still at work miss their elements; that is no fault any more.
  for (const kind of ["error", "unhandledrejection"]) {
    addEventListener(kind, (event) => event.preventDefault());
  }
  const shown = [...document.querySelectorAll("video")];
  document.body.replaceChildren();
  document.title = "Kirdi";
  for (const video of shown) {
    video.srcObject?.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
  }
  holders.forEach((one) => one.forget());
}

/** Empty the page, and go. */
export function leave(address) {
  blank();
  location.replace(address);
}
