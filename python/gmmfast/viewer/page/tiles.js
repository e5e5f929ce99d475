// The survivors of each tile as float32 entries, and the tiles that a view shows.
//
// Coordinates (u, v) of a tile run from -1 to 1. An entry expands its component around the point
// (u0, v0) of the tile nearest to the component's mean, where the expansion is short:
//
//   D = d + g (u - u0) + h (v - v0) - (a (u - u0) + b (v - v0))^2 - (c (v - v0))^2,
//
// log2 of the density less the tile's plane l0 + lu u + lv v, the tangent in the middle of the
// widest survivor. All is computed in float64; what is rounded to float32 is small wherever the
// component matters.

/** Numbers of an entry: d g h u0, v0 a b c, then of colors: their values, slopes, variances. */
export const ENTRY = 20;

/**
 * @typedef {object} TileData
 * @property {Float32Array} entries ENTRY numbers for each survivor.
 * @property {Uint32Array} components The survivors' indices.
 * @property {Float32Array} swatches Three levels of each survivor.
 * @property {Float64Array} planes l0, lu, lv of each tile.
 * @property {Uint32Array} starts
 * @property {Uint32Array} nMean
 * @property {Uint32Array} nAll
 */

/**
 * Returns the entries of a frame's tiles.
 * @param {import("./data.js").Model} model @param {import("./mixture.js").Plane} plane
 * @param {number} frame @param {(plane: object, k: number) => number[]} swatch
 * @returns {TileData}
 */
export function packTiles(model, plane, frame, swatch) {
  const [, rows, columns] = model.tiles;
  const nTiles = rows * columns;
  const first = frame * nTiles;
  const starts = model.starts.slice(first, first + nTiles + 1).map((s) => s - model.starts[first]);
  const nEntries = starts[nTiles];
  const data = {
    entries: new Float32Array(nEntries * ENTRY),
    components: new Uint32Array(nEntries),
    swatches: new Float32Array(nEntries * 3),
    planes: new Float64Array(3 * nTiles),
    starts,
    nMean: model.arrays.nMean.slice(first, first + nTiles),
    nAll: model.arrays.nAll.slice(first, first + nTiles),
  };
  const survivors = model.arrays.survivors;
  const colors = Array.from({ length: plane.n }, (_, k) => swatch(plane, k));
  for (let tile = 0; tile < nTiles; tile++) {
    const list = survivors.subarray(model.starts[first + tile], model.starts[first + tile + 1]);
    const box = boxOf(model, tile);
    data.planes.set(tangent(plane, list, box), 3 * tile);
    list.forEach((k, i) => {
      const at = starts[tile] + i;
      data.components[at] = k;
      data.swatches.set(colors[k], 3 * at);
      writeEntry(data.entries.subarray(at * ENTRY, (at + 1) * ENTRY), plane, k, box,
        data.planes.subarray(3 * tile, 3 * tile + 3));
    });
  }
  return data;
}

/** Returns the middle and half the sides of a tile. */
export function boxOf(model, tile) {
  const columns = model.tiles[2];
  const [[left, width], [top, height]] = model.tiling;
  const [i, j] = [tile % columns, Math.floor(tile / columns)];
  return { x: left + (i + 0.5) * width, y: top + (j + 0.5) * height, w: width / 2, h: height / 2 };
}

/** Expands log2 of the density of component k at (u, v) of a box: value, slopes, factors. */
function expand(plane, k, box, u, v) {
  const [a, b, c] = [plane.a[k] * box.w, plane.b[k] * box.h, plane.c[k] * box.h];
  const dv = v - (plane.my[k] - box.y) / box.h;
  const z1 = a * (u - (plane.mx[k] - box.x) / box.w) + b * dv;
  const z2 = c * dv;
  const q = plane.peak[k] - z1 * z1 - z2 * z2;
  return { q, g: -2 * a * z1, h: -2 * (b * z1 + c * z2), a, b, c };
}

