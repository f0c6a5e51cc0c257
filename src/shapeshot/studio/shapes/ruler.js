// How large the shape is, in the large view: its three extents with their names, and a grid on the floor.

import { BufferAttribute, BufferGeometry, Color, Group, LineBasicMaterial, LineSegments, Vector3 } from "../three/three.js";

const STEPS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5]; // metres from line to line
const MOST_LINES = 12;
const NAMES = ["width", "height", "depth"];

export class Ruler {
  constructor() {
    this.labels = document.createElement("div");
    this.labels.className = "ruler";
    this.labels.setAttribute("aria-hidden", "true"); // the result's panel says the same
    this.labels.append(...NAMES.map(() => document.createElement("span")));
  }

  // Puts it into a view; box: Box3 of the shape, in its own unit. metresPerUnit: null where no size is known.
  // Returns the length of the grid's cells in metres, or null without a grid.
  attach(viewer, box, metresPerUnit) {
    this.detach();
    Object.assign(this, { viewer, group: new Group() });
    const [low, high] = [box.min, box.max].map((corner) => corner.clone());
    const size = high.clone().sub(low);
    // From one corner at the front: along the floor to the right, upwards, and back.
    const corner = new Vector3(low.x, low.y, high.z);
    const ends = [new Vector3(high.x, low.y, high.z), new Vector3(low.x, high.y, high.z), new Vector3(high.x, low.y, low.z)];
    const starts = [corner, corner, ends[0]];
    this.middles = ends.map((end, axis) => end.clone().add(starts[axis]).multiplyScalar(0.5));
    this.group.add(lines(ends.flatMap((end, axis) => [starts[axis], end])));
    const step = metresPerUnit ? stepFor(Math.max(size.x, size.z) * metresPerUnit) : null;
    if (step) this.group.add(lines(grid(low, high, step / metresPerUnit), 0.35));
    [...this.labels.children].forEach((label, axis) => {
      const length = size.getComponent(axis);
      const text = metresPerUnit ? centimetres(length * metresPerUnit) : (length / Math.max(...size.toArray())).toFixed(2);
      label.textContent = `${NAMES[axis]} ${text}`;
    });
    viewer.holder.add(this.group);
    this.group.position.copy(viewer.origin);
    this.group.scale.setScalar(viewer.scale);
    viewer.box.append(this.labels);
    this.follow = () => this.#place();
    viewer.addEventListener("drawn", this.follow);
    viewer.draw();
    return step;
  }

  detach() {
    if (!this.viewer) return;
    this.viewer.removeEventListener("drawn", this.follow);
    this.viewer.holder.remove(this.group);
    for (const { geometry, material } of this.group.children) {
      geometry.dispose();
      material.dispose();
    }
    this.labels.remove();
    this.viewer.draw();
    this.viewer = null;
  }

  // Each name at the middle of its line, as far as that is in the picture.
  #place() {
    const { camera, scale, origin, box } = this.viewer;
    this.middles.forEach((middle, axis) => {
      const at = middle.clone().multiplyScalar(scale).add(origin).project(camera);
      const [x, y] = [((at.x + 1) / 2) * box.clientWidth, ((1 - at.y) / 2) * box.clientHeight];
      this.labels.children[axis].style.transform = `translate(-50%, -50%) translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`;
    });
  }
}

function lines(points, opacity = 1) {
  const style = getComputedStyle(document.documentElement);
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(new Float32Array(points.flatMap((point) => point.toArray())), 3));
  const color = new Color(style.getPropertyValue("--wire").trim());
  return new LineSegments(geometry, new LineBasicMaterial({ color, transparent: opacity < 1, opacity }));
}

// The ends of a square grid's lines on the floor, a cell wider than the shape on every side.
function grid(low, high, step) {
  const ends = [];
  const [x0, x1] = reach(low.x, high.x, step);
  const [z0, z1] = reach(low.z, high.z, step);
  for (let x = x0; x <= x1 + step / 2; x += step) ends.push(new Vector3(x, low.y, z0), new Vector3(x, low.y, z1));
  for (let z = z0; z <= z1 + step / 2; z += step) ends.push(new Vector3(x0, low.y, z), new Vector3(x1, low.y, z));
  return ends;
}

function reach(low, high, step) {
  const cells = Math.ceil((high - low) / step) + 2;
  const middle = (low + high) / 2;
  return [middle - (cells * step) / 2, middle + (cells * step) / 2];
}

const stepFor = (metres) => STEPS.find((step) => metres / step <= MOST_LINES) ?? STEPS.at(-1);
const centimetres = (metres) => `${(100 * metres).toFixed(metres < 0.1 ? 1 : 0)} cm`;
