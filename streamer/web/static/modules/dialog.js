// Asks before something is done, in the browser's own modal dialog (focus stays in it, Esc leaves).

/** Show a <dialog> of the page; resolves to its form's fields, or null where it was left. */
export function ask(dialog) {
  const form = dialog.querySelector("form");
  return new Promise((resolve) => {
    const sent = (event) => {
      event.preventDefault();
      finish(Object.fromEntries(new FormData(form, event.submitter)));
    };
    const left = () => finish(null);
    const finish = (result) => {
      form.removeEventListener("submit", sent);
      dialog.removeEventListener("close", left);
      dialog.close();
      resolve(result);
    };
    form.addEventListener("submit", sent);
    dialog.addEventListener("close", left);
    for (const button of dialog.querySelectorAll("[data-cancel]")) {
      button.addEventListener("click", () => dialog.close(), { once: true });
    }
    form.reset();
    dialog.showModal();
  });
}
