// The controls that an option can have, by the kind that the server names. Each has an `element`, tells `change` of a new
// value, and shows a value beside what the last result says.

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

// A real size: one dimension and its length in centimetres, or the model's guess.
class Size {
  constructor(option, change) {
    this.option = option;
    const { label, dimensions, low, high, step } = option.control;
    this.known = lengthOf(option.schema.example).length; // what the slider stood at last
    this.dimension = make("select", { id: "dimension" });
    this.auto = new Option("as the model guesses", "auto");
    this.dimension.append(new Option("not known", ""), this.auto, ...dimensions.map((name) => new Option(name, name)));
    this.length = make("input", { type: "range", id: "length", min: low, max: high, step });
    this.length.setAttribute("aria-label", `${label} in centimetres`);
    this.output = make("output", { htmlFor: "length" });
    this.dimension.addEventListener("change", () => change(this.#value()));
    this.length.addEventListener("input", () => {
      this.known = Number(this.length.value);
      change(this.#value());
    });
    this.element = line(label, this.output, this.dimension);
    this.element.append(this.length);
  }

  // Only a model that guesses sizes says so, in its first result.
  show(value, facts) {
    if (facts?.size_estimate) this.canGuess = true;
    this.auto.hidden = !this.canGuess;
    const { dimension, length } = lengthOf(value);
    this.known = length ?? this.known;
    this.dimension.value = dimension;
    this.length.value = this.known;
    this.length.hidden = length === null;
    this.output.textContent = this.length.hidden ? "" : `${this.known} cm`;
    this.length.setAttribute("aria-valuetext", `${dimension} ${this.known} cm`);
  }

  #value() {
    const dimension = this.dimension.value;
    if (!this.option.control.dimensions.includes(dimension)) return dimension || null;
    return `${dimension}=${this.known}cm`;
  }
}

const CONTROLS = { slider: Slider, switch: Switch, choice: Choice, text: Text, size: Size };

// "height=80cm" in its parts; the length is null where there is none.
function lengthOf(size) {
  const [dimension, length] = (size ?? "").split("=");
  return { dimension, length: length === undefined ? null : Number.parseFloat(length) };
}

// A label and a readout above a control.
function line(label, output, control) {
  const made = make("div", { className: "slider" });
  made.append(make("label", { htmlFor: control.id, textContent: label }), output, control);
  return made;
}

function make(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}
