// Shows the photo and what was taken for the object, and lets the user say otherwise.

import { Brush } from "./brush.js";
import { drawCrop, drawMask, drawPoints, makeCanvas, maskFromUrl, maskToPng } from "./mask.js";
import { Pointer } from "./pointer.js";
import { Region } from "./region.js";
import { Zoom } from "./zoom.js";

const HELP = {
  auto: "Not what you meant? Click on the object.",
  point: "Click on the object; click on a part that is missing to add it.",
  region: "Drag a box around the object, or move the box with the arrow keys (Shift resizes).",
  paint: "Paint over the object; erase what does not belong to it.",
  keep: "Nothing is removed: the whole photo goes to the model.",
};
const LABELS = {
  point: "Photo. Arrow keys move a cross, Enter says that the object is there.",
  paint: "Mask. Arrow keys move the brush, with Shift they paint; the space bar makes one dab.",
  none: "What was taken for the object",
};
const element = (id) => document.getElementById(id);

export class PhotoPanel {
  constructor(session) {
    this.session = session;
    this.picture = element("picture");
    this.overlay = element("overlay");
    this.mask = null; // canvas: what the server took for the object, or what was painted
    this.region = new Region(element("stage"), element("region"));
    this.brush = new Brush(this.overlay, element("ring"));
    this.pointer = new Pointer(element("stage"), this.overlay, element("cross"));
    const buttons = { nearer: element("nearer"), farther: element("farther"), readout: element("zoom-readout") };
    this.zoom = new Zoom(element("frame"), element("stage"), this.picture, buttons);
    this.#listen();
    session.addEventListener("photo", () => this.#showPhoto());
    session.addEventListener("mode", () => this.#showMode());
    session.addEventListener("found", () => this.#showFound());
  }

  #listen() {
    const { session, region, brush, pointer } = this;
    element("modes").addEventListener("change", ({ target }) => session.setObject({ mode: target.value }));
    pointer.addEventListener("point", ({ detail }) => this.#point(detail));
    pointer.addEventListener("undo", () => this.#unpoint(-1));
    element("way-undo").addEventListener("click", () => session.setObject({ way: null }));
    element("point-undo").addEventListener("click", () => this.#unpoint(-1));
    element("point-clear").addEventListener("click", () => this.#unpoint(0));
    region.addEventListener("change", () => session.setObject({ region: this.#regionPixels() }, 350));
    brush.addEventListener("stroke", () => {
      this.isUnpainted = false;
      this.#draw();
    });
    brush.addEventListener("change", async () => session.setObject({ mask: await maskToPng(brush.mask) }, 450));
    element("brush-tools").addEventListener("input", () => this.#setBrush());
    element("brush-undo").addEventListener("click", () => brush.undo());
    element("brush-clear").addEventListener("click", () => brush.clear());
    this.#setBrush();
  }

  // A click on the photo says what is meant.
  #point({ x, y }) {
    const { width, height } = this.session.photo.picture;
    this.#setPoints([...this.session.points, { x: x * width, y: y * height }]);
  }

  // Takes points back, up to this one; without any the object is found as before the first.
  #unpoint(to) {
    if (this.session.points.length) this.#setPoints(this.session.points.slice(0, to));
  }

  #setPoints(points) {
    this.session.setObject({ mode: points.length ? "point" : "auto", points });
    this.#showTools();
    this.#draw();
  }

  #setBrush() {
    const percent = Number(element("brush-size").value);
    this.brush.size = percent / 100;
    this.brush.isErasing = document.querySelector("[name=brush]:checked").value === "erase";
    element("brush-readout").textContent = `${percent} % of the photo`;
  }

  #showPhoto() {
    const { photo } = this.session;
    element("look").hidden = !photo; // a result from before the page was loaded anew has none
    element("drop").classList.toggle("small", Boolean(photo));
    if (!photo) return;
    element("frame").hidden = element("zoom").hidden = !photo.picture; // the server reads it, this browser does not
    for (const mode of ["point", "region", "paint"]) document.querySelector(`[name=mode][value=${mode}]`).disabled = !photo.picture;
    this.zoom.reset();
    if (photo.picture) this.#drawPhoto(photo.picture.canvas);
    this.mask = null;
    this.isUnpainted = true;
    element("seen").hidden = true;
    element("method").textContent = "";
    this.brush.show(false); // what was painted belongs to the photo before
    this.#showMode();
    if (this.session.found) this.#showFound();
  }

  #drawPhoto(canvas) {
    for (const shown of [this.picture, this.overlay]) [shown.width, shown.height] = [canvas.width, canvas.height];
    this.picture.getContext("2d").drawImage(canvas, 0, 0);
  }

  #showMode() {
    const { mode, found, region, photo } = this.session;
    if (!photo) return;
    document.querySelector(`[name=mode][value=${mode}]`).checked = true;
    element("mode-help").textContent = HELP[mode];
    element("stage").dataset.mode = mode;
    const isNewRegion = mode === "region" && !region && photo.picture;
    this.region.show(mode === "region", this.#fractions(region ?? around(found?.box)) ?? [0.1, 0.1, 0.9, 0.9]);
    if (isNewRegion) this.session.setObject({ region: this.#regionPixels() });
    if ((mode === "paint") !== this.brush.isOn) this.brush.show(mode === "paint", mode === "paint" && copy(this.mask));
    this.#showTools();
    this.#draw();
  }

  // What the overlay does, for whoever comes to it by keyboard, and the buttons below it.
  #showTools() {
    const { mode, points, photo, way } = this.session;
    const isPointed = ["auto", "point"].includes(mode) && Boolean(photo?.picture);
    const does = isPointed ? "point" : mode === "paint" ? "paint" : "none";
    this.pointer.set(isPointed);
    this.overlay.tabIndex = does === "none" ? -1 : 0;
    this.overlay.setAttribute("role", does === "none" ? "img" : "application");
    this.overlay.setAttribute("aria-label", LABELS[does]);
    element("brush-tools").hidden = mode !== "paint";
    element("point-tools").hidden = mode !== "point";
    element("way-tools").hidden = !way;
    for (const id of ["point-undo", "point-clear"]) element(id).disabled = !points.length;
  }

  async #showFound() {
    const { found, photo, mode } = this.session;
    if (!found || !photo) return;
    element("seen").src = found.seen;
    element("seen").hidden = false;
    element("method").textContent = `The model sees this crop. Object found by: ${found.method}.`;
    if (!photo.picture) return;
    const mask = await maskFromUrl(found.mask, this.picture.width, this.picture.height);
    if (photo !== this.session.photo || found !== this.session.found) return; // meanwhile there is another
    this.mask = mask;
    if (mode === "paint" && this.isUnpainted) this.brush.show(true, copy(mask));
    this.#draw();
  }

  #draw() {
    const context = this.overlay.getContext("2d");
    context.clearRect(0, 0, this.overlay.width, this.overlay.height);
    const { found, photo } = this.session;
    const mask = this.brush.mask ?? this.mask;
    if (mask && photo.picture) drawMask(context, mask);
    if (this.session.mode === "point" && photo.picture) {
      drawPoints(context, this.session.points, this.overlay.width / photo.picture.width);
    }
    if (found && photo.picture && !this.brush.isOn) drawCrop(context, found.crop, this.overlay.width / found.photo_size[0]);
  }

  #fractions(box) {
    const picture = this.session.photo?.picture;
    if (!box || !picture) return null;
    const { width, height } = picture;
    return [box.left / width, box.top / height, box.right / width, box.bottom / height];
  }

  #regionPixels() {
    const { width, height } = this.session.photo.picture;
    const [left, top, right, bottom] = this.region.edges;
    return { left: left * width, top: top * height, right: right * width, bottom: bottom * height };
  }
}

// Wider than what was found: the background around it has to be seen as well.
function around(box) {
  if (!box) return null;
  const margin = 0.08 * Math.max(box.right - box.left, box.bottom - box.top);
  return { left: box.left - margin, top: box.top - margin, right: box.right + margin, bottom: box.bottom + margin };
}

function copy(mask) {
  if (!mask) return null;
  const canvas = makeCanvas(mask.width, mask.height);
  canvas.getContext("2d").drawImage(mask, 0, 0);
  return canvas;
}
