// Fetches the three forms of a result as arrays.

import { request } from "../api.js";
import { readNpz } from "./npz.js";

// {mesh, points, voxels}, each as readNpz gives it, the mesh with its texture's picture as a canvas where it has one;
// `confidence` and `probabilities` only where the model knows them.
export async function loadShapes(links, signal) {
  const forms = ["mesh", "points", "voxels"];
  const load = async (form) => readNpz(await (await request(links[form].npz, { signal })).arrayBuffer());
  const arrays = await Promise.all(forms.map(load));
  arrays[0].texture = await decoded(arrays[0].picture);
  return Object.fromEntries(forms.map((form, i) => [form, arrays[i]]));
}

export const hasConfidence = (shapes) => Boolean(shapes.points.confidence || shapes.voxels.probabilities);

// The bytes of a JPEG as a canvas, which WebGL turns upright; it would not an ImageBitmap.
async function decoded(picture) {
  if (!picture) return null;
  const image = await createImageBitmap(new Blob([picture.data], { type: "image/jpeg" }));
  const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
  canvas.getContext("2d").drawImage(image, 0, 0);
  image.close();
  return canvas;
}
