// The settings of a reconstruction: sliders, the real size, and what is done to the mesh.

import { DEFAULTS } from "./session.js";
import { line, make, Slider, SLIDERS } from "./sliders.js";

const SIZES = { "": "not known", auto: "as the model guesses", height: "height", width: "width", depth: "depth" };

export class SettingsPanel {
  constructor(session) {
    this.session = session;
    this.sliders = SLIDERS.map((row) => new Slider(row, (value) => session.setOptions({ [row.name]: value })));
    this.#addSize();
    this.printable = document.getElementById("printable");
    this.printable.addEventListener("change", () => session.setOptions({ printable: this.printable.checked }));
    document.getElementById("again").addEventListener("click", () => session.run({ look: true }));
    document.getElementById("defaults").addEventListener("click", () => session.setOptions({ ...DEFAULTS }));
    for (const event of ["option", "result"]) session.addEventListener(event, () => this.#show());
    session.addEventListener("busy", () => (document.getElementById("again").disabled = !session.photo));
    this.#show();
  }

  // The server's limits, once they are known.
  limit(limits) {
    for (const slider of this.sliders) slider.limit(limits);
    document.getElementById("settings").dataset.limits = "known";
  }

  #addSize() {
    const { session } = this;
    this.dimension = make("select", { id: "dimension" });
    this.dimension.append(...Object.entries(SIZES).map(([value, text]) => new Option(text, value)));
    this.length = make("input", { type: "range", id: "length", min: 5, max: 300, step: 1 });
    this.length.setAttribute("aria-label", "Real size in centimetres");
    this.lengthOutput = make("output", { htmlFor: "length" });
    this.dimension.addEventListener("change", () => session.setOptions({ dimension: this.dimension.value }));
    this.length.addEventListener("input", () => session.setOptions({ length: Number(this.length.value) }));
    const size = line("Real size", this.lengthOutput, this.dimension);
    size.append(this.length);
    document.getElementById("sliders").append(size);
  }

  #show() {
    const { options, result } = this.session;
    const facts = result?.answer.result;
    for (const slider of this.sliders) {
      slider.show(options[slider.row.name], slider.row.name === "threshold" ? facts?.threshold : undefined);
    }
    const { dimension, length, printable } = options;
    // Only a model that guesses sizes says so, in its first result.
    if (facts?.size_estimate) this.canGuess = true;
    this.dimension.querySelector("[value=auto]").hidden = !this.canGuess;
    this.dimension.value = dimension;
    this.length.value = length;
    this.length.hidden = !(dimension in { height: 0, width: 0, depth: 0 });
    this.lengthOutput.textContent = this.length.hidden ? "" : `${length} cm`;
    this.length.setAttribute("aria-valuetext", `${dimension} ${length} cm`);
    this.printable.checked = printable;
  }
}
