// The session's last results, with their photos. A reload of the page keeps them (kept.js); their shapes are fetched again,
// or asked for anew where the server has forgotten them.

import { forget, lastShown, recall, remember, rememberShown } from "./kept.js";
import { complain, say } from "./messages.js";
import { readPicture } from "./photo/picture.js";
import { loadShapes } from "./shapes/load.js";

const KEPT = 12;
const PICTURE_SIDE = 160;

export class Gallery {
  constructor(session, shapesPanel) {
    Object.assign(this, { session, shapesPanel, entries: [] });
    // Not before the shapes are on the screen: a picture of them takes time.
    session.addEventListener("shown", ({ detail }) => this.#add(detail));
    session.addEventListener("made", ({ detail }) => this.#add(detail));
    session.addEventListener("found", () => this.#found());
    document.getElementById("forget").addEventListener("click", () => this.#forget(this.entries));
  }

  // What a reload left, and on the page again what was on it.
  async restore() {
    const kept = await recall();
    const restored = kept.filter(({ answer }) => !this.entries.some((entry) => entry.answer.id === answer.id));
    this.entries = [...this.entries, ...restored.map((entry) => ({ ...entry, photo: entry.photo && { blob: entry.photo } }))];
    this.#show();
    const shown = this.entries.find(({ answer }) => answer.id === lastShown());
    if (shown && !this.session.photo) await this.#open(shown);
  }

  #add(result) {
    const { answer, name, options, photo, object } = result;
    const isShown = result === this.session.result;
    if (isShown) rememberShown(answer.id);
    const known = this.entries.find((entry) => entry.answer.id === answer.id);
    const entry = known ?? { answer, name, options, photo, time: Date.now() };
    Object.assign(entry, { result, object });
    if (isShown) entry.picture = this.shapesPanel.picture(PICTURE_SIDE);
    entry.picture ??= photo && pictureOf(photo);
    if (!known) this.#keep([entry, ...this.entries]);
    remember(entry);
    this.#show();
  }

  // What was taken for the object may come after the shapes.
  #found() {
    const entry = this.entries.find(({ answer }) => answer.id === this.session.result?.answer.id);
    if (entry?.result) remember(Object.assign(entry, { object: entry.result.object }));
  }

  #keep(entries) {
    this.entries = entries.slice(0, KEPT);
    if (entries.length > KEPT) forget(entries.slice(KEPT));
  }

  // It says so once it is done: a page that is left before keeps what it had.
  async #forget(entries) {
    rememberShown("");
    await forget(entries);
    this.entries = [];
    this.#show();
    say("Forgotten: photos and results of this session.");
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
      await this.#again(entry, error);
      return;
    }
    this.session.show(entry.result);
  }

  // The server has forgotten the shapes: they are made anew, as long as the photo is there.
  async #again(entry, error) {
    if (error.status !== 404 || !entry.photo) {
      complain(error.status === 404 ? `The server no longer keeps ${entry.name}. Choose the photo again.` : error.message);
      say("That result could not be shown.");
      return;
    }
    this.#keep(this.entries.filter((other) => other !== entry));
    forget([entry]);
    this.#show();
    this.session.resume({ photo: await photoOf(entry), object: entry.object, options: entry.options });
  }
}

// A result as the session has it, from what a reload left: the shapes are fetched again.
async function restored(entry) {
  const { answer, name, options, object } = entry;
  return { answer, shapes: await loadShapes(answer.links), options, name, photo: await photoOf(entry), object };
}

async function photoOf({ photo, name }) {
  if (!photo) return null;
  return photo.picture ? photo : { blob: photo.blob, name, picture: await readPicture(photo.blob) };
}

// A small picture of a photo, as a data URL, or null for one that this browser cannot show.
function pictureOf({ picture }) {
  if (!picture) return null;
  const small = document.createElement("canvas");
  small.width = small.height = PICTURE_SIDE;
  const { width, height } = picture.canvas;
  const scale = PICTURE_SIDE / Math.max(width, height);
  const [w, h] = [width * scale, height * scale];
  small.getContext("2d").drawImage(picture.canvas, (PICTURE_SIDE - w) / 2, (PICTURE_SIDE - h) / 2, w, h);
  return small.toDataURL("image/webp", 0.85);
}
