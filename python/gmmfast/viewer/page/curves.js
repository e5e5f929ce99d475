// Small curves as SVG.

import { svg } from "./dom.js";

const [WIDTH, HEIGHT] = [260, 84];

/**
 * @typedef {object} Curve
 * @property {number[]} values At equal steps from left to right.
 * @property {string} color The class of its line.
 * @property {number} [mark] A place from 0 to 1 that is marked.
 */

/**
 * Returns curves in one picture.
 * @param {string} label @param {Curve[]} curves
 * @param {{low: string, high: string}} ends Texts at the ends of the axis.
 */
export function plot(label, curves, ends) {
  const top = Math.max(...curves.flatMap(({ values }) => values), 1e-300);
  const parts = curves.flatMap(({ values, color, mark }) => {
    const x = (i) => ((i / (values.length - 1)) * WIDTH).toFixed(1);
    const y = (value) => (HEIGHT - 2 - (HEIGHT - 8) * (value / top)).toFixed(1);
    const path = values.map((value, i) => `${i ? "L" : "M"}${x(i)} ${y(value)}`).join("");
    const line = svg("path", { d: path, class: `curve ${color}` });
    if (mark === undefined) return [line];
    const at = Math.min(1, Math.max(0, mark)) * WIDTH;
    return [line, svg("line", { x1: at, x2: at, y1: 0, y2: HEIGHT, class: `mark ${color}` })];
  });
  const text = (x, anchor, content) =>
    svg("text", { x, y: HEIGHT + 12, "text-anchor": anchor, class: "tick" }, content);
  return svg("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT + 16}`, role: "img", "aria-label": label, class: "plot",
  }, svg("line", { x1: 0, x2: WIDTH, y1: HEIGHT, y2: HEIGHT, class: "axis" }), ...parts,
  text(0, "start", ends.low), text(WIDTH, "end", ends.high));
}

/** Returns `n` equal steps from low to high, both included. */
export function steps(low, high, n) {
  return Array.from({ length: n }, (_, i) => low + (i * (high - low)) / (n - 1));
}

/** Returns the density of a mixture of normals on a line. */
export function normalMixture(x, parts, channel) {
  let sum = 0;
  for (const { r, color, std } of parts) {
    const z = (x - color[channel]) / std[channel];
    sum += (r / std[channel]) * Math.exp(-0.5 * z * z);
  }
  return sum / Math.sqrt(2 * Math.PI);
}
