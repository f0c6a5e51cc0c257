// What is known of the shape: size, warnings, confidence, how long it took. Whatever the server does not say is left out.

import { Downloads } from "./downloads.js";

export class ResultPanel {
  constructor(session) {
    this.downloads = new Downloads(document.getElementById("downloads"));
    session.addEventListener("result", () => this.#show(session.result));
  }

  #show({ answer, name }) {
    const { result, links } = answer;
    document.getElementById("no-result").hidden = true;
    const facts = document.getElementById("facts");
    facts.replaceChildren(...factsOf(result).flatMap(([term, text]) => [item("dt", term), item("dd", text)]));
    const warnings = (result.warnings ?? []).map((text) => item("li", text));
    document.getElementById("warnings").replaceChildren(...warnings);
    this.downloads.show(links, name);
    document.getElementById("assumed").textContent = assumption(result);
  }
}

// Files that are made for a real size have one even where none is known.
function assumption({ assumed_scale: scale, size }) {
  if (!scale) return "";
  const metres = centimetres(size.map((length) => length * scale.metres_per_unit));
  const source = scale.from === "estimate" ? "scaled to the model's guess" : scale.from;
  return `3mf, usdz and sh3f are written at ${metres} (${source}). The settings take a size that you know.`;
}

function factsOf(result) {
  const { size, unit, size_estimate: guess, mesh, finish, confidence, timings, model } = result;
  const isMetric = unit === "metre";
  const facts = [isMetric ? ["Size", `${centimetres(size)}, width × height × depth`] : ["Proportions", ratios(size)]];
  if (guess) facts.push(["Likely size", centimetres(guess.metres)], [`${percent(guess.coverage)} range`, range(guess)]);
  facts.push(["Mesh", `${mesh.closed ? "closed" : "open"}${isMetric ? `, ${litres(mesh.volume)}` : ""}`]);
  if (finish?.wall_thickness && isMetric) facts.push(["Thinnest wall", millimetres(finish.wall_thickness.thinnest)]);
  if (finish?.center_of_mass && isMetric) facts.push(["Centre of mass", `${centimetres(finish.center_of_mass, ", ")}`]);
  if (typeof confidence === "number") facts.push(["Confidence", percent(confidence)]);
  facts.push(["Made in", `${timings.total.toFixed(2)} s by model “${model}”`]);
  return facts;
}

const percent = (share) => `${Math.round(100 * share)} %`;
const litres = (cubicMetres) => `${(1000 * cubicMetres).toFixed(1)} litres`;
const millimetres = (metres) => `${(1000 * metres).toFixed(1)} mm`;
const ratios = (size) => size.map((length) => (length / Math.max(...size)).toFixed(2)).join(" : ");
const range = ({ low, high }) => `${low.map((least, axis) => `${cm(least)}–${cm(high[axis])}`).join(" × ")} cm`;
const cm = (metres) => (100 * metres).toFixed(Math.abs(metres) < 0.1 ? 1 : 0);
const centimetres = (sizes, between = " × ") => `${sizes.map(cm).join(between)} cm`;

function item(tag, text) {
  return Object.assign(document.createElement(tag), { textContent: text });
}
