// "Is this wrong?": what the program knows that may have gone wrong, each with the control that mends it, and below them
// what can always be tried.

import { otherWay } from "../asking.js";
import { unfold } from "../folds.js";

const element = (id) => document.getElementById(id);
const UNSURE = 0.5; // with less, the shape is more probably wrong than right
const THIN = 0.001; // metres

// What mends it: a name on the button, what it does, and where it makes sense, if not always: (session, result).
const MENDS = {
  point: ["Click on the object", (session) => mode(session, "point", "overlay")],
  region: ["Draw a box around it", (session) => mode(session, "region", "region")],
  paint: ["Paint the object", (session) => mode(session, "paint", "overlay")],
  way: ["Cut it out another way", cutOtherwise, (session, result) => !session.way && wayOf(session, result)],
  firstWay: ["Back to the first outline", (session) => session.setObject({ way: null }), (session) => session.way],
  photo: ["Choose another photo", () => element("file").click()],
  threshold: ["Change the threshold", () => show("threshold")],
  resolution: ["Change the resolution", () => show("resolution")],
  size: ["Give a size", () => show("dimension")],
  printable: ["Leave the printing", (session) => session.setOptions({ printable: false })],
  confidence: ["Show where it is unsure", () => choose("#shading [value=confidence]")],
  back: ["Turn it half round", (session) => turn(session, 2)],
  left: ["Its left is in front", (session) => turn(session, 1)],
  right: ["Its right is in front", (session) => turn(session, 3)],
  depth: ["Mirror its depth", (session) => mirror(session, "mirrored"), (_, result) => result.camera && !result.depth],
  firstDepth: ["Back to the first depth", (session) => mirror(session, "seen"), (_, result) => result.depth],
  compare: ["Compare with the photo", () => press("comparing")],
};

// Quarters to the left, from the front that there is.
const ROUND = ["auto", "left", "back", "right"];

function turn(session, quarters) {
  const now = Math.max(ROUND.indexOf(session.options.front), 0);
  session.setOptions({ front: ROUND[(now + quarters) % ROUND.length] });
  lookAtShapes();
}

function mirror(session, depth) {
  session.setOptions({ depth });
  lookAtShapes();
}

const wayOf = ({ mode }, result) => otherWay(mode, result.object?.method);

function cutOtherwise(session, result) {
  session.setObject({ way: wayOf(session, result) });
  lookAtShapes();
}

// Of a warning: [what it says, what is wrong, what mends it].
const WARNINGS = [
  [/cuts the object/, "The photo, or the box, cuts the object off, and what lies beyond is guessed.", ["photo", "region"]],
  [/more than one object/, "There are several objects, and the largest was taken.", ["point", "region"]],
  [/most about|point lies beside/, "What you clicked on may not be the object.", ["point", "region", "paint"]],
  [/not sure which pixels/, "It is not certain which pixels are the object.", ["way", "firstWay", "point", "paint"]],
  [/may show no object/, "There may be no object in the photo.", ["point", "way", "firstWay", "photo"]],
  [/stands? out from the/, "The object hardly differs from its background, or its shadow was taken with it.", ["way", "firstWay", "point", "paint"]],
  [/unlike anything/, "The model has seen nothing like it: another kind of object, or an unusual pose.", ["photo", "confidence"]],
  [/alpha|haze|speck/, "The photo's cut-out is not clean.", ["paint"]],
];

// What can always be tried.
const ALWAYS = [
  { text: "Not the object that you meant, or not all of it?", mends: ["point", "region", "paint", "way", "firstWay"] },
  { text: "Parts are missing, or grown together?", mends: ["threshold", "resolution", "compare"] },
  { text: "Facing the wrong way, or photographed from below?", mends: ["back", "left", "right", "depth", "firstDepth"] },
  { text: "Too large or too small?", mends: ["size"] },
];

// [{text, mends: names}] of a result: what is known first, then what can always be tried.
export function doubtsOf({ warnings = [], confidence, camera, depth, finish, unit }) {
  const doubts = WARNINGS.filter(([pattern]) => warnings.some((text) => pattern.test(text)))
    .map(([, text, mends]) => ({ text, mends }));
  if (typeof confidence === "number" && confidence < UNSURE) {
    doubts.push({ text: "The model is not sure of this shape.", mends: ["way", "firstWay", "confidence", "photo", "depth"] });
  }
  if (camera && camera.certainty < UNSURE) {
    doubts.push({ text: "It is not certain which side is its front.", mends: ["back", "left", "right"] });
  }
  if (depth) doubts.push({ text: "Its depth is mirrored, as you asked: nobody knows how sure it is.", mends: ["firstDepth", "compare"] });
  if (finish?.pieces_dropped) doubts.push({ text: "Loose pieces were left out for printing.", mends: ["printable", "threshold"] });
  if (unit === "metre" && finish?.wall_thickness?.thinnest < THIN) {
    doubts.push({ text: "Its thinnest wall is under a millimetre.", mends: ["size", "threshold"] });
  }
  return [...doubts, ...ALWAYS];
}

export class Doubts {
  constructor(session) {
    this.session = session;
  }

  // It opens by itself where something is known to speak against the shape, and then shows that first.
  show(result) {
    const all = doubtsOf(result);
    const known = all.slice(0, all.length - ALWAYS.length);
    const focused = document.activeElement.dataset.mend;
    element("doubts").hidden = false;
    element("doubts").open = known.length > 0 || Boolean(focused);
    this.#fill("doubts-list", known.length ? known : ALWAYS, result);
    this.#fill("doubts-always", known.length ? ALWAYS : [], result);
    element("doubts-more").hidden = !known.length;
    this.#focus(focused);
  }

  clear() {
    element("doubts").hidden = true;
    for (const id of ["doubts-list", "doubts-always"]) element(id).replaceChildren();
  }

  #fill(id, doubts, result) {
    element(id).replaceChildren(...doubts.map((doubt) => this.#item(doubt, result)));
  }

  #item({ text, mends }, result) {
    const item = document.createElement("li");
    const buttons = Object.assign(document.createElement("span"), { className: "buttons" });
    for (const mend of mends) {
      const [name, act, isPossible] = MENDS[mend];
      if (isPossible && !isPossible(this.session, result)) continue;
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: name });
      button.dataset.mend = mend;
      button.addEventListener("click", () => act(this.session, result));
      buttons.append(button);
    }
    item.append(Object.assign(document.createElement("p"), { textContent: text }), buttons);
    return item;
  }

  // Whoever pressed a button of the list before goes on from the same one, or from what takes it back.
  #focus(mend) {
    if (!mend) return;
    const others = { way: "firstWay", firstWay: "way", depth: "firstDepth", firstDepth: "depth" };
    const named = (name) => element("doubts").querySelector(`[data-mend="${name}"]`);
    const button = named(mend) ?? named(others[mend]);
    if (!button) return;
    unfold(button);
    button.focus({ preventScroll: true });
  }
}

// Into view, open where it is folded away, and with the focus.
function show(id) {
  const control = element(id);
  if (!control) return;
  unfold(control);
  control.scrollIntoView({ block: "center" });
  control.focus({ preventScroll: true });
}

function mode(session, name, id) {
  if (!session.photo?.picture) return;
  session.setObject({ mode: name });
  show(id);
}

function choose(selector) {
  const input = document.querySelector(selector);
  if (!input.disabled) input.click();
  lookAtShapes();
}

function press(id) {
  if (element(id).getAttribute("aria-pressed") === "false") element(id).click();
  lookAtShapes();
}

function lookAtShapes() {
  element("shapes").scrollIntoView({ block: "start" });
}
