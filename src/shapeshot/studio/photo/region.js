// The region rectangle: drawn, moved and resized by pointer or by arrow keys. Its edges are fractions of the photo.

const SMALLEST = 0.05;
const KEY_STEP = 0.02;

export class Region extends EventTarget {
  // stage: the element over which it lies. "change" is sent when a drag or a key press is done.
  constructor(stage, element) {
    super();
    Object.assign(this, { stage, element, edges: [0.1, 0.1, 0.9, 0.9] });
    stage.addEventListener("pointerdown", (event) => this.#grab(event));
    element.addEventListener("keydown", (event) => this.#key(event));
  }

  get isOn() {
    return !this.element.hidden;
  }

  // edges: [left, top, right, bottom]; what lies outside the photo is cut off.
  show(isOn, edges = this.edges) {
    this.element.hidden = !isOn;
    this.#place(edges);
  }

  #place(edges) {
    this.edges = edges.map((edge) => Math.min(Math.max(edge, 0), 1));
    const [left, top, right, bottom] = this.edges.map((edge) => 100 * edge);
    const { style } = this.element;
    [style.left, style.top] = [`${left}%`, `${top}%`];
    [style.width, style.height] = [`${right - left}%`, `${bottom - top}%`];
    this.element.setAttribute("aria-label",
      `Region from ${left.toFixed(0)} % to ${right.toFixed(0)} % across, ${top.toFixed(0)} % to ` +
      `${bottom.toFixed(0)} % down. Arrow keys move it, with Shift they resize it.`);
  }

  #grab(event) {
    if (!this.isOn || event.button) return;
    event.preventDefault();
    this.element.focus({ preventScroll: true });
    const start = this.#at(event);
    const change = this.#changer(event.target, start);
    const move = (moved) => this.#place(change(this.#at(moved)));
    const done = () => {
      this.stage.removeEventListener("pointermove", move);
      this.dispatchEvent(new Event("change"));
    };
    this.stage.setPointerCapture(event.pointerId);
    this.stage.addEventListener("pointermove", move);
    for (const end of ["pointerup", "pointercancel"]) this.stage.addEventListener(end, done, { once: true });
  }

  // From where the pointer is to the new edges: a corner resizes, the inside moves, anywhere else draws anew.
  #changer(target, start) {
    const [left, top, right, bottom] = this.edges;
    const { corner } = target.dataset;
    if (corner) {
      const fixed = [corner.includes("w") ? right : left, corner.includes("n") ? bottom : top];
      return (at) => between(fixed, at);
    }
    if (target === this.element) return (at) => this.#moved([left, top, right, bottom], at[0] - start[0], at[1] - start[1]);
    return (at) => between(start, at);
  }

  #moved([left, top, right, bottom], dx, dy) {
    const x = Math.min(Math.max(dx, -left), 1 - right);
    const y = Math.min(Math.max(dy, -top), 1 - bottom);
    return [left + x, top + y, right + x, bottom + y];
  }

  #key(event) {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (!steps[event.key]) return;
    event.preventDefault();
    const [dx, dy] = steps[event.key].map((step) => step * KEY_STEP);
    const [left, top, right, bottom] = this.edges;
    this.#place(event.shiftKey
      ? between([left, top], [Math.max(right + dx, left), Math.max(bottom + dy, top)])
      : this.#moved(this.edges, dx, dy));
    this.dispatchEvent(new Event("change"));
  }

  #at({ clientX, clientY }) {
    const { left, top, width, height } = this.stage.getBoundingClientRect();
    return [(clientX - left) / width, (clientY - top) / height].map((edge) => Math.min(Math.max(edge, 0), 1));
  }
}

// The edges of the box between two corners, at least SMALLEST wide and high, inside the photo.
function between([x0, y0], [x1, y1]) {
  const [left, right] = atLeast(x0, x1);
  const [top, bottom] = atLeast(y0, y1);
  return [left, top, right, bottom];
}

function atLeast(a, b) {
  const [low, high] = [Math.min(a, b), Math.max(a, b)];
  if (high - low >= SMALLEST) return [low, high];
  const start = Math.min(low, 1 - SMALLEST);
  return [start, start + SMALLEST];
}
