// What is known of the shape: size, warnings, confidence, how long it took. Whatever the server does not say is left out.

import { narrow } from "../folds.js";
import { inPageWords } from "../words.js";
import { Doubts } from "./doubts.js";
import { Downloads } from "./downloads.js";

const DIMENSIONS = ["wide", "high", "deep"];
const element = (id) => document.getElementById(id);

export class ResultPanel {
  constructor(session) {
    this.downloads = new Downloads(element("downloads"));
    this.doubts = new Doubts(session);
    session.addEventListener("result", () => (session.result ? this.#show(session.result) : this.#clear()));
  }

  #show({ answer, name }) {
    const { result, links } = answer;
    element("no-result").hidden = true;
    element("facts").replaceChildren(list(firstFactsOf(result)), moreFacts(otherFactsOf(result)));
    const warnings = (result.warnings ?? []).map((text) => item("li", inPageWords(text)));
    element("warnings").replaceChildren(...warnings);
    this.downloads.show(links, name, result);
    this.doubts.show(result);
  }

  // Another photo: nothing of this one's stays, its files least of all.
  #clear() {
    element("no-result").hidden = false;
    for (const id of ["facts", "warnings"]) element(id).replaceChildren();
    this.downloads.clear();
    this.doubts.clear();
  }
}

// What somebody looks for: how far to trust it, how large it is, what is missing.
function firstFactsOf(result) {
  const { unit, finish, confidence } = result;
  const facts = typeof confidence === "number" ? [["Confidence", `${percent(confidence)} that the shape is right`]] : [];
  facts.push(...sizeFacts(result));
  if (finish?.pieces_dropped) facts.push(["Left out", `${finish.pieces_dropped} loose piece${finish.pieces_dropped > 1 ? "s" : ""}`]);
  if (finish?.wall_thickness && unit === "metre") facts.push(["Thinnest wall", millimetres(finish.wall_thickness.thinnest)]);
  return facts;
}

function otherFactsOf(result) {
  const { unit, mesh, finish, timings, model, notes = [] } = result;
  const isMetric = unit === "metre";
  const facts = isMetric ? [] : [["Proportions", ratios(result.size)]];
  facts.push(["Mesh", `${mesh.closed ? "closed" : "open"}${isMetric ? `, ${litres(mesh.volume)}` : ""}`]);
  if (finish?.center_of_mass && isMetric) facts.push(["Centre of mass", `${centimetres(finish.center_of_mass, ", ")}`]);
  facts.push(["Made in", `${timings.total.toFixed(2)} s by model “${model}”`]);
  facts.push(...notes.map((text) => ["Note", inPageWords(text)]));
  return facts;
}

// One size, the one that files are written at: as it was given, as it is guessed, or that it is not known.
function sizeFacts({ size, unit, size_estimate: guess, size_range_tells: tells, assumed_scale: scale }) {
  if (unit === "metre") return [["Size", said(size)]];
  const metres = scale && size.map((length) => length * scale.metres_per_unit);
  if (!metres) return [];
  if (scale.from !== "estimate") return [["Size", `not known; files for real sizes (3mf, usdz, sh3f) have ${centimetres(metres)}`]];
  const facts = [["Likely size", `${said(metres)}, the model's guess`]];
  if (guess && tells) facts.push([`${percent(guess.coverage)} range`, longestRange(guess)]);
  return facts;
}

// Of the longest side: one range says how far to trust all three.
function longestRange({ metres, low, high }) {
  const longest = metres.indexOf(Math.max(...metres));
  return `${cm(low[longest])} to ${cm(high[longest])} cm ${DIMENSIONS[longest]}`;
}

const percent = (share) => `${Math.round(100 * share)} %`;
const litres = (cubicMetres) => `${(1000 * cubicMetres).toFixed(1)} litres`;
const millimetres = (metres) => `${(1000 * metres).toFixed(1)} mm`;
const ratios = (size) =>
  size.map((length, axis) => `${(length / Math.max(...size)).toFixed(2)} ${DIMENSIONS[axis]}`).join(" : ");
const cm = (metres) => (100 * metres).toFixed(Math.abs(metres) < 0.1 ? 1 : 0);
const centimetres = (sizes, between = " × ") => `${sizes.map(cm).join(between)} cm`;
const said = (sizes) => `${centimetres(sizes)}, width × height × depth`;

function item(tag, text) {
  return Object.assign(document.createElement(tag), { textContent: text });
}

function list(facts) {
  const made = Object.assign(document.createElement("dl"), { className: "facts" });
  made.append(...facts.flatMap(([term, text]) => [item("dt", term), item("dd", text)]));
  return made;
}

function moreFacts(facts) {
  const made = Object.assign(document.createElement("details"), { className: "fold is-plain-wide", open: !narrow.matches });
  made.append(item("summary", "More about it"), list(facts));
  return made;
}
