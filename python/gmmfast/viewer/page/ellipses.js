// The components as ellipses on the overlay: filled in their colors, as outlines, or a few.

import { swatch } from "./mixture.js";
import { rgb } from "./dom.js";

/**
 * Adds the ellipse of component k, of `radius` standard deviations, to the path of a context.
 * The factor (a, b; 0, c) has the inverse covariance 2 ln 2 (A^T A) in base 2.
 */
export function addEllipse(context, view, plane, k, radius) {
  const [sx, sy] = view.unit;
  const base = Math.sqrt(2 * Math.LN2);
  const [a, b, c] = [plane.a[k] * base, plane.b[k] * base, plane.c[k] * base];
  // Rows of the inverse factor, in CSS pixels: (x, y) = mean + radius F (cos, sin).
  const [fx, fy] = [view.scale / sx, view.scale / sy];
  const f = [fx / a, (-b / (a * c)) * fx, fy / c];
  const [xx, xy, yy] = [f[0] ** 2 + f[1] ** 2, f[1] * f[2], f[2] ** 2];
  const mean = (xx + yy) / 2, spread = Math.hypot((xx - yy) / 2, xy);
  const angle = Math.atan2(2 * xy, xx - yy) / 2;
  const [major, minor] = [mean + spread, Math.max(mean - spread, 0)].map(Math.sqrt);
  const [left, top] = view.placeOf(plane.mx[k], plane.my[k]);
  if (left + radius * major < 0 || left - radius * major > view.width) return false;
  if (top + radius * major < 0 || top - radius * major > view.height) return false;
  context.beginPath();
  context.ellipse(left, top, radius * major, radius * minor, angle, 0, 2 * Math.PI);
  return true;
}

/** Draws all components, the largest first: filled in their colors, or as lines. */
export function drawComponents(context, view, plane, filled) {
  const order = Array.from({ length: plane.n }, (_, k) => k);
  const size = (k) => Math.abs(plane.a[k] * plane.c[k]);
  order.sort((i, j) => size(i) - size(j));
  context.lineWidth = 1;
  for (const k of order) {
    if (plane.peak[k] < -1e299 || !addEllipse(context, view, plane, k, filled ? 2 : 1)) continue;
    context.globalAlpha = filled ? 0.75 : 0.9;
    const color = rgb(swatch(plane, k));
    if (filled) {
      context.fillStyle = color;
      context.fill();
    } else {
      context.strokeStyle = color;
      context.stroke();
    }
  }
  context.globalAlpha = 1;
}

/** Outlines components that take part in a pixel, by their responsibilities. */
export function drawParts(context, view, plane, parts) {
  for (const { k, r } of parts) {
    if (!addEllipse(context, view, plane, k, 1)) continue;
    context.globalAlpha = 0.35 + 0.65 * r;
    context.lineWidth = 3.5;
    context.strokeStyle = "#fff";
    context.stroke();
    context.lineWidth = 1.5;
    context.strokeStyle = "#111";
    context.stroke();
  }
  context.globalAlpha = 1;
}
