// One button for each form and format that the result's links name.

import { request } from "./api.js";
import { complain, say } from "./messages.js";

const FORMS = { mesh: "Mesh", points: "Points", voxels: "Voxels" };

export class Downloads {
  constructor(element) {
    this.element = element;
  }

  show(links, name) {
    this.element.replaceChildren(...Object.entries(FORMS).map(([form, label]) => {
      const line = document.createElement("div");
      const title = Object.assign(document.createElement("b"), { textContent: label });
      const buttons = document.createElement("span");
      buttons.append(...Object.entries(links[form]).map(([suffix, path]) => button(form, suffix, path, name)));
      line.append(title, buttons);
      return line;
    }));
  }
}

function button(form, suffix, path, name) {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: suffix });
  made.setAttribute("aria-label", `Download the ${form} as ${suffix}`);
  made.addEventListener("click", () => download(path, `${stem(name)}-${form}.${suffix}`));
  return made;
}

// Through fetch rather than a plain link: a link sends no token, and shows its errors in place of the page.
async function download(path, filename) {
  say(`Fetching ${filename}…`);
  try {
    const url = URL.createObjectURL(await (await request(path)).blob());
    Object.assign(document.createElement("a"), { href: url, download: filename }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
    complain(null);
    say(`${filename} is saved.`);
  } catch (error) {
    complain(error.status === 404
      ? "The server no longer keeps this result. Press “Reconstruct again”, then download."
      : error.message);
    say("The download did not work.");
  }
}

const stem = (name) => name.replace(/\.[^.]*$/, "").replace(/[^\p{L}\p{N}_-]+/gu, "-") || "object";
