// How a control is laid out.

// A label and a readout above a control.
export function line(label, output, control) {
  const made = make("div", { className: "slider" });
  made.append(make("label", { htmlFor: control.id, textContent: label }), output, control);
  return made;
}

export function make(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}
