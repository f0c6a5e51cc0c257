// The sliders. Each is one row of a table: how its position becomes a value, and how the value is said.

import { DEFAULTS } from "./session.js";

const SLIDERS = [
  {
    name: "resolution", label: "Resolution", min: 16, max: 128, step: 8,
    value: Number, position: Number, say: (value) => `${value}³ voxels`,
  },
  {
    name: "points", label: "Number of points", min: 8, max: 16, step: 0.5,
    value: (position) => Math.round(2 ** position), position: Math.log2,
    say: (value) => `${value.toLocaleString("en")} points`,
  },
  {
    name: "threshold", label: "Threshold", min: 0.05, max: 0.95, step: 0.01,
    value: Number, position: Number, say: (value) => value.toFixed(2),
  },
];
const DIMENSIONS = { "": "not known", height: "height", width: "width", depth: "depth" };

export class SettingsPanel {
  constructor(session) {
    this.session = session;
    this.rows = SLIDERS.map((slider) => this.#addSlider(slider));
    this.#addSize();
    document.getElementById("again").addEventListener("click", () => session.run({ look: true }));
    document.getElementById("defaults").addEventListener("click", () => session.setOptions({ ...DEFAULTS }));
    for (const event of ["option", "result"]) session.addEventListener(event, () => this.#show());
    session.addEventListener("busy", () => (document.getElementById("again").disabled = !session.photo));
    this.#show();
  }

  // The server's limits, once they are known.
  limit({ max_resolution, max_points }) {
    this.rows[0].input.max = Math.min(128, max_resolution);
    this.rows[1].input.max = Math.min(16, Math.floor(2 * Math.log2(max_points)) / 2);
    document.getElementById("settings").dataset.limits = "known";
  }

  #addSlider(slider) {
    const input = make("input", { type: "range", id: slider.name, min: slider.min, max: slider.max, step: slider.step });
    const output = make("output", { htmlFor: slider.name });
    input.addEventListener("input", () => this.session.setOptions({ [slider.name]: slider.value(input.value) }));
    document.getElementById("sliders").append(row(slider.label, output, input));
    return { ...slider, input, output };
  }

  #addSize() {
    this.dimension = make("select", { id: "dimension" });
    this.dimension.setAttribute("aria-label", "Which real size is known");
    this.dimension.append(...Object.entries(DIMENSIONS).map(([value, text]) => new Option(text, value)));
    this.length = make("input", { type: "range", id: "length", min: 5, max: 300, step: 1 });
    this.length.setAttribute("aria-label", "Real size in centimetres");
    this.lengthOutput = make("output", { htmlFor: "length" });
    this.dimension.addEventListener("change", () => this.session.setOptions({ dimension: this.dimension.value }));
    this.length.addEventListener("input", () => this.session.setOptions({ length: Number(this.length.value) }));
    const size = row("Real size", this.lengthOutput, this.dimension);
    size.append(this.length);
    document.getElementById("sliders").append(size);
  }

  #show() {
    const { options, result } = this.session;
    for (const { name, input, output, position, say } of this.rows) {
      const own = name === "threshold" && options.threshold === null;
      const value = own ? result?.answer.result.threshold : options[name];
      const text = value === undefined ? "the model's own" : `${say(value)}${own ? ", the model's own" : ""}`;
      input.value = position(value ?? 0.5);
      output.textContent = text;
      input.setAttribute("aria-valuetext", text);
    }
    const { dimension, length } = options;
    this.dimension.value = dimension;
    this.length.value = length;
    this.length.hidden = !dimension;
    const text = dimension ? `${length} cm` : "";
    this.lengthOutput.textContent = text;
    this.length.setAttribute("aria-valuetext", text);
  }
}

function row(label, output, input) {
  const line = make("div", { className: "slider" });
  const name = make("label", { htmlFor: input.id, textContent: label });
  line.append(name, output, input);
  return line;
}

function make(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}
