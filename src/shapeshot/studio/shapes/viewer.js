// One view: a canvas that shows a shape and is turned by mouse, touch and keys. Draws only when something changed.

import { OrbitControls, PerspectiveCamera, Vector3, WebGLRenderer } from "../three/three.js";
import { fittingDistance, setLens } from "./lens.js";
import { makeStage } from "./stage.js";

const START = new Vector3(1.3, 0.85, 2.25).normalize(); // where the camera stands: in front, to the right, above
const DIAGONAL = 1.5; // of a shape in the scene
const KEY_TURN = Math.PI / 24;
const KEY_ZOOM = 1.15;
const TURN_SPEED = 1.2; // of a turn by itself: one in 50 seconds

export class Viewer extends EventTarget {
  // box: the element that it fills. The third argument is from smoothness.js. Throws where the browser has no WebGL.
  // "turn": by the user or by itself; "drawn": after every picture; "home": the first view is asked for.
  constructor(box, name, { antialias, pixelRatio }) {
    super();
    this.renderer = new WebGLRenderer({ antialias, alpha: true });
    this.renderer.setPixelRatio(pixelRatio);
    this.canvas = this.renderer.domElement;
    box.append(this.canvas);
    this.box = box;
    this.camera = new PerspectiveCamera(30, 1, 0.05, 50);
    this.square = null; // of the photo's camera, see lens.js
    this.origin = new Vector3(); // the shape's own, in the scene
    this.scale = 1; // of the shape in the scene
    Object.assign(this, makeStage());
    this.controls = new OrbitControls(this.camera, this.canvas);
    Object.assign(this.controls, { enablePan: false, minDistance: 0.8, maxDistance: 12, enableZoom: false });
    this.controls.autoRotateSpeed = TURN_SPEED;
    this.controls.addEventListener("change", () => this.#changed());
    this.controls.addEventListener("start", () => this.dispatchEvent(new Event("grab")));
    this.#listen(name);
    new ResizeObserver(() => this.#resize()).observe(box);
    this.#resize();
    this.reset();
  }

  // Shows a group in place of the last; it is scaled and moved so that `box` fills the view, whatever its unit.
  show(group, box) {
    this.clear();
    const size = box.getSize(new Vector3());
    this.scale = DIAGONAL / Math.max(size.length(), 1e-9);
    this.origin.copy(box.getCenter(new Vector3())).multiplyScalar(-this.scale);
    group.position.copy(this.origin);
    group.scale.setScalar(this.scale);
    this.holder.add(group);
    this.shadow.visible = true;
    this.floor = (-size.y * this.scale) / 2;
    this.shadow.position.y = this.floor - 0.002;
    this.shadow.scale.set(1.5 * size.x * this.scale, 1.5 * size.z * this.scale, 1);
    this.draw();
  }

  // Shows nothing.
  clear() {
    for (const group of [...this.holder.children]) {
      free(group);
      this.holder.remove(group);
    }
    this.shadow.visible = false;
    this.draw();
  }

  // With the next frame, once, however much changes before it: every picture costs a browser that draws by the CPU dearly.
  draw() {
    this.due ??= requestAnimationFrame(() => this.render());
  }

  // At once.
  render() {
    cancelAnimationFrame(this.due);
    this.due = undefined;
    const pixels = this.canvas.height / 2;
    this.holder.traverse(({ material }) => {
      if (material?.uniforms?.pixels) material.uniforms.pixels.value = pixels;
    });
    this.renderer.render(this.scene, this.camera);
    this.dispatchEvent(new Event("drawn"));
  }

  // Takes over another view's camera, without telling it on.
  follow(other) {
    this.square = other.square;
    this.camera.position.copy(other.camera.position);
    this.camera.quaternion.copy(other.camera.quaternion);
    this.controls.target.copy(other.controls.target);
    if (other.isFitted) this.#fit();
    this.#aim();
    this.draw();
  }

  // All of the shape, however it is turned.
  reset() {
    this.square = null;
    this.controls.target.set(0, 0, 0);
    this.camera.position.copy(START);
    this.#fit();
    this.#aim();
    this.controls.update();
    this.draw(); // a view that followed another has no "change" to tell
  }

  // As the photo's camera saw it: see photo_camera.js.
  lookFrom({ origin, square }) {
    this.square = square;
    this.controls.target.copy(this.origin);
    const place = new Vector3(...origin).multiplyScalar(this.scale);
    this.controls.maxDistance = Math.max(12, 2 * place.length());
    this.camera.position.copy(place.add(this.origin));
    this.photoDirection = this.#direction();
    this.#aim();
    this.controls.update();
    this.draw();
  }

  // Turns by itself until it is told to stop, or somebody takes hold of it.
  rotate(isOn) {
    this.controls.autoRotate = isOn;
    cancelAnimationFrame(this.frame);
    if (!isOn) return;
    let last = performance.now();
    const step = (now) => {
      this.controls.update((now - last) / 1000);
      last = now;
      this.frame = requestAnimationFrame(step);
    };
    this.frame = requestAnimationFrame(step);
  }

  // A small picture of what is shown, as a data URL.
  picture(side) {
    this.render(); // in the same task: the buffer is cleared after it
    const small = document.createElement("canvas");
    small.width = small.height = side;
    const { width, height } = this.canvas;
    const scale = Math.max(side / width, side / height);
    const [w, h] = [width * scale, height * scale];
    small.getContext("2d").drawImage(this.canvas, (side - w) / 2, (side - h) / 2, w, h);
    return small.toDataURL("image/webp", 0.85);
  }

  // The same of the whole shape, seen a little from above from so many radians to the left of its front; the view stays.
  pictureFrom(angle, side) {
    const { camera, square } = this;
    const [place, turn] = [camera.position.clone(), camera.quaternion.clone()];
    this.square = null;
    camera.position.set(Math.sin(angle), 0.35, Math.cos(angle)).setLength(fittingDistance(DIAGONAL / 2, this.aspect));
    camera.lookAt(0, 0, 0);
    this.#aim();
    const picture = this.picture(side);
    camera.position.copy(place);
    camera.quaternion.copy(turn);
    this.square = square;
    this.#aim();
    this.render();
    return picture;
  }

  // The same of another group, as `show` would show it; what is shown stays.
  pictureOf(group, box, angle, side) {
    const shown = [...this.holder.children, this.shadow].filter(({ visible }) => visible);
    for (const part of shown) part.visible = false;
    const scale = DIAGONAL / Math.max(box.getSize(new Vector3()).length(), 1e-9);
    group.position.copy(box.getCenter(new Vector3())).multiplyScalar(-scale);
    group.scale.setScalar(scale);
    this.holder.add(group);
    try {
      return this.pictureFrom(angle, side);
    } finally {
      this.holder.remove(group);
      free(group);
      for (const part of shown) part.visible = true;
      this.render();
    }
  }

  #changed() {
    if (this.square && this.#direction().angleTo(this.photoDirection) > 1e-3) this.#leavePhoto();
    this.draw();
    this.dispatchEvent(new Event("turn"));
  }

  // From what it looks at to the camera.
  #direction() {
    return this.camera.position.clone().sub(this.controls.target);
  }

  // From other sides the shape may reach beyond the photo's crop: all of it is shown, as after `reset`.
  #leavePhoto() {
    const direction = this.#direction();
    this.square = null;
    this.controls.target.set(0, 0, 0);
    this.camera.position.copy(direction);
    this.#fit();
    this.camera.lookAt(this.controls.target);
    this.#aim();
  }

