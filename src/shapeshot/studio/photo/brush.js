// Paints a mask: by pointer, or with arrow keys and the space bar. The mask is a canvas whose alpha is the object.

import { makeCanvas } from "./mask.js";

const UNDO_STEPS = 8;
const KEY_STEP = 0.02;

export class Brush extends EventTarget {
  // overlay: the canvas over the photo. "stroke": the mask has changed; "change": and the stroke is over.
  constructor(overlay, ring) {
    super();
    Object.assign(this, { overlay, ring, isOn: false, isErasing: false, size: 0.06, mask: null, at: [0.5, 0.5] });
    this.history = [];
    overlay.addEventListener("pointerdown", (event) => this.#press(event));
    overlay.addEventListener("pointermove", (event) => this.#hover(event));
    overlay.addEventListener("pointerleave", () => this.#ring(document.activeElement === overlay));
    overlay.addEventListener("focus", () => this.#ring(true));
    overlay.addEventListener("blur", () => this.#ring(false));
    overlay.addEventListener("keydown", (event) => this.#key(event));
  }

  // mask: a canvas of the overlay's size to go on from, or null to begin with nothing.
  show(isOn, mask = null) {
    this.isOn = isOn;
    this.history = [];
    this.mask = isOn ? mask ?? makeCanvas(this.overlay.width, this.overlay.height) : null;
    this.#ring(false);
  }

  clear() {
    this.#remember();
    this.mask.getContext("2d").clearRect(0, 0, this.mask.width, this.mask.height);
    this.#done();
  }

  undo() {
    const before = this.history.pop();
    if (!before) return;
    this.mask.getContext("2d").putImageData(before, 0, 0);
    this.#done();
  }

  #press(event) {
    if (!this.isOn || event.button) return;
    event.preventDefault();
    this.overlay.focus({ preventScroll: true });
    this.overlay.setPointerCapture(event.pointerId);
    this.#remember();
    this.#line(this.#place(event), this.#place(event));
    this.isPainting = true;
    const done = () => {
      this.isPainting = false;
      this.#done();
    };
    this.overlay.addEventListener("lostpointercapture", done, { once: true });
  }

  #hover(event) {
    if (!this.isOn) return;
    const from = this.at;
    const to = this.#place(event);
    if (this.isPainting) this.#line(from, to);
    this.#ring(true);
  }

  #key(event) {
    if (!this.isOn) return;
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], " ": [0, 0] };
    if ((event.ctrlKey || event.metaKey) && event.key === "z") return this.undo();
    if (!steps[event.key]) return;
    event.preventDefault();
    const from = this.at;
    this.at = from.map((value, axis) => Math.min(Math.max(value + steps[event.key][axis] * KEY_STEP, 0), 1));
    this.#ring(true);
    if (event.key !== " " && !event.shiftKey) return;
    this.#remember();
    this.#line(from, this.at);
    this.#done();
  }

  #line(from, to) {
    const { width, height } = this.mask;
    const context = this.mask.getContext("2d", { willReadFrequently: true });
    context.globalCompositeOperation = this.isErasing ? "destination-out" : "source-over";
    context.strokeStyle = "#fff";
    context.lineCap = "round";
    context.lineWidth = this.size * Math.max(width, height);
    context.beginPath();
    context.moveTo(from[0] * width, from[1] * height);
    // A canvas draws no line of no length: a dab is one of next to none.
    const dab = from[0] === to[0] && from[1] === to[1] ? 0.01 : 0;
    context.lineTo(to[0] * width + dab, to[1] * height);
    context.stroke();
    this.dispatchEvent(new Event("stroke"));
  }

  #remember() {
    const { width, height } = this.mask;
    const context = this.mask.getContext("2d", { willReadFrequently: true });
    this.history.push(context.getImageData(0, 0, width, height));
    if (this.history.length > UNDO_STEPS) this.history.shift();
  }

  #done() {
    this.dispatchEvent(new Event("stroke"));
    this.dispatchEvent(new Event("change"));
  }

  #place({ clientX, clientY }) {
    const { left, top, width, height } = this.overlay.getBoundingClientRect();
    this.at = [(clientX - left) / width, (clientY - top) / height];
    return this.at;
  }

  #ring(isShown) {
    this.ring.hidden = !(this.isOn && isShown);
    const { clientWidth: width, clientHeight: height } = this.overlay;
    const { style } = this.ring;
    style.width = style.height = `${this.size * Math.max(width, height)}px`;
    [style.left, style.top] = [`${100 * this.at[0]}%`, `${100 * this.at[1]}%`];
  }
}
