// What the user is working on, and the road from photo to shapes. The panels listen to its events:
// "photo", "mode", "found", "busy", "result", "option"; "shown" comes from the views, once a result is on the screen.

import { findObject, reconstruct } from "./api.js";
import { loadShapes } from "./shapes/load.js";
import { complain, say } from "./messages.js";
import { patiently } from "./patience.js";
import { readPicture } from "./photo/picture.js";

const UNREADABLE = [413, 415]; // answers after which the photo before is the one that counts

export class Session extends EventTarget {
  photo = null; // {blob, name, picture: see photo/picture.js}
  mode = "auto"; // how the object is found: auto, point, region, paint, keep
  points = []; // {x, y} in pixels of the upright photo, each on the object
  region = null; // {left, top, right, bottom} in pixels of the upright photo
  mask = null; // Blob, a PNG whose alpha is the object
  options = {}; // values by name, of the options that have a control
  defaults = {};
  found = null; // the answer of POST /v1/objects
  result = null; // {answer, shapes, name, options}
  limits = {};
  #declared = []; // the options, as GET /v1/options tells them
  #before = {}; // what a photo that turns out unreadable gives way to
  #running = new AbortController();
  #looking = new AbortController();
  #timer = 0;

  // What the server takes. Until this is known, a reconstruction leaves the options to the server.
  declare(options, limits) {
    this.limits = limits;
    this.#declared = options.filter(({ control }) => control);
    this.defaults = Object.fromEntries(this.#declared.map((option) => [option.name, option.default]));
    this.options = { ...this.defaults, ...this.options };
  }

  // A new photo: what was said about the last one's object is forgotten.
  async setPhoto(blob, name) {
    performance.clearMarks("studio:photo");
    performance.mark("studio:photo");
    if (blob.size > (this.limits.max_upload ?? Infinity)) {
      complain(`${name} has ${mebibytes(blob.size)}; this server takes ${mebibytes(this.limits.max_upload)}. ` +
        "Choose a smaller file.");
      return;
    }
    complain(null);
    const { photo: last, mode, points, region, mask, found } = this;
    this.#before = { photo: last, mode, points, region, mask, found };
    const photo = { blob, name, picture: null };
    Object.assign(this, { photo, mode: "auto", points: [], region: null, mask: null, found: null });
    this.run({ look: true });
    photo.picture = await readPicture(blob);
    if (photo === this.photo && photo.picture) this.#tell("photo");
  }

  // Another way to say where the object is; undefined leaves as it is.
  setObject({ mode = this.mode, points = this.points, region = this.region, mask = this.mask }, delay = 0) {
    const isNewMode = mode !== this.mode;
    Object.assign(this, { mode, points: mode === "auto" ? [] : points, region, mask });
    if (isNewMode) this.#tell("mode");
    if (mode === "point" && !points.length) return;
    if (mode === "region" && !region) return;
    if (mode === "paint" && !mask) return;
    this.#soon(delay, { look: true });
  }

  setOptions(changes) {
    Object.assign(this.options, changes);
    this.#tell("option");
    if (this.photo) this.#soon(250, {});
  }

  // A result from before is shown again.
  show(result) {
    this.#cancel();
    Object.assign(this, { photo: result.photo, ...result.object, options: { ...this.defaults, ...result.options }, result });
    for (const event of ["option", "photo", "mode", "found", "result"]) this.#tell(event);
    this.#tell("busy", false);
    complain(null);
    say(`${result.name}: shown again.`);
  }

  // Ask the server, in place of whatever was asked before. look: also what it takes for the object.
  async run({ look = false } = {}) {
    if (!this.photo) return;
    this.#cancel();
    this.#running = new AbortController();
    const { signal } = this.#running;
    this.#tell("busy", true);
    say("Reconstructing…");
    if (look) this.#look();
    try {
      const options = { ...this.options };
      const form = this.#form(["find", "shape", "finish"]);
      const answer = await patiently(() => reconstruct(form, signal), signal, complain);
      const shapes = await loadShapes(answer.links, signal);
      const object = { mode: this.mode, points: this.points, region: this.region, mask: this.mask, found: this.found };
      this.result = { answer, shapes, options, name: this.photo.name, photo: this.photo, object };
      complain(null);
      this.#tell("result");
      say(`Done in ${answer.result.timings.total.toFixed(2)} s.`);
    } catch (error) {
      if (signal.aborted) return;
      if (UNREADABLE.includes(error.status)) Object.assign(this, this.#before);
      complain(error.message);
      say("That did not work.");
    } finally {
      if (!signal.aborted) this.#tell("busy", false);
    }
  }

  async #look() {
    this.#looking.abort();
    this.#looking = new AbortController();
    const { signal } = this.#looking;
    try {
      this.found = await findObject(this.#form(["find"]), signal);
      if (this.result?.photo === this.photo) this.result.object.found = this.found;
      if (!this.photo.picture) this.#tell("photo"); // the server reads formats that a browser may not
      this.#tell("found");
    } catch {
      // The reconstruction that runs beside it fails in the same way, and says so.
    }
  }

  #soon(delay, how) {
    clearTimeout(this.#timer);
    this.#pending = { look: how.look || this.#pending.look };
    this.#timer = setTimeout(() => {
      const due = this.#pending;
      this.#pending = {};
      this.run(due);
    }, delay);
  }
  #pending = {};

  #cancel() {
    clearTimeout(this.#timer);
    this.#running.abort();
  }

  // The multipart form with the options that act at these stages: the object's route takes those of the first alone.
  #form(stages) {
    const form = new FormData();
    form.set("image", this.photo.blob, "photo");
    if (this.mode === "keep") form.set("background", "keep");
    if (this.mode === "point" && this.points.length) {
      form.set("point", this.points.map(({ x, y }) => `${Math.floor(x)},${Math.floor(y)}`).join(" "));
    }
    if (this.mode === "region" && this.region) {
      const { left, top, right, bottom } = this.region;
      form.set("region", [left, top, right, bottom].map(Math.round).join(","));
    }
    if (this.mode === "paint" && this.mask) form.set("mask", this.mask, "mask.png");
    for (const { name, stage } of this.#declared) {
      const value = this.options[name] ?? null;
      if (stages.includes(stage) && value !== null) form.set(name, value);
    }
    return form;
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

function mebibytes(bytes) {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
