// Says where the object is: by a click on the photo, or by a cross that arrow keys move.

const KEY_STEP = 0.02;

export class Pointer extends EventTarget {
  // stage: what is clicked; overlay: what has the focus; cross: shows where the keys are.
  // "point": detail {x, y}, fractions of the photo; "undo": the last one is taken back.
  constructor(stage, overlay, cross) {
    super();
    Object.assign(this, { overlay, cross, isOn: false, at: [0.5, 0.5] });
    stage.addEventListener("click", (event) => this.#click(event));
    overlay.addEventListener("keydown", (event) => this.#key(event));
    overlay.addEventListener("focus", () => this.#show(overlay.matches(":focus-visible")));
    overlay.addEventListener("blur", () => this.#show(false));
  }

  set(isOn) {
    this.isOn = isOn;
    this.#show(isOn && document.activeElement === this.overlay && this.overlay.matches(":focus-visible"));
  }

  #click(event) {
    if (!this.isOn) return;
    const { left, top, width, height } = this.overlay.getBoundingClientRect();
    const [x, y] = [(event.clientX - left) / width, (event.clientY - top) / height];
    if (x >= 0 && x < 1 && y >= 0 && y < 1) this.#tell(x, y);
  }

  #key(event) {
    if (!this.isOn) return;
    if ((event.ctrlKey || event.metaKey) && event.key === "z") {
      event.preventDefault();
      this.dispatchEvent(new Event("undo"));
      return;
    }
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const isSet = event.key === "Enter" || event.key === " ";
    if (!steps[event.key] && !isSet) return;
    event.preventDefault();
    const step = steps[event.key] ?? [0, 0];
    this.at = this.at.map((value, axis) => Math.min(Math.max(value + step[axis] * KEY_STEP, 0), 0.999));
    this.#show(true);
    if (isSet) this.#tell(...this.at);
  }

  #tell(x, y) {
    this.dispatchEvent(new CustomEvent("point", { detail: { x, y } }));
  }

  #show(isShown) {
    this.cross.hidden = !(this.isOn && isShown);
    [this.cross.style.left, this.cross.style.top] = this.at.map((value) => `${100 * value}%`);
  }
}
