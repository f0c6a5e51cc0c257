// The voxels' outer faces: a square wherever an occupied cell meets an empty one.

import { BufferAttribute, BufferGeometry } from "../three/three.js";
import { confidenceColors, linearColors } from "./colors.js";

// The corners of each side of a unit cell, anticlockwise from outside, and the step to its neighbour.
const SIDES = [
  { step: [1, 0, 0], corners: [[1, 0, 0], [1, 1, 0], [1, 1, 1], [1, 0, 1]] },
  { step: [-1, 0, 0], corners: [[0, 0, 1], [0, 1, 1], [0, 1, 0], [0, 0, 0]] },
  { step: [0, 1, 0], corners: [[0, 1, 1], [1, 1, 1], [1, 1, 0], [0, 1, 0]] },
  { step: [0, -1, 0], corners: [[0, 0, 0], [1, 0, 0], [1, 0, 1], [0, 0, 1]] },
  { step: [0, 0, 1], corners: [[0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]] },
  { step: [0, 0, -1], corners: [[0, 1, 0], [1, 1, 0], [1, 0, 0], [0, 0, 0]] },
];

// {faces, edges: geometries that share their vertices, colors, confidence: linear rgb at each vertex, or null}
export function voxelGeometry({ occupancy, side, colors, probabilities }) {
  const n = occupancy.shape[0];
  const squares = outerSquares(occupancy.data, n);
  const cell = side.data[0] / n;
  const positions = new Float32Array(12 * squares.length);
  const normals = new Float32Array(12 * squares.length);
  squares.forEach(({ x, y, z, side: { step, corners } }, i) => {
    corners.forEach((corner, k) => {
      positions.set([x, y, z].map((at, axis) => (at + corner[axis] - n / 2) * cell), 12 * i + 3 * k);
      normals.set(step, 12 * i + 3 * k);
    });
  });
  const cells = squares.map(({ x, y, z }) => (x * n + y) * n + z);
  const own = linearColors(colors && gather(colors.data, cells, 3), cells.length);
  const sure = probabilities && confidenceColors(gather(probabilities.data, cells, 1));
  return {
    ...geometries(positions, normals, squares.length),
    colors: repeat(own),
    confidence: sure ? repeat(sure) : null,
  };
}

function outerSquares(occupied, n) {
  const isOccupied = (x, y, z) =>
    x >= 0 && y >= 0 && z >= 0 && x < n && y < n && z < n && occupied[(x * n + y) * n + z];
  const squares = [];
  for (let cell = 0; cell < occupied.length; cell++) {
    if (!occupied[cell]) continue;
    const [x, y, z] = [Math.floor(cell / (n * n)), Math.floor(cell / n) % n, cell % n];
    for (const side of SIDES) {
      const [dx, dy, dz] = side.step;
      if (!isOccupied(x + dx, y + dy, z + dz)) squares.push({ x, y, z, side });
    }
  }
  return squares;
}

function geometries(positions, normals, numSquares) {
  const position = new BufferAttribute(positions, 3);
  const faces = new BufferGeometry();
  faces.setAttribute("position", position);
  faces.setAttribute("normal", new BufferAttribute(normals, 3));
  faces.setIndex(indices(numSquares, [0, 1, 2, 0, 2, 3]));
  const edges = new BufferGeometry();
  edges.setAttribute("position", position);
  edges.setIndex(indices(numSquares, [0, 1, 1, 2, 2, 3, 3, 0]));
  return { faces, edges };
}

function indices(numSquares, pattern) {
  const index = new Uint32Array(numSquares * pattern.length);
  for (let i = 0; i < index.length; i++) {
    index[i] = 4 * Math.floor(i / pattern.length) + pattern[i % pattern.length];
  }
  return new BufferAttribute(index, 1);
}

function gather(values, rows, width) {
  const gathered = new values.constructor(rows.length * width);
  for (const [i, row] of rows.entries()) gathered.set(values.subarray(row * width, (row + 1) * width), i * width);
  return gathered;
}

// A colour for each square -> one for each of its four corners.
function repeat(colors) {
  const repeated = new Float32Array(4 * colors.length);
  for (let i = 0; i < repeated.length; i++) repeated[i] = colors[3 * Math.floor(i / 12) + (i % 3)];
  return repeated;
}
