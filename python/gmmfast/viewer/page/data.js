// The model as the page holds it: facts in JSON, arrays in one compressed block.

/**
 * @typedef {object} Model
 * @property {string} title
 * @property {number} nComponents
 * @property {number} nColors 0 for ink, 1 for gray, 3 for red, green and blue.
 * @property {number[]} shape (height, width), or (frames, height, width).
 * @property {number[][]} extent (low, high) along x, y and time.
 * @property {number[]} tiles Frames, rows and columns of the tiles.
 * @property {number[][]} tiling Left edge of the first tile and width of each, along x and y.
 * @property {Object<string, number[]>} ranges Values shown as paper and as full ink.
 * @property {number[][]} tone Corners of the tone curve.
 * @property {Object<string, any>} arrays Float64Array, Uint32Array or Uint16Array.
 * @property {Uint32Array} starts First survivor of each tile.
 */

const TYPES = { float64: Float64Array, uint32: Uint32Array, uint16: Uint16Array };

/**
 * Reads the model from the text of the page's elements.
 * @param {string} facts JSON.
 * @param {string} data Base64 of the compressed arrays.
 * @returns {Promise<Model>}
 */
export async function readModel(facts, data) {
  const model = JSON.parse(facts);
  const packed = Uint8Array.from(atob(data.trim()), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const buffer = await new Response(stream).arrayBuffer();
  const places = model.arrays;
  model.arrays = {};
  for (const [name, { type, start, length }] of Object.entries(places)) {
    model.arrays[name] = new TYPES[type](buffer, start, length);
  }
  const counts = model.arrays.nAll;
  model.starts = new Uint32Array(counts.length + 1);
  counts.forEach((n, i) => { model.starts[i + 1] = model.starts[i] + n; });
  return model;
}

/** @param {Model} model @returns {{width: number, height: number, frames: number}} */
export function sizeOf(model) {
  const [width, height, frames] = [...model.shape].reverse();
  return { width, height, frames: frames ?? 1 };
}

/**
 * Returns the time of a frame's middle.
 * @param {Model} model @param {number} frame @returns {number}
 */
export function timeOf(model, frame) {
  if (model.extent.length < 3) return 0;
  const [low, high] = model.extent[2];
  return low + ((frame + 0.5) * (high - low)) / sizeOf(model).frames;
}
