// Asks for the token of a server that was started with one.

import { onTokenNeeded } from "./api.js";

export function listenForToken() {
  const dialog = document.getElementById("token");
  const input = document.getElementById("token-text");
  onTokenNeeded(() => new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      resolve(input.value || null);
      input.value = "";
    }, { once: true });
    if (!dialog.open) dialog.showModal();
  }));
}
