// What the user is working on, and the road from photo to shapes. The panels listen to its events:
// "photo", "mode", "found", "busy", "result" (whose result may be null), "option"; "shown" comes from the views, once a
// result is on the screen, and "made" brings a result that is kept and not shown.

import { findObject } from "./api.js";
import { NOTHING_SAID, askForShapes, formOf, otherWay } from "./asking.js";
import { complain, say } from "./messages.js";
import { readPicture } from "./photo/picture.js";

const OF_ONE_OBJECT = ["size", "front", "depth"];

const CANNOT = 422; // the photo is one, and that cannot be done with it
const UNREADABLE = [413, 415]; // answers after which the photo before is the one that counts
const SAID = Object.keys(NOTHING_SAID).filter((name) => name !== "found");

export class Session extends EventTarget {
  photo = null; // {blob, name, picture: see photo/picture.js}
  mode = "auto"; // how the object is found: auto, point, region, paint, keep
  points = []; // {x, y} in pixels of the upright photo, each on the object
  region = null; // {left, top, right, bottom} in pixels of the upright photo
  mask = null; // Blob, a PNG whose alpha is the object
  way = null; // how the object is cut out, where it was not to be as at first: finder, plain
  options = {}; // values by name, of the options that have a control
  defaults = {};
  found = null; // the answer of POST /v1/objects
  result = null; // {answer, shapes, name, options, photo, object}: of the photo that is shown, or null
  limits = {};
  #declared = []; // the options, as GET /v1/options tells them
  #before = null; // what a photo that turns out unreadable gives way to
  #running = new AbortController();
  #looking = new AbortController();
  #timer = 0;
  #pending = {};

