// The files: one that most people want, the others by what they are for, and all of them as one.

import { request } from "../api.js";
import { complain, say } from "../messages.js";
import { arButton } from "./ar.js";

const FORMS = { mesh: "mesh", points: "points", voxels: "voxels" };
// By purpose: [title, what it is, [form, suffix] pairs]. Whatever stands nowhere here comes under the last.
const PURPOSES = [
  ["3D printing", "Bambu Studio, PrusaSlicer, Cura", [["mesh", "3mf"], ["mesh", "stl"]]],
  ["Augmented reality", "iPhone (usdz) and Android (glb)", [["mesh", "usdz"], ["mesh", "glb"]]],
  ["Rooms and scenes", "Sweet Home 3D (sh3f), Blender", [["mesh", "sh3f"], ["mesh", "obj"], ["mesh", "ply"]]],
  ["Points", "MeshLab, CloudCompare", [["points", "ply"], ["points", "glb"], ["points", "obj"]]],
  ["Blocks", "voxel editors, Python", [["voxels", "glb"], ["voxels", "binvox"], ["voxels", "stl"]]],
  ["Data", "NumPy and other programs", []],
];
const BEST = ["mesh", "glb"];

export class Downloads {
  constructor(element) {
    this.element = element;
  }

  show(links, name, result) {
    const best = button(BEST, links, name, "Download the object (GLB)");
    best.classList.add("primary");
    best.removeAttribute("aria-label"); // its text says it
    const note = made("p", { className: "hint", textContent: "Opens in Windows, Android, Blender and most viewers." });
    const ar = arButton(links.mesh);
    const wasOpen = this.element.querySelector("details")?.open ?? false;
    const others = made("details", { open: wasOpen });
    others.append(made("summary", { textContent: "Other files, and all as a zip" }), ...groups(links).map((group) => line(group, links, name)));
    if (result.unit !== "metre") noteUnit(others, result);
    if (links.all) others.append(allButton(links.all, name));
    this.element.replaceChildren(best, ...(ar ? [ar] : []), note, others);
  }

  clear() {
    this.element.replaceChildren();
  }
}

// The purposes with the files that this server can write, every one of them somewhere.
function groups(links) {
  const pairs = Object.keys(FORMS).flatMap((form) => Object.keys(links[form]).map((suffix) => [form, suffix]));
  const placed = new Set(PURPOSES.flatMap(([, , files]) => files.map(String)));
  const rest = pairs.filter((pair) => !placed.has(String(pair)));
  return PURPOSES.map(([title, use, files], i) => {
    const isLast = i === PURPOSES.length - 1;
    return { title, use, files: [...files.filter(([form, suffix]) => links[form][suffix]), ...(isLast ? rest : [])] };
  }).filter(({ files }) => files.length);
}

function line({ title, use, files }, links, name) {
  const group = made("div", { role: "group" });
  group.setAttribute("aria-label", title);
  const buttons = made("span");
  buttons.append(...files.map((file) => button(file, links, name, labelOf(file, title))));
  const head = made("p");
  head.append(made("b", { textContent: title }), made("small", { textContent: use }));
  group.append(head, buttons);
  return group;
}

// An STL says no unit, and slicers read millimetres.
function noteUnit(others, { size, assumed_scale: scale }) {
  const stl = others.querySelector("[data-file='mesh.stl']");
  if (!stl) return;
  const guessed = scale ? ", and 3mf at a size that is guessed" : "";
  const textContent = `No size was given: slicers will show the stl ${size[1].toPrecision(2)} mm high${guessed}. Give a ` +
    "size in the settings.";
  stl.closest("div").append(made("p", { id: "no-unit", className: "hint", textContent }));
}

const labelOf = ([form, suffix], title) => (title === "Data" && form !== "mesh" ? `${form} ${suffix}` : suffix);

function button([form, suffix], links, name, text) {
  const element = made("button", { type: "button", textContent: text });
  element.dataset.file = `${form}.${suffix}`;
  element.setAttribute("aria-label", `Download the ${FORMS[form]} as ${suffix}`);
  element.addEventListener("click", () => download(links[form][suffix], `${stem(name)}-${form}.${suffix}`));
  return element;
}

function allButton(path, name) {
  const element = made("button", { type: "button", textContent: "All files as a zip" });
  element.dataset.file = "all.zip";
  element.addEventListener("click", () => download(path, `${stem(name)}.zip`));
  return element;
}

// Through fetch rather than a plain link: a link sends no token, and shows its errors in place of the page.
async function download(path, filename) {
  complain(null);
  say(`Fetching ${filename}…`);
  try {
    const url = URL.createObjectURL(await (await request(path)).blob());
    Object.assign(document.createElement("a"), { href: url, download: filename }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
    say(`${filename} is saved.`);
  } catch (error) {
    complain(error.status === 404
      ? "The server no longer keeps this result. Press “Reconstruct again”, then download."
      : error.message);
    say("The download did not work.");
  }
}

const stem = (name) => name.replace(/\.[^.]*$/, "").replace(/[^\p{L}\p{N}_-]+/gu, "-") || "object";

function made(tag, properties = {}) {
  return Object.assign(document.createElement(tag), properties);
}
