// The photo larger, in a window that scrolls: whoever paints or clicks on something small sees what they hit.

const STEPS = [1, 1.5, 2, 3, 4, 6];

export class Zoom {
  // frame: the window. stage: what is in it. Two buttons and a readout.
  constructor(frame, stage, picture, { nearer, farther, readout }) {
    Object.assign(this, { frame, stage, picture, nearer, farther, readout, step: 0 });
    nearer.addEventListener("click", () => this.#to(this.step + 1));
    farther.addEventListener("click", () => this.#to(this.step - 1));
    frame.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault(); // else the browser zooms the page
      this.#to(this.step + (event.deltaY < 0 ? 1 : -1), event);
    }, { passive: false });
    this.reset();
  }

  reset() {
    this.#to(0);
  }

  // at: {clientX, clientY} that stays where it is; the middle of the window without it.
  #to(step, at) {
    const { frame, stage, picture } = this;
    const box = frame.getBoundingClientRect();
    const before = stage.getBoundingClientRect();
    const [x, y] = [at?.clientX ?? box.left + box.width / 2, at?.clientY ?? box.top + box.height / 2];
    const share = [(x - before.left) / (before.width || 1), (y - before.top) / (before.height || 1)];
    this.step = Math.min(Math.max(step, 0), STEPS.length - 1);
    this.#size(picture, STEPS[this.step]);
    const after = stage.getBoundingClientRect();
    frame.scrollLeft += after.left + share[0] * after.width - x;
    frame.scrollTop += after.top + share[1] * after.height - y;
    frame.tabIndex = this.step ? 0 : -1; // it scrolls by keys then
    this.farther.disabled = this.step === 0;
    this.nearer.disabled = this.step === STEPS.length - 1;
    this.readout.textContent = `${100 * STEPS[this.step]} %`;
  }

  // At 1 the style sheet says how large the photo is; the window keeps that size when the photo outgrows it.
  #size(picture, factor) {
    if (factor === 1) this.whole = null;
    else this.whole ??= picture.getBoundingClientRect();
    const { whole } = this;
    const pixels = (length) => (whole ? `${length}px` : "");
    Object.assign(this.frame.style, { width: pixels(whole?.width), height: pixels(whole?.height) });
    Object.assign(picture.style, {
      width: pixels(whole?.width * factor), height: pixels(whole?.height * factor),
      maxWidth: whole ? "none" : "", maxHeight: whole ? "none" : "",
    });
  }
}