  // What the server takes. Until this is known, a reconstruction leaves the options to the server.
  declare(options, limits) {
    this.limits = limits;
    this.#declared = options.filter(({ control }) => control);
    this.defaults = Object.fromEntries(this.#declared.map((option) => [option.name, option.default]));
    this.options = { ...this.defaults, ...this.options };
  }

  // A new photo: what was said about the last one's object is forgotten, and nothing of its shapes stays beside it.
  async setPhoto(blob, name) {
    performance.clearMarks("studio:photo");
    performance.mark("studio:photo");
    const refusal = this.refusal(blob, name);
    complain(refusal);
    if (refusal) return;
    this.#before ??= this.#state();
    const photo = { blob, name, picture: null };
    Object.assign(this, { photo, ...NOTHING_SAID, options: this.#ofAnother(), result: null });
    this.#tell("option");
    this.#tell("result");
    this.run({ look: true });
    photo.picture = await readPicture(blob);
    if (photo === this.photo && photo.picture) this.#tell("photo");
  }

  // The settings for another object: its real size, its front and its depth are its own.
  #ofAnother() {
    const own = Object.keys(this.defaults).filter((name) => OF_ONE_OBJECT.includes(name));
    return { ...this.options, ...Object.fromEntries(own.map((name) => [name, this.defaults[name]])) };
  }

  // Why a file is not even sent, or null.
  refusal(blob, name) {
    const most = this.limits.max_upload ?? Infinity;
    if (blob.size <= most) return null;
    return `${name} has ${mebibytes(blob.size)}; this server takes ${mebibytes(most)}. Choose a smaller file.`;
  }

  // What would be taken for the object if it was cut out another way, as `found` is; null where that cannot be had.
  async seenOtherwise() {
    const way = otherWay(this.mode, this.result?.answer.result.object?.method);
    if (!way) return null;
    return findObject(formOf({ ...this, way }, this.#declared, ["find"])).catch(() => null);
  }

  // Another way to say where the object is; undefined leaves as it is.
  setObject({ mode = this.mode, points = this.points, region = this.region, mask = this.mask, way }, delay = 0) {
    const [isNewMode, former] = [mode !== this.mode, this.way];
    complain(null);
    Object.assign(this, { mode, points: mode === "auto" ? [] : points, region, mask });
    if (way !== undefined || isNewMode) this.way = way ?? null; // it was another way than the one of that mode
    if (isNewMode || this.way !== former) this.#tell("mode");
    if (mode === "point" && !points.length) return;
    if (mode === "region" && !region) return;
    if (mode === "paint" && !mask) return;
    this.#soon(delay, { look: true });
  }

  setOptions(changes) {
    complain(null);
    Object.assign(this.options, changes);
    this.#tell("option");
    if (this.photo) this.#soon(250, {});
  }

  // A result from before is shown again.
  show(result) {
    this.#take(result, result);
    if (this.photo && !this.found) this.#look(); // it was made beside others
    this.#tell("busy", false);
    say(`${result.name}: shown again.`);
  }

  // A photo from before is asked for anew, as it was: {photo, object, options}.
  resume(before) {
    this.#take(before, null);
    this.run({ look: true });
  }

  #take({ photo, object, options }, result) {
    this.#cancel();
    this.#looking.abort();
    Object.assign(this, { photo, ...NOTHING_SAID, ...object, options: { ...this.defaults, ...options }, result });
    this.#before = null;
    for (const event of ["option", "photo", "mode", "found", "result"]) this.#tell(event);
    complain(null);
  }

  // A result of another photo, with the settings as they are and nothing said of its object; the page is left alone.
  async makeBeside(blob, name, signal, wait) {
    const photo = { blob, name, picture: await readPicture(blob) };
    const options = this.#ofAnother();
    const made = await askForShapes({ photo, ...NOTHING_SAID, options }, this.#declared, signal, wait);
    const result = { ...made, options, name, photo, object: { ...NOTHING_SAID } };
    this.#tell("made", result);
    return result;
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
      const { answer, shapes } = await askForShapes(this, this.#declared, signal, complain);
      this.result = { answer, shapes, options, name: this.photo.name, photo: this.photo, object: this.#object() };
      this.#before = null;
      complain(null);
      this.#tell("result");
      say(`Done in ${answer.result.timings.total.toFixed(2)} s.`);
    } catch (error) {
      if (!signal.aborted) this.#failed(error);
    } finally {
      if (!signal.aborted) this.#tell("busy", false);
    }
  }

  // The photo before comes back whole where this one is none; else the photo stays, without shapes of another.
  #failed(error) {
    const { name, picture } = this.photo;
    const before = UNREADABLE.includes(error.status) ? this.#before : null;
    if (before) {
      Object.assign(this, before);
      this.#before = null;
      for (const event of ["photo", "mode", "found", "result"]) this.#tell(event);
    } else if (!picture) {
      this.#tell("photo");
    }
    if (!before && this.#tookWayBack(error)) {
      complain(`It cannot be cut out that way. ${error.message}`);
      say("The outline is the one from before, and so are the shapes.");
      return;
    }
    const kept = before?.photo ? ` ${before.photo.name} is still the photo.` : "";
    complain(before ? `${name}: ${error.message}${kept}` : error.message);
    say(this.result && !before ? "That did not work; the shapes are those from before." : "That did not work.");
  }

  // Another way to cut out the photo that is shown did not work: what was said before holds again.
  #tookWayBack({ status }) {
    const { result, photo } = this;
    const isOther = this.way && result?.photo === photo && result.object.way !== this.way;
    if (!isOther || status !== CANNOT) return false;
    Object.assign(this, result.object);
    for (const event of ["mode", "found"]) this.#tell(event);
    return true;
  }

  async #look() {
    this.#looking.abort();
    this.#looking = new AbortController();
    const { signal } = this.#looking;
    const { photo } = this;
    const said = this.#object();
    try {
      const found = await findObject(formOf(this, this.#declared, ["find"]), signal);
      if (photo !== this.photo) return; // it gave way meanwhile
      this.found = found;
      if (this.result?.photo === photo && isSame(said, this.result.object)) this.result.object.found = found;
      if (!photo.picture) this.#tell("photo"); // the server reads formats that a browser may not
      this.#tell("found");
    } catch {
      // The reconstruction that runs beside it fails in the same way, and says so.
    }
  }

  #object() {
    return Object.fromEntries(Object.keys(NOTHING_SAID).map((name) => [name, this[name]]));
  }

  #state() {
    return { photo: this.photo, result: this.result, ...this.#object() };
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

  #cancel() {
    clearTimeout(this.#timer);
    this.#running.abort();
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

// Whether the same was said of the object: the shapes of a result may be those of what was said before.
const isSame = (said, other) => SAID.every((name) => (said[name] ?? null) === (other[name] ?? null));

function mebibytes(bytes) {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
