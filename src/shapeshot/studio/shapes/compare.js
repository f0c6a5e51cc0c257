// The photo over the shape, as far as a slider says; beside it where nobody knows where the photo's camera stood.

const element = (id) => document.getElementById(id);

export class Compare extends EventTarget {
  // large: the large view, which it lies in. "change": it was switched on or off.
  constructor(large) {
    super();
    Object.assign(this, { large, isOn: false, result: null });
    element("comparing").addEventListener("click", () => this.set(!this.isOn));
    element("compare-split").addEventListener("input", () => this.#split());
    large.addEventListener("change", () => this.#place());
    new ResizeObserver(() => this.#draw()).observe(element("compare"));
    this.#split();
  }

  // The result whose photo it is, or null. isAligned: the view is from the photo's own camera.
  show(result, isAligned) {
    Object.assign(this, { result, isAligned });
    const isPossible = Boolean(result && pictureOf(result));
    element("comparing").disabled = !isPossible;
    if (!isPossible && this.isOn) this.set(false);
    else this.#place();
  }

  set(isOn) {
    this.isOn = isOn;
    element("comparing").setAttribute("aria-pressed", String(isOn));
    this.#place();
    this.dispatchEvent(new Event("change"));
  }

  // Inside the large view; beside it, its half stays the view's own.
  #place() {
    const [box, compare] = [this.large.box, element("compare")];
    const figure = box.parentElement;
    for (const other of document.querySelectorAll("#views figure")) other.classList.remove("is-beside");
    compare.hidden = !this.isOn;
    compare.classList.toggle("is-beside", !this.isAligned);
    for (const id of ["compare-split", "compare-line"]) element(id).hidden = !this.isAligned;
    if (this.isOn) {
      figure.classList.toggle("is-beside", !this.isAligned);
      if (this.isAligned) box.append(compare);
      else figure.prepend(compare);
    }
    this.#split();
    this.#draw();
  }

  #split() {
    const percent = Number(element("compare-split").value);
    element("compare-split").setAttribute("aria-valuetext", `photo up to ${percent} % from the left`);
    element("compare-line").style.left = `${percent}%`;
    element("compare-photo").style.clipPath = this.isAligned ? `inset(0 ${100 - percent}% 0 0)` : "";
  }

  // The photo as the view would show it: the crop fills the shorter side, what lies around it the rest.
  #draw() {
    const { clientWidth: width, clientHeight: height } = element("compare");
    if (!this.isOn || !width || !height) return;
    const canvas = element("compare-photo");
    [canvas.width, canvas.height] = [width * devicePixelRatio, height * devicePixelRatio];
    const { image, left, top, side } = pictureOf(this.result);
    const scale = Math.min(canvas.width, canvas.height) / side; // of the picture's pixels on the canvas
    const x = (canvas.width - side * scale) / 2 - left * scale;
    const y = (canvas.height - side * scale) / 2 - top * scale;
    canvas.getContext("2d").drawImage(image, x, y, image.width * scale, image.height * scale);
  }
}

// {image, left, top, side: of the crop in the image's pixels}, or null for a photo that this browser cannot show.
function pictureOf({ photo, answer }) {
  const picture = photo?.picture;
  if (!picture) return null;
  const { crop } = answer.result.object;
  const scale = picture.canvas.width / answer.result.photo_size[0];
  return { image: picture.canvas, left: crop.left * scale, top: crop.top * scale, side: crop.side * scale };
}
