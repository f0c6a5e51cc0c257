// A mesh with its depth the other way round, for the small picture of that candidate; `depth=mirrored` makes the real one.

import { axesOf, dot } from "./photo_camera.js";

const NEAREST = 1e-3; // of the camera's distance

// The mesh as the same rays hold it once what lay nearest lies farthest, beside a camera of the same azimuth that looks
// up as it looked down. Its own place is lost: it lies about the camera.
export function mirroredMesh({ vertices, faces, colors }, camera) {
  const [before, after] = [axesOf(camera), axesOf({ ...camera, elevation_deg: -camera.elevation_deg })];
  const distance = dot(before.backward, camera.position, 0) - dot(before.backward, camera.target, 0);
  const moved = new Float32Array(vertices.data.length);
  for (let i = 0; i < moved.length; i += 3) {
    const from = [0, 1, 2].map((k) => vertices.data[i + k] - camera.position[k]);
    const [x, y, z] = [before.right, before.up, before.backward].map((axis) => dot(axis, from, 0));
    const [depth, other] = [-z, 2 * distance + z].map((length) => Math.max(length, NEAREST * distance));
    for (let k = 0; k < 3; k++) {
      moved[i + k] = (x * after.right[k] + y * after.up[k]) * (other / depth) - other * after.backward[k];
    }
  }
  const turned = faces.data.map((_, i, all) => all[i - (i % 3) + 2 - (i % 3)]); // inside out otherwise
  return { vertices: { ...vertices, data: moved }, faces: { ...faces, data: turned }, colors };
}
