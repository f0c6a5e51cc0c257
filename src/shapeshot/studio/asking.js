// What is asked of the server for one photo. `said` holds {photo, mode, points, region, mask, options}: a photo, what the
// user says of the object in it, and the settings.

import { reconstruct } from "./api.js";
import { patiently } from "./patience.js";
import { loadShapes } from "./shapes/load.js";

export const NOTHING_SAID = { mode: "auto", points: [], region: null, mask: null, way: null, found: null };
const OTHER_WAYS = { finder: "plain", "plain background": "finder", alpha: "finder" };
const LOOKED_FOR = ["auto", "region"]; // modes in which there is more than one way to tell the object from the rest

// How the object could be cut out of the photo instead: the name of another way, or null. method: the one that was taken.
export const otherWay = (mode, method) => (LOOKED_FOR.includes(mode) && OTHER_WAYS[method]) || null;

// {answer, shapes}. wait: called with a sentence while the server is busy or gone.
export async function askForShapes(said, declared, signal, wait) {
  const form = formOf(said, declared, ["find", "shape", "finish"]);
  const answer = await patiently(() => reconstruct(form, signal), signal, wait);
  return { answer, shapes: await loadShapes(answer.links, signal) };
}

// The multipart form with the options that act at these stages: the object's route takes those of the first alone.
export function formOf({ photo, mode, points, region, mask, way, options }, declared, stages) {
  const form = new FormData();
  form.set("image", photo.blob, "photo");
  if (mode === "keep") form.set("background", "keep");
  if (way && LOOKED_FOR.includes(mode)) form.set("background", way);
  if (mode === "point" && points.length) {
    form.set("point", points.map(({ x, y }) => `${Math.floor(x)},${Math.floor(y)}`).join(" "));
  }
  if (mode === "region" && region) {
    const { left, top, right, bottom } = region;
    form.set("region", [left, top, right, bottom].map(Math.round).join(","));
  }
  if (mode === "paint" && mask) form.set("mask", mask, "mask.png");
  for (const { name, stage } of declared) {
    const value = options[name] ?? null;
    if (stages.includes(stage) && value !== null) form.set(name, value);
  }
  return form;
}
