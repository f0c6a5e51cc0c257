// A real size: one dimension and its length, typed with a unit or drawn with a slider, or the model's guess.

import { line, make } from "./lines.js";

const CM = 0.01; // the slider's unit in metres
const COUNTED = /^\s*([0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)\s*([a-z]*)\s*$/i;

export class Size {
  constructor(option, change) {
    const { label, dimensions, units, low, high, step } = option.control;
    Object.assign(this, { option, change, units, known: sizeOf(option.schema.example) });
    this.dimension = make("select", { id: "dimension" });
    this.auto = new Option("as the model guesses", "auto");
    this.dimension.append(new Option("not known", ""), this.auto, ...dimensions.map((name) => new Option(name, name)));
    this.number = make("input", { type: "text", id: "length", inputMode: "decimal", autocomplete: "off" });
    this.unit = make("select", { id: "unit" });
    this.unit.append(...Object.keys(units).map((name) => new Option(name, name)));
    this.slider = make("input", { type: "range", id: "length-slider", min: low, max: high, step });
    this.wrong = make("p", { id: "length-wrong", className: "wrong", hidden: true });
    this.#name(label);
    this.#listen();
    this.element = line(label, make("output", { htmlFor: "dimension" }), this.dimension);
    this.typed = make("div", { className: "typed" });
    this.typed.append(this.number, this.unit);
    this.element.append(this.typed, this.wrong, this.slider);
  }

  // Only a model that guesses sizes says so, in its first result.
  show(value, facts) {
    if (facts?.size_estimate) this.canGuess = true;
    this.auto.hidden = !this.canGuess;
    const given = sizeOf(value);
    if (given.length !== null) this.known = given;
    const isKnown = given.length !== null;
    this.dimension.value = given.dimension;
    this.typed.hidden = this.slider.hidden = !isKnown;
    if (!isKnown) this.#judge("");
    this.unit.value = this.known.unit;
    if (document.activeElement !== this.number) this.number.value = this.known.length; // else somebody is typing
    this.slider.value = (this.known.length * this.units[this.known.unit]) / CM;
    this.slider.setAttribute("aria-valuetext", `${given.dimension} ${this.known.length} ${this.known.unit}`);
  }

  #name(label) {
    this.number.setAttribute("aria-label", `${label}: length`);
    this.number.setAttribute("aria-describedby", "length-wrong");
    this.unit.setAttribute("aria-label", `${label}: unit`);
    this.slider.setAttribute("aria-label", `${label}: length`);
    this.wrong.setAttribute("role", "alert");
  }

  #listen() {
    this.dimension.addEventListener("change", () => this.#tell());
    this.number.addEventListener("input", () => this.#type());
    this.number.addEventListener("blur", () => {
      if (this.wrong.hidden) this.number.value = this.known.length; // without the unit, which is chosen beside it now
    });
    this.unit.addEventListener("change", () => {
      this.known.unit = this.unit.value;
      this.#tell();
    });
    this.slider.addEventListener("input", () => {
      const metres = Number(this.slider.value) * CM;
      this.known.length = Number((metres / this.units[this.known.unit]).toPrecision(3));
      this.#judge("");
      this.#tell();
    });
  }

  // "80", "0,8 m" or "31.5in": a unit that is typed is the unit.
  #type() {
    const [, number, typed] = COUNTED.exec(this.number.value) ?? [];
    const unit = typed ? typed.toLowerCase() : this.known.unit;
    const length = Number.parseFloat(number?.replace(",", "."));
    if (!(length > 0) || !(unit in this.units)) {
      this.#judge(`Type a length like 80 cm; units are ${Object.keys(this.units).join(", ")}.`);
      return;
    }
    this.#judge("");
    this.known = { ...this.known, length, unit };
    this.#tell();
  }

  #judge(text) {
    this.wrong.hidden = !text;
    this.wrong.textContent = text;
    this.number.setAttribute("aria-invalid", String(Boolean(text)));
  }

  #tell() {
    const dimension = this.dimension.value;
    const isKnown = this.option.control.dimensions.includes(dimension);
    this.change(isKnown ? `${dimension}=${this.known.length}${this.known.unit}` : dimension || null);
  }
}

// "height=80cm" in its parts; the length is null where there is none.
function sizeOf(size) {
  const [dimension, text] = (size ?? "").split("=");
  const [, length, unit] = /^([0-9.e-]+)([a-z]+)$/.exec(text ?? "") ?? [];
  return { dimension, length: length === undefined ? null : Number(length), unit };
}
