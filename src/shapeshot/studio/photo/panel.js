// Shows the photo and what was taken for the object, and lets the user say otherwise.

import { Brush } from "./brush.js";
import { drawCrop, drawMask, drawPoints, makeCanvas, maskFromUrl, maskToPng } from "./mask.js";
import { Region } from "./region.js";

const HELP = {
  auto: "Not what you meant? Click on the object in the photo.",
  point: "Click on the object; click on a part that is missing to add it.",
  region: "Drag a box around the object, or move the box with the arrow keys (Shift resizes).",
  paint: "Paint over the object; erase what does not belong to it.",
  keep: "Nothing is removed: the whole photo goes to the model.",
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
    this.#listen();
    session.addEventListener("photo", () => this.#showPhoto());
    session.addEventListener("mode", () => this.#showMode());
    session.addEventListener("found", () => this.#showFound());
  }

  #listen() {
    const { session, region, brush } = this;
    element("modes").addEventListener("change", ({ target }) => session.setObject({ mode: target.value }));
    element("stage").addEventListener("click", (event) => this.#point(event));
    region.addEventListener("change", () => session.setObject({ region: this.#regionPixels() }, 350));
    brush.addEventListener("stroke", () => this.#draw());
    brush.addEventListener("change", async () => session.setObject({ mask: await maskToPng(brush.mask) }, 450));
    element("brush-tools").addEventListener("input", () => this.#setBrush());
    element("brush-undo").addEventListener("click", () => brush.undo());
    element("brush-clear").addEventListener("click", () => brush.clear());
    this.#setBrush();
  }

  // A click on the photo says what is meant.
  #point(event) {
    const { session } = this;
    if (!["auto", "point"].includes(session.mode) || !session.photo?.picture) return;
    const { left, top, width, height } = this.picture.getBoundingClientRect();
    const [x, y] = [(event.clientX - left) / width, (event.clientY - top) / height];
    if (!(x >= 0 && x < 1 && y >= 0 && y < 1)) return;
    const { picture } = session.photo;
    session.setObject({ mode: "point", points: [...session.points, { x: x * picture.width, y: y * picture.height }] });
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
    element("stage").hidden = !photo.picture; // a format that the server reads, and this browser does not
    for (const mode of ["point", "region", "paint"]) document.querySelector(`[name=mode][value=${mode}]`).disabled = !photo.picture;
    if (photo.picture) this.#drawPhoto(photo.picture.canvas);
    this.mask = null;
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
    element("brush-tools").hidden = mode !== "paint";
    const isNewRegion = mode === "region" && !region && photo.picture;
    this.region.show(mode === "region", this.#fractions(region ?? around(found?.box)) ?? [0.1, 0.1, 0.9, 0.9]);
    if (isNewRegion) this.session.setObject({ region: this.#regionPixels() });
    if ((mode === "paint") !== this.brush.isOn) this.brush.show(mode === "paint", mode === "paint" && copy(this.mask));
    this.#draw();
  }

  async #showFound() {
    const { found, photo, mode } = this.session;
    if (!found || !photo) return;
    element("seen").src = found.seen;
    element("seen").hidden = false;
    element("method").textContent = `The model sees this crop. Object found by: ${found.method}.`;
    const mask = await maskFromUrl(found.mask, this.picture.width, this.picture.height);
    if (photo !== this.session.photo || found !== this.session.found) return; // meanwhile there is another
    this.mask = mask;
    if (mode === "paint" && !this.session.mask) this.brush.show(true, copy(mask));
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
