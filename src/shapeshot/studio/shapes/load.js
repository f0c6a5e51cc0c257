// Fetches the three forms of a result as arrays.

import { request } from "../api.js";
import { readNpz } from "./npz.js";

// {mesh, points, voxels}, each as readNpz gives it; `confidence` and `probabilities` only where the model knows them.
export async function loadShapes(links, signal) {
  const forms = ["mesh", "points", "voxels"];
  const load = async (form) => readNpz(await (await request(links[form].npz, { signal })).arrayBuffer());
  const arrays = await Promise.all(forms.map(load));
  return Object.fromEntries(forms.map((form, i) => [form, arrays[i]]));
}

export const hasConfidence = (shapes) => Boolean(shapes.points.confidence || shapes.voxels.probabilities);
