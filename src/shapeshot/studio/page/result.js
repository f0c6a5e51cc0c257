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
  }
}

function factsOf({ size, unit, size_estimate: guess, mesh, confidence, timings, model }) {
  const facts = [];
  if (unit === "metre") facts.push(["Size", `${centimetres(size)} (width × height × depth)`]);
  else facts.push(["Proportions", `${size.map((length) => (length / Math.max(...size)).toFixed(2)).join(" : ")}`]);
  if (guess) facts.push(["Likely size", guessed(guess)]);
  facts.push(["Mesh", `${mesh.closed ? "closed" : "open"}${volume(mesh, unit)}`]);
  if (confidence !== undefined && confidence !== null) facts.push(["Confidence", `${Math.round(100 * confidence)} %`]);
  facts.push(["Made in", `${timings.total.toFixed(2)} s by model “${model}”`]);
  return facts;
}

function guessed({ metres, low, high, coverage }) {
  const range = low.map((least, axis) => `${cm(least)}–${cm(high[axis])}`).join(" × ");
  return `${centimetres(metres)}; ${Math.round(100 * coverage)} % range ${range}`;
}

function volume({ volume }, unit) {
  return unit === "metre" ? `, ${(1000 * volume).toFixed(1)} litres` : "";
}

const cm = (metres) => (100 * metres).toFixed(metres < 0.1 ? 1 : 0);
const centimetres = (sizes) => `${sizes.map(cm).join(" × ")} cm`;

function item(tag, text) {
  return Object.assign(document.createElement(tag), { textContent: text });
}
