// The three views, one of them large: their shading, their cameras, and what lies over the large one.

import { Box3 } from "../three/three.js";
import { Compare } from "./compare.js";
import { LargeView } from "./large.js";
import { hasConfidence } from "./load.js";
import { BUILDERS } from "./objects.js";
import { mirroredMesh } from "./mirrored.js";
import { photoCamera } from "./photo_camera.js";
import { Ruler } from "./ruler.js";
import { smoothness } from "./smoothness.js";
import { Viewer } from "./viewer.js";

const NAMES = { mesh: "Mesh", voxels: "Voxels", points: "Points" };
const BESIDE_PHOTO_DEG = 40; // the photo's own side would look the same
const NO_CAMERA = "This model does not say where the photo's camera stood: the photo is shown beside the shape.";
const element = (id) => document.getElementById(id);

export class ShapesPanel {
  constructor(session) {
    this.session = session;
    this.shading = "shaded";
    this.viewers = makeViewers();
    this.large = new LargeView(this.viewers);
    this.compare = new Compare(this.large);
    this.ruler = new Ruler();
    this.isMeasuring = false;
    this.#listen();
    if (session.result) this.#show(); // it was quicker than three.js
  }

  #listen() {
    const { session, large, compare } = this;
    for (const viewer of Object.values(this.viewers)) {
      viewer.addEventListener("turn", () => this.#turned(viewer));
      viewer.addEventListener("home", () => this.#reset());
    }
    element("shading").addEventListener("change", ({ target }) => this.#shade(target.value));
    element("reset-view").addEventListener("click", () => this.#reset());
    element("corner-view").addEventListener("click", () => this.#lookFromCorner());
    element("from-photo").addEventListener("click", () => this.#lookFromPhoto());
    element("measuring").addEventListener("click", () => this.#measure(!this.isMeasuring));
    large.addEventListener("change", () => this.#measure(this.isMeasuring));
    compare.addEventListener("change", () => this.#compared());
    addEventListener("themechange", () => this.#build());
    session.addEventListener("result", () => this.#show());
  }

  // A small picture of the mesh, as a data URL, or null without WebGL.
  picture(side) {
    return this.viewers.mesh?.picture(side) ?? null;
  }

  // A small picture of the side that would be in front after so many quarters to the left, likewise.
  front(quarters, side) {
    return this.viewers.mesh?.pictureFrom((quarters * Math.PI) / 2, side) ?? null;
  }

  // A small picture of the mesh with its depth the other way round, likewise; null where the photo's camera is not known.
  mirrored(side) {
    const { shapes, answer } = this.session.result;
    const { camera } = answer.result;
    if (!this.viewers.mesh || !this.photoCamera) return null;
    const group = BUILDERS.mesh({ mesh: mirroredMesh(shapes.mesh, camera), points: {} }, "shaded");
    const angle = ((camera.azimuth_deg + BESIDE_PHOTO_DEG) * Math.PI) / 180;
    return this.viewers.mesh.pictureOf(group, new Box3().setFromObject(group), angle, side);
  }

  #show() {
    const { result } = this.session;
    if (!result) {
      this.#clear();
      return;
    }
    const { shapes, answer } = result;
    const choice = document.querySelector("#shading [value=confidence]");
    choice.disabled = !hasConfidence(shapes);
    const unknown = answer.result.depth === "mirrored"
      ? "How sure a shape is whose depth is mirrored, nobody knows."
      : "This model does not say how sure it is.";
    choice.parentElement.title = choice.disabled ? unknown : "";
    if (choice.disabled && this.shading === "confidence") {
      this.shading = "shaded";
      document.querySelector("#shading [value=shaded]").checked = true;
    }
    this.#captions(answer.result);
    this.#build();
    this.#place(result);
    // The first frame draws, the second shows it; by the third's callback it is on the screen.
    const inThreeFrames = (act, left = 3) => requestAnimationFrame(() => (left > 1 ? inThreeFrames(act, left - 1) : act()));
    inThreeFrames(() => this.#isShown(result));
  }

  // The first view of a photo, and of another object in it, is the photo's own; another setting leaves the view as it is.
  #place(result) {
    const isNew = !result.photo || result.photo !== this.placed?.photo || isAnother(result, this.placed);
    this.placed = result;
    this.photoCamera = photoCamera(result.answer.result, result.shapes.mesh.vertices.data);
    element("from-photo").disabled = !this.photoCamera;
    element("from-photo").title = this.photoCamera ? "" : "This model does not say where the photo's camera stood.";
    this.compare.show(result, Boolean(this.photoCamera));
    if (this.photoCamera && (isNew || this.compare.isOn)) this.#lookFromPhoto();
    else if (isNew) this.#lookFromCorner();
    this.#note();
  }

  // Nothing of the photo before stays.
  #clear() {
    this.placed = undefined;
    this.photoCamera = null;
    this.ruler.detach();
    this.large.rotate(false);
    this.compare.show(null, false);
    element("from-photo").disabled = true;
    this.#each((viewer) => viewer.clear());
    for (const text of document.querySelectorAll("#views figcaption span")) text.textContent = "";
    element("views").dataset.shown = "";
    this.#note();
  }

  #isShown(result) {
    if (result !== this.session.result) return; // another photo came meanwhile
    performance.clearMarks("studio:shapes");
    performance.mark("studio:shapes");
    element("views").dataset.shown = result.answer.id;
    this.session.dispatchEvent(new CustomEvent("shown", { detail: result }));
  }

  // How far to trust the shape stands beside it: on a phone the result's facts are below the screen's edge.
  #captions({ voxels, points, mesh, confidence }) {
    const sure = typeof confidence === "number" ? `, ${Math.round(100 * confidence)} % sure` : "";
    const texts = {
      voxels: `${voxels.resolution}³, ${voxels.occupied.toLocaleString("en")} filled`,
      points: points.toLocaleString("en"),
      mesh: `${mesh.faces.toLocaleString("en")} triangles${sure}`,
    };
    for (const [form, text] of Object.entries(texts)) {
      document.querySelector(`[data-form=${form}] figcaption span`).textContent = text;
    }
  }

  #shade(shading) {
    this.shading = shading;
    element("legend").hidden = shading !== "confidence";
    this.#build();
  }

  #build() {
    const { result } = this.session;
    if (!result) return;
    element("legend").hidden = this.shading !== "confidence";
    const style = getComputedStyle(document.documentElement);
    const theme = { wire: style.getPropertyValue("--wire"), ground: style.getPropertyValue("--view-bottom") };
    const forms = Object.keys(this.viewers);
    const groups = forms.map((form) => BUILDERS[form](result.shapes, this.shading, theme));
    // One box for all three, so that they lie in the same place.
    const box = groups.reduce((all, group) => all.expandByObject(group), new Box3());
    this.meshBox = groups.length ? new Box3().setFromObject(groups[forms.indexOf("mesh")]) : null;
    this.ruler.detach();
    for (const [i, viewer] of Object.values(this.viewers).entries()) viewer.show(groups[i], box);
    this.#measure(this.isMeasuring);
  }

  // The first view: the photo's own, where it is known.
  #reset() {
    if (this.photoCamera) this.#lookFromPhoto();
    else this.#lookFromCorner();
  }

  #lookFromCorner() {
    this.large.rotate(false);
    if (this.compare.isOn && this.photoCamera) this.compare.set(false); // it is of the photo's view alone
    this.#each((viewer) => viewer.reset());
  }

  #lookFromPhoto() {
    this.large.rotate(false);
    this.#each((viewer) => viewer.lookFrom(this.photoCamera));
  }

  #compared() {
    if (this.compare.isOn && this.photoCamera) this.#lookFromPhoto();
    this.#note();
  }

