// What the page says: a status line for progress, an alert for what needs the user.

const status = document.getElementById("status");
const alert = document.getElementById("alert");

export function say(text) {
  status.textContent = text;
}

// An error, as a sentence that says what to do; null takes it away.
export function complain(text) {
  alert.hidden = !text;
  alert.textContent = text ?? "";
}