  // Whether it stands as far away as `reset` puts it: turned, but not zoomed.
  get isFitted() {
    return !this.square && Math.abs(this.camera.position.length() - this.fitted) < 1e-3;
  }

  #listen(name) {
    const { canvas } = this;
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "application");
    canvas.setAttribute("aria-roledescription", "3D view");
    canvas.setAttribute("aria-label", `${name}. Arrow keys turn it, plus and minus zoom, Home resets.`);
    // A finger that moves up or down scrolls the page, as everywhere; one that moves sideways turns the shape.
    canvas.style.touchAction = "pan-y";
    // The wheel scrolls the page until the view was clicked or tabbed to.
    canvas.addEventListener("pointerdown", () => canvas.focus({ preventScroll: true }));
    canvas.addEventListener("focus", () => (this.controls.enableZoom = true));
    canvas.addEventListener("blur", () => (this.controls.enableZoom = false));
    canvas.addEventListener("keydown", (event) => this.#key(event));
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { controls } = this;
    const actions = {
      ArrowLeft: () => controls.rotateLeft(-KEY_TURN),
      ArrowRight: () => controls.rotateLeft(KEY_TURN),
      ArrowUp: () => controls.rotateUp(KEY_TURN),
      ArrowDown: () => controls.rotateUp(-KEY_TURN),
      "+": () => this.#zoom(1 / KEY_ZOOM),
      "=": () => this.#zoom(1 / KEY_ZOOM),
      "-": () => this.#zoom(KEY_ZOOM),
      Home: () => this.dispatchEvent(new Event("home")),
    };
    if (!actions[event.key]) return;
    event.preventDefault();
    this.dispatchEvent(new Event("grab"));
    actions[event.key]();
    controls.update();
  }

  #zoom(factor) {
    const { minDistance, maxDistance, target } = this.controls;
    const from = this.camera.position.clone().sub(target);
    from.setLength(Math.min(Math.max(from.length() * factor, minDistance), maxDistance));
    this.camera.position.copy(from.add(target));
  }

  #resize() {
    const { clientWidth: width, clientHeight: height } = this.box;
    if (!width || !height) return;
    this.renderer.setSize(width, height);
    if (this.isFitted) this.#fit();
    this.#aim();
    this.render(); // a new size leaves it empty, and this frame is about to be shown
  }

  get aspect() {
    const { clientWidth: width, clientHeight: height } = this.box;
    return width && height ? width / height : 1;
  }

  #fit() {
    this.fitted = fittingDistance(DIAGONAL / 2, this.aspect);
    this.camera.position.setLength(this.fitted);
  }

  #aim() {
    setLens(this.camera, this.aspect, this.square);
  }
}

// What a group holds of the browser's graphics.
function free(group) {
  group.traverse(({ geometry, material }) => {
    geometry?.dispose();
    material?.map?.dispose();
    material?.dispose();
  });
}
