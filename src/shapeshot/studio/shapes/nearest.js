// The nearest point's value: how the mesh gets its confidence from the points on its surface.

const CELLS = 24; // along each side of the points' box

// values float32 [points] at the points nearest to `queries` (both flat xyz).
export function nearestValues(points, values, queries) {
  const grid = new Grid(points);
  const found = new Float32Array(queries.length / 3);
  for (let i = 0; i < found.length; i++) found[i] = values[grid.nearest(queries.subarray(3 * i, 3 * i + 3))];
  return found;
}

class Grid {
  constructor(points) {
    this.points = points;
    this.low = [0, 1, 2].map((axis) => extreme(points, axis, Math.min));
    const high = [0, 1, 2].map((axis) => extreme(points, axis, Math.max));
    this.cell = Math.max(...high.map((top, axis) => top - this.low[axis]), 1e-9) / CELLS;
    this.cells = new Map();
    for (let i = 0; i < points.length / 3; i++) {
      const key = this.#key(...this.#place(points.subarray(3 * i, 3 * i + 3)));
      if (!this.cells.has(key)) this.cells.set(key, []);
      this.cells.get(key).push(i);
    }
  }

  // Rings of cells around the query, until no cell further out can hold a nearer point.
  nearest(query) {
    const [cx, cy, cz] = this.#place(query);
    let best = 0;
    let squared = Infinity;
    for (let ring = 0; ring <= CELLS + 1; ring++) {
      if (squared <= ((ring - 1) * this.cell) ** 2) break;
      for (let x = cx - ring; x <= cx + ring; x++) {
        for (let y = cy - ring; y <= cy + ring; y++) {
          const isRim = Math.max(Math.abs(x - cx), Math.abs(y - cy)) === ring;
          for (let z = cz - ring; z <= cz + ring; z += isRim ? 1 : 2 * ring) {
            for (const i of this.cells.get(this.#key(x, y, z)) ?? []) {
              const distance = this.#squaredDistance(i, query);
              if (distance < squared) [best, squared] = [i, distance];
            }
          }
        }
      }
    }
    return best;
  }

  #place(point) {
    return [0, 1, 2].map((axis) => {
      const place = Math.floor((point[axis] - this.low[axis]) / this.cell);
      return Math.min(Math.max(place, 0), CELLS);
    });
  }

  #key(x, y, z) {
    return ((x + 64) * 256 + y + 64) * 256 + z + 64;
  }

  #squaredDistance(i, query) {
    let sum = 0;
    for (let axis = 0; axis < 3; axis++) sum += (this.points[3 * i + axis] - query[axis]) ** 2;
    return sum;
  }
}

function extreme(points, axis, choose) {
  let value = points[axis];
  for (let i = axis; i < points.length; i += 3) value = choose(value, points[i]);
  return value;
}
