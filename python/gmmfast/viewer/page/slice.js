// Slices of a density: along a line that is dragged, or with x or y held by the pointer.

import { totalLogDensity } from "./mixture.js";
import { plot, steps } from "./curves.js";
import { byId, el, short } from "./dom.js";

const POINTS = 240;

export class Slice {
  /** @param {any} app */
  constructor(app) {
    this.app = app;
    /**
     * The ends of the slice, points of the model.
     * @type {number[][] | null}
     */
    this.ends = null;
    this.kind = "line";
  }

  /** Slices between two points of the model. */
  along(from, to) {
    [this.kind, this.ends] = ["line", [from, to]];
    this.#show();
  }

  /** Holds x (or y) at a point of the model: the curve p(y | x) or p(x | y). */
  hold(axis, [x, y]) {
    const [[x0, x1], [y0, y1]] = this.app.model.extent;
    this.kind = axis;
    this.ends = axis === "x" ? [[x, y0], [x, y1]] : [[x0, y], [x1, y]];
    this.#show();
  }

  /** Removes the slice. */
  clear() {
    this.ends = null;
    this.#show();
  }

  /** Computes the slice again, after the time has changed. */
  refresh() {
    this.#show();
  }

  /** Returns the densities along the slice; with x or y held they have the integral 1. */
  values() {
    const [[xa, ya], [xb, yb]] = this.ends;
    const density = steps(0, 1, POINTS).map((t) =>
      2 ** totalLogDensity(this.app.plane, xa + t * (xb - xa), ya + t * (yb - ya)));
    if (this.kind === "line") return density;
    const length = Math.abs(this.kind === "x" ? yb - ya : xb - xa);
    const sum = density.reduce((a, b) => a + b, 0) - (density[0] + density.at(-1)) / 2;
    const integral = (sum * length) / (POINTS - 1);
    return density.map((p) => (integral > 0 ? p / integral : 0));
  }

  #show() {
    const place = byId("slice");
    this.app.drawOverlay();
    if (!this.ends) {
      const hint = "Drag a line over the picture, or hold x or y, to see the density along it.";
      place.replaceChildren(el("p", { class: "hint" }, hint));
      return;
    }
    const [[xa, ya], [xb, yb]] = this.ends;
    const names = {
      line: `p along the line, from (${short(xa)}, ${short(ya)}) to (${short(xb)}, ${short(yb)})`,
      x: `p(y | x = ${short(xa, 5)})`, y: `p(x | y = ${short(ya, 5)})`,
    };
    const values = this.values();
    const ends = {
      line: { low: "start", high: "end" }, x: { low: short(ya), high: short(yb) },
      y: { low: short(xa), high: short(xb) },
    };
    const label = `${names[this.kind]}, at most ${short(Math.max(...values), 3)}`;
    const button = el("button", { class: "small", onclick: () => this.clear() }, "clear");
    place.replaceChildren(el("p", {}, label, " ", button),
      plot(label, [{ values, color: "ink" }], ends[this.kind]));
  }

  /** Draws the line. */
  draw(context) {
    if (!this.ends) return;
    const places = this.ends.map(([x, y]) => this.app.view.placeOf(x, y));
    for (const [width, color] of [[4, "#fff"], [2, "#c2185b"]]) {
      context.beginPath();
      context.moveTo(...places[0]);
      context.lineTo(...places[1]);
      context.lineWidth = width;
      context.strokeStyle = color;
      context.stroke();
    }
  }
}
