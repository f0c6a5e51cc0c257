// The controls that an option can have, by the kind that the server names. Each has an `element`, tells `change` of a new
// value, and shows a value beside what the last result says.

import { line, make } from "./lines.js";
import { Size } from "./size.js";

export function makeControl(option, change) {
  return new CONTROLS[option.control.kind](option, change);
}

class Slider {
  constructor(option, change) {
    this.option = option;
    const { name, control: { label, low, high, step } } = option;
    this.input = make("input", { type: "range", id: name, min: low, max: high, step });
    this.output = make("output", { htmlFor: name });
    this.input.addEventListener("input", () => change(this.#value()));
    this.element = line(label, this.output, this.input);
  }

  // What null stands for is said where the result tells it.
  show(value, facts) {
    const { name, control } = this.option;
    const own = typeof facts?.[name] === "number" ? facts[name] : undefined;
    const known = value ?? own;
    const said = known === undefined ? [] : [this.#say(known)];
    const text = [...said, ...(value === null ? [control.unset] : [])].join(", ");
    this.input.value = known === undefined ? control.unset_at ?? (control.low + control.high) / 2 : this.#position(known);
    this.output.textContent = text;
    this.input.setAttribute("aria-valuetext", text);
  }

  #value() {
    const { control, schema } = this.option;
    const position = Number(this.input.value);
    if (position === control.unset_at) return null;
    const value = control.is_log2 ? 2 ** position : position;
    return schema.type === "integer" ? Math.round(value) : value;
  }

  #position(value) {
    return this.option.control.is_log2 ? Math.log2(value) : value;
  }

  #say(value) {
    const { control, schema } = this.option;
    if (value === 0 && control.zero) return control.zero;
    return control.said.replace("{}", schema.type === "integer" ? value.toLocaleString("en") : value.toFixed(2));
  }
}

class Switch {
  constructor(option, change) {
    this.option = option;
    this.input = make("input", { type: "checkbox", id: option.name });
    this.input.addEventListener("change", () => change(this.input.checked));
    this.element = make("label", { className: "check" });
    this.element.append(this.input, make("span", { textContent: option.control.label }));
  }

  show(value) {
    this.input.checked = value ?? false;
  }
}

class Choice {
  constructor(option, change) {
    this.option = option;
    const { name, schema, control: { label, unset } } = option;
    this.input = make("select", { id: name });
    if (option.default === null) this.input.append(new Option(unset || "not chosen", ""));
    this.input.append(...schema.enum.map((choice) => new Option(choice, choice)));
    this.input.addEventListener("change", () => change(this.input.value || null));
    this.element = line(label, make("output", { htmlFor: name }), this.input);
  }

  show(value) {
    this.input.value = value ?? "";
  }
}

class Text {
  constructor(option, change) {
    this.option = option;
    const { name, schema, control: { label } } = option;
    this.input = make("input", { type: "text", id: name, placeholder: schema.example ?? "" });
    this.input.addEventListener("change", () => change(this.input.value || null));
    this.element = line(label, make("output", { htmlFor: name }), this.input);
  }

  show(value) {
    this.input.value = value ?? "";
  }
}

const CONTROLS = { slider: Slider, switch: Switch, choice: Choice, text: Text, size: Size };