  // Lengths and a grid in the large view.
  #measure(isOn) {
    this.isMeasuring = isOn;
    element("measuring").setAttribute("aria-pressed", String(isOn));
    this.ruler.detach();
    this.step = null;
    const { result } = this.session;
    const { viewer } = this.large;
    if (isOn && result && viewer) this.step = this.ruler.attach(viewer, this.meshBox, metresPerUnit(result.answer.result));
    this.#note();
  }

  #note() {
    const notes = [];
    if (this.step) notes.push(`The grid's cells are ${100 * this.step} cm wide.`);
    else if (this.isMeasuring && this.session.result) notes.push("No size is known: lengths are shares of the longest side.");
    if (this.compare.isOn && !this.photoCamera) notes.push(NO_CAMERA);
    element("view-note").textContent = notes.join(" ");
  }

  #turned(viewer) {
    if (this.isFollowing || !element("sync").checked) return;
    this.isFollowing = true; // their own "turn" comes from here
    this.#each((other) => other !== viewer && other.follow(viewer));
    this.isFollowing = false;
  }

  #each(action) {
    Object.values(this.viewers).forEach(action);
  }
}

// Whether two results of a photo are of different objects: most of the larger one's box is not in the other's.
function isAnother(result, former) {
  const [box, before] = [result, former].map(({ answer }) => answer.result.object.box);
  if (!box || !before) return false;
  const area = ({ left, top, right, bottom }) => Math.max(0, right - left) * Math.max(0, bottom - top);
  const shared = area({
    left: Math.max(box.left, before.left),
    top: Math.max(box.top, before.top),
    right: Math.min(box.right, before.right),
    bottom: Math.min(box.bottom, before.bottom),
  });
  return shared < 0.5 * Math.max(area(box), area(before));
}

// Known or estimated; null where a size was merely assumed.
function metresPerUnit({ unit, assumed_scale: scale }) {
  if (unit === "metre") return 1;
  return scale?.from === "estimate" ? scale.metres_per_unit : null;
}

// form -> Viewer; empty where the browser draws no WebGL, which the page then says in each view.
function makeViewers() {
  const viewers = {};
  const edges = smoothness();
  for (const [form, name] of Object.entries(NAMES)) {
    const box = document.querySelector(`[data-form=${form}] .view`);
    try {
      viewers[form] = new Viewer(box, name, edges);
    } catch {
      const note = document.createElement("p");
      note.className = "no-webgl";
      note.textContent = "This browser shows no 3D (WebGL is off). The downloads below work all the same.";
      box.replaceChildren(note);
    }
  }
  return viewers;
}
