// What the page says: a status line for progress, an alert for what needs the user.

const status = document.getElementById("status");
const alert = document.getElementById("alert");
const alertText = document.getElementById("alert-text");

document.getElementById("alert-close").addEventListener("click", () => complain(null));

export function say(text) {
  status.textContent = text;
}

// An error, as a sentence that says what to do; null takes it away.
export function complain(text) {
  alert.hidden = !text;
  alertText.textContent = text ?? "";
  if (text) alert.scrollIntoView({ block: "nearest" });
}
