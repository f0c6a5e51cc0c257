// The session's last results. They live in memory; a reload of the page keeps what sessionStorage can hold: the answers
// and small pictures, from which the shapes are fetched again as long as the server keeps them.

import { loadShapes } from "./shapes/load.js";
import { complain, say } from "./messages.js";

const KEPT = 12;
const KEY = "shapeshot-gallery";
const PICTURE_SIDE = 160;

export class Gallery {
  constructor(session, shapesPanel) {
    Object.assign(this, { session, shapesPanel, entries: recall() });
    // Not before the shapes are on the screen: a picture of them takes time.
    session.addEventListener("shown", ({ detail }) => this.#add(detail));
    this.#show();
  }

  #add(result) {
    const { answer, name, options } = result;
    if (!this.entries.some((entry) => entry.answer.id === answer.id)) {
      const isCurrent = result === this.session.result;
      const picture = isCurrent ? this.shapesPanel.picture(PICTURE_SIDE) : null;
      this.entries = [{ answer, name, options, picture, result }, ...this.entries].slice(0, KEPT);
      remember(this.entries);
    }
    this.#show();
  }

  #show() {
    document.getElementById("gallery").hidden = !this.entries.length;
    document.getElementById("gallery-list").replaceChildren(...this.entries.map((entry) => this.#item(entry)));
  }

  #item(entry) {
    const { answer, name, picture } = entry;
    const button = Object.assign(document.createElement("button"), { type: "button" });
    const image = Object.assign(new Image(PICTURE_SIDE, PICTURE_SIDE), { alt: "" });
    if (picture) image.src = picture;
    const title = Object.assign(document.createElement("b"), { textContent: name });
    const { voxels, threshold } = answer.result;
    const how = `${voxels.resolution}³ at ${threshold.toFixed(2)}`;
    button.append(image, title, Object.assign(document.createElement("small"), { textContent: how }));
    if (answer.id === this.session.result?.answer.id) button.setAttribute("aria-current", "true");
    button.addEventListener("click", () => this.#open(entry));
    const item = document.createElement("li");
    item.append(button);
    return item;
  }

  async #open(entry) {
    try {
      entry.result ??= await restored(entry);
    } catch (error) {
      complain(error.status === 404 ? `The server no longer keeps ${entry.name}. Choose the photo again.` : error.message);
      say("That result could not be shown.");
      return;
    }
    this.session.show(entry.result);
  }
}

// A result as the session has it, from what a reload left: the photo is gone, the shapes are fetched again.
async function restored({ answer, name, options }) {
  const shapes = await loadShapes(answer.links);
  const object = { mode: "auto", points: [], region: null, mask: null, found: null };
  return { answer, shapes, options, name, photo: null, object };
}

function recall() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY)) ?? [];
  } catch {
    return [];
  }
}

function remember(entries) {
  const plain = entries.map(({ answer, name, options, picture }) => ({ answer, name, options, picture }));
  try {
    sessionStorage.setItem(KEY, JSON.stringify(plain));
  } catch {
    // Storage is full or blocked: the gallery lasts until the page is left.
  }
}
