// What else it could be, as a small picture on each button that chooses it: the shape from the side that would be its
// front, the shape with its depth the other way round, and the object as another way would cut it out. Made once somebody can see the button.

const SIDE = 128; // pixels, for screens of twice the density
const QUARTERS = { left: 1, back: 2, right: 3 }; // to the left, from the front that there is
const DEPTHS = ["depth", "firstDepth"]; // each is the other one's mirror

export class Candidates {
  constructor(session, shapes) {
    Object.assign(this, { session, shapes, doubts: document.getElementById("doubts") });
    session.addEventListener("shown", () => this.#draw());
    this.doubts.addEventListener("toggle", () => this.#draw(), true); // of those inside it, too
  }

  #draw() {
    const { result } = this.session;
    if (!result || document.getElementById("views").dataset.shown !== result.answer.id) return;
    for (const button of this.doubts.querySelectorAll("[data-mend]:not([data-drawn])")) {
      if (button.checkVisibility()) this.#illustrate(button, result);
    }
  }

  #illustrate(button, result) {
    const { mend } = button.dataset;
    button.dataset.drawn = "";
    if (mend in QUARTERS) put(button, this.shapes.front(QUARTERS[mend], SIDE));
    if (DEPTHS.includes(mend)) put(button, this.shapes.mirrored(SIDE));
    if (mend === "way") this.#cutOut(button, result);
  }

  // The server is asked once for each outline; where it cannot be had, the button says so when it is pressed.
  async #cutOut(button, result) {
    result.otherOutline ??= this.session.seenOtherwise();
    put(button, (await result.otherOutline)?.seen);
  }
}

function put(button, source) {
  if (!source) return;
  button.prepend(Object.assign(new Image(SIDE / 2, SIDE / 2), { src: source, alt: "" }));
}
