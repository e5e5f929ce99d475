// The sums of the shader in plain JavaScript, for browsers without WebGL2: mixture.frag has the
// formulas.

import { clip } from "./mixture.js";
import { ENTRY, visitTiles } from "./tiles.js";

/** The quantities, in the order of the shader's numbers. */
export const QUANTITIES = ["mean", "label", "std", "entropy", "density", "log_density"];

/**
 * @typedef {object} Look What a picture shows, with its ranges in log2 of the density or nats.
 * @property {string} quantity One of QUANTITIES.
 * @property {number[]} range
 * @property {number[][]} tone
 */

/** Returns the tone curve at a value. */
export function toneAt(knots, value) {
  const x = Math.min(1, Math.max(0, value));
  for (let i = 1; i < knots.length; i++) {
    const [[x0, y0], [x1, y1]] = [knots[i - 1], knots[i]];
    if (x <= x1) return y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
  }
  return knots[knots.length - 1][1];
}

/** Returns how many survivors of a tile a quantity needs. */
export function countOf(data, tile, quantity) {
  return quantity === "std" ? data.nAll[tile] : data.nMean[tile];
}

/**
 * Returns the pixels of a frame, RGBA; transparent outside the extent.
 * @param {import("./data.js").Model} model @param {import("./tiles.js").TileData} data
 * @param {import("./tiles.js").Frame} frame @param {Look} look @returns {Uint8ClampedArray}
 */
export function sumFrame(model, data, frame, look) {
  const pixels = new Uint8ClampedArray(4 * frame.width * frame.height);
  const color = [0, 0, 0];
  visitTiles(model, frame, ({ tile, i0, i1, j0, j1, u, v, du, dv }) => {
    const start = data.starts[tile];
    const end = start + countOf(data, tile, look.quantity);
    const plane = data.planes.subarray(3 * tile, 3 * tile + 3);
    for (let j = j0; j < j1; j++) {
      for (let i = i0; i < i1; i++) {
        const [pu, pv] = [u + (i - i0) * du, v + (j - j0) * dv];
        if (look.quantity === "mean") sumMean(data.entries, start, end, pu, pv, color);
        else sumPixel(data, start, end, plane, pu, pv, look, color);
        const at = 4 * (j * frame.width + i);
        for (let c = 0; c < 3; c++) pixels[at + c] = Math.floor(clip(color[c]) + 0.5);
        pixels[at + 3] = 255;
      }
    }
  });
  return pixels;
}

/** Parts of the sum below 2^-32 change no level. */
const NEGLIGIBLE = -32;

/** Returns 2^x, faster than the operator. */
function exp2(x) {
  return Math.exp(x * Math.LN2);
}

/** Writes the mean colors of one pixel to `color`: `sumPixel` for what is shown most. */
function sumMean(entries, start, end, u, v, color) {
  let top = -Infinity, sum = 0, red = 0, green = 0, blue = 0;
  for (let p = start * ENTRY; p < end * ENTRY; p += ENTRY) {
    const s = u - entries[p + 3], t = v - entries[p + 4];
    const z1 = entries[p + 5] * s + entries[p + 6] * t, z2 = entries[p + 7] * t;
    const d = entries[p] + entries[p + 1] * s + entries[p + 2] * t - z1 * z1 - z2 * z2;
    let r = 1;
    if (d > top) {
      const shrink = exp2(top - d);
      sum *= shrink;
      red *= shrink;
      green *= shrink;
      blue *= shrink;
      top = d;
    } else if (d - top < NEGLIGIBLE) continue;
    else r = exp2(d - top);
    sum += r;
    red += r * (entries[p + 8] + entries[p + 12] * s + entries[p + 16] * t);
    green += r * (entries[p + 9] + entries[p + 13] * s + entries[p + 17] * t);
    blue += r * (entries[p + 10] + entries[p + 14] * s + entries[p + 18] * t);
  }
  color[0] = red / sum;
  color[1] = green / sum;
  color[2] = blue / sum;
}

/** Writes the levels of one pixel to `color`. */
function sumPixel(data, start, end, plane, u, v, look, color) {
  const { entries } = data;
  const { quantity } = look;
  const needsColor = quantity === "std";
  let top = -Infinity, sum = 0, weighted = 0, best = start;
  const mean = [0, 0, 0], square = [0, 0, 0], pivot = [0, 0, 0];
  for (let i = start; i < end; i++) {
    const p = i * ENTRY;
    const s = u - entries[p + 3], t = v - entries[p + 4];
    const z1 = entries[p + 5] * s + entries[p + 6] * t, z2 = entries[p + 7] * t;
    const d = entries[p] + entries[p + 1] * s + entries[p + 2] * t - z1 * z1 - z2 * z2;
    if (d > top) {
      const shrink = exp2(top - d);
      weighted = sum > 0 ? (weighted + sum * (top - d)) * shrink : 0;
      sum *= shrink;
      for (let c = 0; c < 3; c++) {
        mean[c] *= shrink;
        square[c] *= shrink;
      }
      top = d;
      best = i;
    }
    if (d - top < NEGLIGIBLE) continue;
    const r = exp2(d - top);
    sum += r;
    weighted += r * (d - top);
    if (!needsColor) continue;
    for (let c = 0; c < 3; c++) {
      let e = entries[p + 8 + c] + entries[p + 12 + c] * s + entries[p + 16 + c] * t;
      if (sum === r) pivot[c] = e;
      e -= pivot[c];
      square[c] += r * (entries[p + 11 + 4 * c] + e * e);
      mean[c] += r * e;
    }
  }
  const [low, high] = look.range;
  const ink = (value) => color.fill(255 * (1 - toneAt(look.tone, value)));
  const bits = plane[0] + plane[1] * u + plane[2] * v + top + Math.log2(sum);
  if (quantity === "label") for (let c = 0; c < 3; c++) color[c] = data.swatches[3 * best + c];
  else if (quantity === "std") {
    for (let c = 0; c < 3; c++) {
      color[c] = Math.sqrt(Math.max(square[c] / sum - (mean[c] / sum) ** 2, 0));
    }
  } else if (quantity === "entropy") {
    ink(((Math.log2(sum) - weighted / sum) * Math.LN2 - low) / (high - low));
  } else if (quantity === "density") ink(2 ** (bits - high));
  else ink((bits - low) / (high - low));
}
