// The components on one frame, in float64, and the mixture at a point.
//
// log2 of a component's density at (x, y) is
//
//   q = peak - (a (x - mx) + b (y - my))^2 - (c (y - my))^2,
//
// and its colors are normal with mean color + slopes (x - mx, y - my). A fixed time moves the
// means and lowers the peaks. Responsibilities are 2^q over their sum, the largest q subtracted.

/**
 * @typedef {object} Plane
 * @property {number} n
 * @property {number} nColors
 * @property {Float64Array} peak
 * @property {Float64Array} mx
 * @property {Float64Array} my
 * @property {Float64Array} a
 * @property {Float64Array} b
 * @property {Float64Array} c
 * @property {Float64Array} color n x nColors, at (mx, my).
 * @property {Float64Array} slopes n x nColors x 2, along x and y.
 * @property {Float64Array} variances n x nColors.
 */

/**
 * Returns the components at a time.
 * @param {import("./data.js").Model} model @param {number} time @returns {Plane}
 */
export function planeAt(model, time) {
  const { nComponents: n, nColors, arrays } = model;
  const axes = model.shape.length;
  const f64 = (length) => new Float64Array(length);
  const plane = {
    n, nColors, peak: Float64Array.from(arrays.peak), mx: f64(n), my: f64(n), a: f64(n),
    b: f64(n), c: f64(n), color: Float64Array.from(arrays.color), slopes: f64(n * nColors * 2),
    variances: arrays.variances,
  };
  const nFactor = (axes * (axes + 1)) / 2;
  for (let k = 0; k < n; k++) {
    const w = arrays.factor.subarray(k * nFactor, (k + 1) * nFactor);
    const mean = arrays.position.subarray(k * axes, (k + 1) * axes);
    let dt = 0, dx = 0, dy = 0;
    if (axes === 3) {
      dt = time - mean[0];
      dy = (-w[1] * dt) / w[2];
      dx = -(w[3] * dt + w[4] * dy) / w[5];
      plane.peak[k] -= (w[0] * dt) ** 2;
    }
    plane.my[k] = mean[axes - 2] + dy;
    plane.mx[k] = mean[axes - 1] + dx;
    plane.c[k] = w[nFactor - axes - 1];
    plane.b[k] = w[nFactor - 2];
    plane.a[k] = w[nFactor - 1];
    for (let i = 0; i < nColors; i++) {
      const s = arrays.slopes.subarray((k * nColors + i) * axes, (k * nColors + i + 1) * axes);
      const at = k * nColors + i;
      if (axes === 3) plane.color[at] += s[0] * dt + s[1] * dy + s[2] * dx;
      plane.slopes[2 * at] = s[axes - 1];
      plane.slopes[2 * at + 1] = s[axes - 2];
    }
  }
  return plane;
}

/** Returns log2 of the weighted density of component k. */
export function logDensity(plane, k, x, y) {
  const dy = y - plane.my[k];
  const z1 = plane.a[k] * (x - plane.mx[k]) + plane.b[k] * dy;
  const z2 = plane.c[k] * dy;
  return plane.peak[k] - z1 * z1 - z2 * z2;
}

/**
 * @typedef {object} Answer
 * @property {number} x
 * @property {number} y
 * @property {number} logDensity Natural logarithm of p(x, y).
 * @property {number} entropy In nats.
 * @property {number[]} mean
 * @property {number[]} std
 * @property {{k: number, r: number, color: number[], std: number[]}[]} parts The components by
 *   responsibility, the largest first, down to 1e-9.
 */

/**
 * Returns the mixture conditioned on a point, summed over all components.
 * @param {Plane} plane @param {number} x @param {number} y @returns {Answer}
 */
export function conditionAt(plane, x, y) {
  const { n, nColors } = plane;
  const q = new Float64Array(n);
  let top = -Infinity;
  for (let k = 0; k < n; k++) top = Math.max(top, (q[k] = logDensity(plane, k, x, y)));
  let sum = 0;
  for (let k = 0; k < n; k++) sum += q[k] = 2 ** (q[k] - top);
  const mean = new Array(nColors).fill(0);
  const square = new Array(nColors).fill(0);
  const parts = [];
  let entropy = 0;
  for (let k = 0; k < n; k++) {
    const r = q[k] / sum;
    if (r === 0) continue;
    entropy -= r * Math.log(r);
    const color = colorAt(plane, k, x, y);
    color.forEach((e, i) => { mean[i] += r * e; });
    if (r > 1e-9) {
      const std = color.map((_, i) => Math.sqrt(plane.variances[k * nColors + i]));
      parts.push({ k, r, color, std });
    }
  }
  parts.sort((one, other) => other.r - one.r);
  for (const { r, color, std } of parts) {
    color.forEach((e, i) => { square[i] += r * (std[i] ** 2 + (e - mean[i]) ** 2); });
  }
  const std = square.map(Math.sqrt);
  return { x, y, logDensity: (top + Math.log2(sum)) * Math.LN2, entropy, mean, std, parts };
}

/** Returns the mean colors of component k at a point. */
export function colorAt(plane, k, x, y) {
  const { nColors } = plane;
  const [dx, dy] = [x - plane.mx[k], y - plane.my[k]];
  return Array.from({ length: nColors }, (_, i) => {
    const at = k * nColors + i;
    return plane.color[at] + plane.slopes[2 * at] * dx + plane.slopes[2 * at + 1] * dy;
  });
}

/** Returns log2 of the whole density at a point. */
export function totalLogDensity(plane, x, y) {
  let top = -Infinity, sum = 0;
  for (let k = 0; k < plane.n; k++) {
    const q = logDensity(plane, k, x, y);
    if (q > top) {
      sum = sum * 2 ** (top - q) + 1;
      top = q;
    } else sum += 2 ** (q - top);
  }
  return top + Math.log2(sum);
}

/**
 * Returns the color that stands for a component: its mean, or one of a wheel for ink.
 * @returns {number[]} Red, green and blue, 0 to 255.
 */
export function swatch(plane, k) {
  if (plane.nColors === 3) return [...plane.color.subarray(3 * k, 3 * k + 3)].map(clip);
  if (plane.nColors === 1) return new Array(3).fill(clip(plane.color[k]));
  const hue = (k * 137.508) % 360;
  return [0, 8, 4].map((shift) => {
    const t = (shift + hue / 30) % 12;
    return Math.round(255 * (0.5 - 0.32 * Math.max(-1, Math.min(t - 3, 9 - t, 1))));
  });
}

/** Returns a level within 0 to 255. */
export function clip(level) {
  return Math.min(255, Math.max(0, level));
}
