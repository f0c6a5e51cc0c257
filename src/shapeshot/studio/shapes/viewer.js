// One view: a canvas that shows a shape and is turned by mouse, touch and keys. Draws only when something changed.

import { OrbitControls, PerspectiveCamera, Vector3, WebGLRenderer } from "../three/three.js";
import { makeStage } from "./stage.js";

const START = new Vector3(1.3, 0.85, 2.25); // where the camera stands at first: in front, to the right, above
const DIAGONAL = 1.5; // of a shape in the scene: it fits whichever way it is turned
const KEY_TURN = Math.PI / 24;
const KEY_ZOOM = 1.15;

export class Viewer extends EventTarget {
  // box: the element that it fills. The third argument is from smoothness.js. Throws where the browser has no WebGL.
  constructor(box, name, { antialias, pixelRatio }) {
    super();
    this.renderer = new WebGLRenderer({ antialias, alpha: true });
    this.renderer.setPixelRatio(pixelRatio);
    this.canvas = this.renderer.domElement;
    box.append(this.canvas);
    this.camera = new PerspectiveCamera(30, 1, 0.05, 50);
    this.camera.position.copy(START);
    Object.assign(this, makeStage());
    this.controls = new OrbitControls(this.camera, this.canvas);
    Object.assign(this.controls, { enablePan: false, minDistance: 0.8, maxDistance: 8, enableZoom: false });
    this.controls.addEventListener("change", () => this.#changed());
    this.#listen(name);
    new ResizeObserver(() => this.#resize(box)).observe(box);
    this.#resize(box);
  }

  // Shows a group in place of the last; it is scaled and moved so that `box` fills the view, whatever its unit.
  show(group, box) {
    this.#dispose();
    this.canvas.parentElement.querySelector("p")?.remove(); // what the empty view said
    const size = box.getSize(new Vector3());
    const scale = DIAGONAL / Math.max(size.length(), 1e-9);
    group.position.copy(box.getCenter(new Vector3())).multiplyScalar(-scale);
    group.scale.setScalar(scale);
    this.holder.add(group);
    this.shadow.visible = true;
    this.shadow.position.y = (-size.y * scale) / 2 - 0.002;
    this.shadow.scale.set(1.5 * size.x * scale, 1.5 * size.z * scale, 1);
    this.draw();
  }

  draw() {
    const pixels = this.canvas.height / 2;
    this.holder.traverse(({ material }) => {
      if (material?.uniforms?.pixels) material.uniforms.pixels.value = pixels;
    });
    this.renderer.render(this.scene, this.camera);
  }

  // Takes over another view's camera, without telling it on.
  follow(other) {
    this.camera.position.copy(other.camera.position);
    this.camera.quaternion.copy(other.camera.quaternion);
    this.controls.target.copy(other.controls.target);
    this.draw();
  }

  reset() {
    this.camera.position.copy(START);
    this.controls.update();
    this.draw(); // a view that followed another has no "change" to tell
  }

  // A small picture of what is shown, as a data URL.
  picture(side) {
    this.draw(); // in the same task: the buffer is cleared after it
    const small = document.createElement("canvas");
    small.width = small.height = side;
    const { width, height } = this.canvas;
    const scale = Math.max(side / width, side / height);
    const [w, h] = [width * scale, height * scale];
    small.getContext("2d").drawImage(this.canvas, (side - w) / 2, (side - h) / 2, w, h);
    return small.toDataURL("image/webp", 0.85);
  }

  #changed() {
    this.draw();
    this.dispatchEvent(new Event("turn"));
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
      Home: () => this.reset(),
    };
    if (!actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
    controls.update();
  }

  #zoom(factor) {
    const distance = this.camera.position.length();
    const { minDistance, maxDistance } = this.controls;
    this.camera.position.setLength(Math.min(Math.max(distance * factor, minDistance), maxDistance));
  }

  #resize(box) {
    const { clientWidth: width, clientHeight: height } = box;
    if (!width || !height) return;
    this.renderer.setSize(width, height);
    this.camera.aspect = width / height;
    this.camera.updateProjectionMatrix();
    this.draw();
  }

  #dispose() {
    for (const group of [...this.holder.children]) {
      group.traverse(({ geometry, material }) => {
        geometry?.dispose();
        material?.dispose();
      });
      this.holder.remove(group);
    }
  }
}
