// Asks for the token of a server that was started with one.

import { onTokenNeeded } from "./api.js";

export function listenForToken() {
  let asking = null; // one question for all requests that wait for its answer
  onTokenNeeded(() => (asking ??= ask().finally(() => (asking = null))));
}

// What was typed in, or null where the dialog was put away.
function ask() {
  const dialog = document.getElementById("token");
  const input = document.getElementById("token-text");
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      resolve(dialog.returnValue === "given" ? input.value : null);
      input.value = "";
    }, { once: true });
  });
}
