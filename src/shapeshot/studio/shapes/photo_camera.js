// The photo's own camera, from what the result says of it: where it stood, and which piece of its picture the crop is.

const NARROWEST = 1e-6;
const ROOM = 0.98; // of the crop's side: what the shape fills of it at most

// {origin: [x, y, z], in the unit of the result, from the shape's own origin; square: {left, top, side}: the crop on the
// plane at distance 1 before the camera}, or null where the result names no camera.
// vertices: of the mesh, flat xyz, in the unit of the result.
export function photoCamera({ camera, object }, vertices) {
  const told = [camera?.azimuth_deg, camera?.elevation_deg, ...(camera?.position ?? [undefined])];
  if (!told.every(Number.isFinite) || !vertices.length) return null;
  const distance = Math.hypot(...camera.position);
  const axes = axesOf(camera);
  const seen = extents(vertices, axes, distance);
  return { origin: axes.backward.map((value) => value * distance), square: squareOn(seen, object) };
}

// Right, up, and the way back to the camera: unit vectors; azimuth 0 is in front (+z), 90 at +x.
export function axesOf({ azimuth_deg: azimuth, elevation_deg: elevation }) {
  const [sinA, cosA, sinE, cosE] = [azimuth, elevation].flatMap((angle) => {
    const radians = (angle * Math.PI) / 180;
    return [Math.sin(radians), Math.cos(radians)];
  });
  return { right: [cosA, 0, -sinA], up: [-sinA * sinE, cosE, -cosA * sinE], backward: [sinA * cosE, sinE, cosA * cosE] };
}

// The least and greatest tangents, across and up, under which the camera sees the vertices.
function extents(vertices, { right, up, backward }, distance) {
  const low = [Infinity, Infinity];
  const high = [-Infinity, -Infinity];
  for (let i = 0; i < vertices.length; i += 3) {
    const depth = Math.max(distance - dot(backward, vertices, i), NARROWEST);
    for (const [k, axis] of [right, up].entries()) {
      const tangent = dot(axis, vertices, i) / depth;
      low[k] = Math.min(low[k], tangent);
      high[k] = Math.max(high[k], tangent);
    }
  }
  return { low, high };
}

// The crop, so that the shape lies in it where the object lies in the photo. Both boxes rarely have the same proportions:
// their areas are made to agree, as long as nothing of the shape is cut off.
function squareOn({ low, high }, { crop, box }) {
  const wide = [0, 1].map((k) => Math.max(high[k] - low[k], NARROWEST));
  const within = box ?? { left: crop.left, top: crop.top, right: crop.left + crop.side, bottom: crop.top + crop.side };
  const area = (within.right - within.left) * (within.bottom - within.top);
  const pixels = Math.min(Math.sqrt(area / (wide[0] * wide[1])), (ROOM * crop.side) / Math.max(...wide)); // per tangent
  const middle = [0, 1].map((k) => (low[k] + high[k]) / 2);
  return {
    left: middle[0] - ((within.left + within.right) / 2 - crop.left) / pixels,
    top: middle[1] + ((within.top + within.bottom) / 2 - crop.top) / pixels,
    side: crop.side / pixels,
  };
}

export const dot = (axis, vertices, i) => axis[0] * vertices[i] + axis[1] * vertices[i + 1] + axis[2] * vertices[i + 2];
