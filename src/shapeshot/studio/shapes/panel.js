// The three views beside each other, their shading and their cameras.

import { Box3 } from "../three/three.js";
import { BUILDERS } from "./objects.js";
import { hasConfidence } from "./load.js";
import { smoothness } from "./smoothness.js";
import { Viewer } from "./viewer.js";

const NAMES = { voxels: "Voxels", points: "Points", mesh: "Mesh" };

export class ShapesPanel {
  constructor(session) {
    this.session = session;
    this.shading = "shaded";
    this.viewers = makeViewers();
    for (const viewer of Object.values(this.viewers)) viewer.addEventListener("turn", () => this.#turned(viewer));
    document.getElementById("shading").addEventListener("change", ({ target }) => this.#shade(target.value));
    document.getElementById("reset-view").addEventListener("click", () => this.#each((viewer) => viewer.reset()));
    addEventListener("themechange", () => this.#build());
    session.addEventListener("result", () => this.#show());
    if (session.result) this.#show(); // it was quicker than three.js
  }

  // A small picture of the mesh, as a data URL, or null without WebGL.
  picture(side) {
    return this.viewers.mesh?.picture(side) ?? null;
  }

  #show() {
    const result = this.session.result;
    const { shapes, answer } = result;
    const choice = document.querySelector("#shading [value=confidence]");
    choice.disabled = !hasConfidence(shapes);
    choice.parentElement.title = choice.disabled ? "This model does not say how sure it is." : "";
    if (choice.disabled && this.shading === "confidence") {
      this.shading = "shaded";
      document.querySelector("#shading [value=shaded]").checked = true;
    }
    this.#captions(answer.result);
    this.#build();
    // The second frame's callback: the first one's picture is on the screen then.
    requestAnimationFrame(() => requestAnimationFrame(() => this.#isShown(result)));
  }

  #isShown(result) {
    performance.clearMarks("studio:shapes");
    performance.mark("studio:shapes");
    document.getElementById("views").dataset.shown = result.answer.id;
    this.session.dispatchEvent(new CustomEvent("shown", { detail: result }));
  }

  #captions({ voxels, points, mesh }) {
    const texts = {
      voxels: `${voxels.resolution}³, ${voxels.occupied.toLocaleString("en")} filled`,
      points: points.toLocaleString("en"),
      mesh: `${mesh.faces.toLocaleString("en")} triangles`,
    };
    for (const [form, text] of Object.entries(texts)) {
      document.querySelector(`[data-form=${form}] figcaption span`).textContent = text;
    }
  }

  #shade(shading) {
    this.shading = shading;
    document.getElementById("legend").hidden = shading !== "confidence";
    this.#build();
  }

  #build() {
    const result = this.session.result;
    if (!result) return;
    document.getElementById("legend").hidden = this.shading !== "confidence";
    const style = getComputedStyle(document.documentElement);
    const theme = { wire: style.getPropertyValue("--wire"), ground: style.getPropertyValue("--view-bottom") };
    const groups = Object.keys(this.viewers).map((form) => BUILDERS[form](result.shapes, this.shading, theme));
    // One box for all three, so that they lie in the same place.
    const box = groups.reduce((all, group) => all.expandByObject(group), new Box3());
    for (const [i, viewer] of Object.values(this.viewers).entries()) viewer.show(groups[i], box);
  }

  #turned(viewer) {
    if (this.isFollowing || !document.getElementById("sync").checked) return;
    this.isFollowing = true; // their own "turn" comes from here
    this.#each((other) => other !== viewer && other.follow(viewer));
    this.isFollowing = false;
  }

  #each(action) {
    Object.values(this.viewers).forEach(action);
  }
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
      note.textContent = "This browser shows no 3D (WebGL is off). The downloads below work all the same.";
      box.replaceChildren(note);
    }
  }
  return viewers;
}