function tangent(plane, list, box) {
  let widest = null, narrowness = Infinity;
  for (const k of list) {
    const n = (plane.a[k] * box.w) ** 2 + (plane.b[k] ** 2 + plane.c[k] ** 2) * box.h ** 2;
    if (n < narrowness) [widest, narrowness] = [k, n];
  }
  if (widest === null) return [0, 0, 0];
  const { q, g, h } = expand(plane, widest, box, 0, 0);
  return [q, g, h];
}

/**
 * Writes the entry of component k in a box.
 * @param {Float32Array} entry @param {import("./mixture.js").Plane} plane @param {number} k
 * @param {{x: number, y: number, w: number, h: number}} box @param {Float64Array} tilePlane
 */
function writeEntry(entry, plane, k, box, [l0, lu, lv]) {
  const clamp = (x) => Math.min(1, Math.max(-1, x));
  const u = Math.fround(clamp((plane.mx[k] - box.x) / box.w));
  const v = Math.fround(clamp((plane.my[k] - box.y) / box.h));
  const { q, g, h, a, b, c } = expand(plane, k, box, u, v);
  entry.set([q - l0 - lu * u - lv * v, g - lu, h - lv, u, v, a, b, c]);
  const [dx, dy] = [box.x + u * box.w - plane.mx[k], box.y + v * box.h - plane.my[k]];
  for (let i = 0; i < 3; i++) {
    if (plane.nColors === 0) break;
    const at = k * plane.nColors + Math.min(i, plane.nColors - 1); // gray: three times
    const [sx, sy] = [plane.slopes[2 * at], plane.slopes[2 * at + 1]];
    entry[8 + i] = plane.color[at] + sx * dx + sy * dy;
    entry[12 + i] = sx * box.w;
    entry[16 + i] = sy * box.h;
    entry[11 + 4 * i] = plane.variances[at];
  }
}

/**
 * @typedef {object} Frame The pixels of a picture: pixel i lies at left + (i + 1/2) stepX.
 * @property {number} width
 * @property {number} height
 * @property {number} left
 * @property {number} top
 * @property {number} stepX
 * @property {number} stepY
 */

/**
 * Visits the part of each tile that a frame shows: its pixels, whole numbers, and the tile's
 * coordinates of the first one. Each pixel within the extent belongs to one tile.
 * @param {import("./data.js").Model} model @param {Frame} frame
 * @param {(part: {tile: number, i0: number, i1: number, j0: number, j1: number, u: number,
 *   v: number, du: number, dv: number}) => void} visit
 */
export function visitTiles(model, frame, visit) {
  const [, rows, columns] = model.tiles;
  const x = spans(model.tiling[0], columns, model.extent[0], frame.left, frame.stepX, frame.width);
  const y = spans(model.tiling[1], rows, model.extent[1], frame.top, frame.stepY, frame.height);
  for (const { index: j, first: j0, end: j1, at: v, step: dv } of y) {
    for (const { index: i, first: i0, end: i1, at: u, step: du } of x) {
      visit({ tile: j * columns + i, i0, i1, j0, j1, u, v, du, dv });
    }
  }
}

/**
 * Returns the tiles of a row or column that a frame shows.
 * @param {number[]} tiling @param {number} n @param {number[]} extent
 * @param {number} start @param {number} step @param {number} nPixels
 */
function spans([left, size], n, [low, high], start, step, nPixels) {
  const pixelAfter = (edge) =>
    Math.min(nPixels, Math.max(0, Math.ceil((edge - start) / step - 0.5)));
  const result = [];
  for (let index = 0; index < n; index++) {
    const middle = left + (index + 0.5) * size;
    const first = pixelAfter(index === 0 ? low : left + index * size);
    const end = pixelAfter(index === n - 1 ? high : left + (index + 1) * size);
    if (end <= first) continue;
    const at = (start + (first + 0.5) * step - middle) / (size / 2);
    result.push({ index, first, end, at, step: step / (size / 2) });
  }
  return result;
}
