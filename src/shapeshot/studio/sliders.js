// The sliders' table: how each position becomes a value, and how the value is said.

const count = (value) => value.toLocaleString("en");
const powers = { value: (position) => Math.round(2 ** position), position: Math.log2 };
const plain = { value: Number, position: Number };

// group: the element that holds it. none: what null means, and the position that chooses it (or where none does, only the
// button "Defaults" does). limit: from the server's limits to the largest position.
export const SLIDERS = [
  {
    ...plain, name: "resolution", label: "Resolution", group: "sliders", min: 16, max: 128, step: 8,
    say: (value) => `${value}³ voxels`, limit: ({ max_resolution }) => max_resolution,
  },
  {
    ...powers, name: "points", label: "Number of points", group: "sliders", min: 8, max: 16, step: 0.5,
    say: (value) => `${count(value)} points`, limit: ({ max_points }) => Math.floor(2 * Math.log2(max_points)) / 2,
  },
  {
    ...plain, name: "threshold", label: "Threshold", group: "sliders", min: 0.05, max: 0.95, step: 0.01,
    say: (value) => value.toFixed(2), none: { text: "the model's own" },
  },
  {
    ...powers, name: "simplify", label: "Triangles", group: "finish", min: 8, max: 15, step: 0.5,
    say: (value) => `at most ${count(value)}`, none: { text: "all", position: 15 },
  },
  {
    ...plain, name: "smooth", label: "Smoothing", group: "finish", min: 0, max: 50, step: 1,
    say: (value) => (value ? `${value} rounds` : "none"), limit: ({ max_smooth }) => max_smooth,
  },
];

export class Slider {
  // change: called with the new value.
  constructor(row, change) {
    this.row = row;
    const { name, label, group, min, max, step } = row;
    this.input = make("input", { type: "range", id: name, min, max, step });
    this.output = make("output", { htmlFor: name });
    this.input.addEventListener("input", () => change(this.#value()));
    document.getElementById(group).append(line(label, this.output, this.input));
  }

  // Keeps within what the server takes.
  limit(limits) {
    const most = this.row.limit?.(limits);
    if (most) this.input.max = Math.min(this.row.max, most); // a server of another version may not say
  }

  // own: what null stands for, where that is known.
  show(value, own) {
    const { none, say, position } = this.row;
    const known = value ?? own;
    const said = known === undefined ? [] : [say(known)];
    const text = [...said, ...(value === null ? [none.text] : [])].join(", ");
    this.input.value = known === undefined ? none.position ?? (this.row.min + this.row.max) / 2 : position(known);
    this.output.textContent = text;
    this.input.setAttribute("aria-valuetext", text);
  }

  #value() {
    const { none, value } = this.row;
    const position = Number(this.input.value);
    return none?.position === position ? null : value(position);
  }
}

// A label and a readout above a control.
export function line(label, output, control) {
  const made = make("div", { className: "slider" });
  made.append(make("label", { htmlFor: control.id, textContent: label }), output, control);
  return made;
}

export function make(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}
