// Points that rain down: samples of the mixture, drawn live on the overlay.

import { colorAt } from "./mixture.js";
import { byId, rgb } from "./dom.js";

/** Points that are kept, at most. */
const MOST_POINTS = 60000;

/** Milliseconds of a fall. */
const FALL = 500;

export class Rain {
  /** @param {any} app */
  constructor(app) {
    this.app = app;
    this.points = [];
    this.isOn = false;
    this.isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
    byId("rain").addEventListener("click", () => (this.isOn ? this.stop() : this.start()));
    byId("rain-clear").addEventListener("click", () => this.clear());
  }

  /** Removes the points. */
  clear() {
    this.points = [];
    this.app.drawOverlay();
  }

  /** Lets points fall until there are enough. */
  start() {
    this.isOn = true;
    byId("rain").textContent = "Stop";
    this.sums = cumulativeWeights(this.app.plane);
    const step = (now) => {
      if (!this.isOn) return;
      const n = Math.round(Number(byId("rain-speed").value));
      for (let i = 0; i < n && this.points.length < MOST_POINTS; i++) this.points.push(this.#sample(now));
      this.app.drawOverlay();
      const last = this.points.at(-1);
      if (this.points.length < MOST_POINTS || now - last.born < FALL) requestAnimationFrame(step);
      else this.stop();
    };
    requestAnimationFrame(step);
  }

  /** Stops; the points stay. */
  stop() {
    this.isOn = false;
    byId("rain").textContent = "Start";
    this.app.drawOverlay();
  }

  #sample(now) {
    const { plane } = this.app;
    const k = find(this.sums, Math.random() * this.sums.at(-1));
    const [z1, z2] = normals().map((z) => z / Math.sqrt(2 * Math.LN2));
    const dy = z2 / plane.c[k];
    const x = plane.mx[k] + (z1 - plane.b[k] * dy) / plane.a[k];
    const y = plane.my[k] + dy;
    const color = plane.nColors ? rgb(colorAt(plane, k, x, y)) : null;
    return { x, y, color, born: now };
  }

  /** Draws the points; those that were born last are on their way. */
  draw(context) {
    const { view } = this.app;
    const now = this.isOn && !this.isStill ? performance.now() : Infinity;
    const size = Math.max(1.2, Math.min(4, 1.1 * view.scale));
    const ink = getComputedStyle(view.model.nColors ? document.body : byId("stage")).color;
    for (const { x, y, color, born } of this.points) {
      if (!view.contains(x, y)) continue;
      const [left, end] = view.placeOf(x, y);
      const part = Math.min(1, Math.max(0, (now - born) / FALL));
      context.fillStyle = color ?? ink;
      context.fillRect(left - size / 2, end * part * part - size / 2, size, size);
    }
  }
}

/** Returns the running sums of the components' masses on the plane. */
export function cumulativeWeights(plane) {
  const top = plane.peak.reduce((a, b) => Math.max(a, b), -Infinity);
  let sum = 0;
  return Float64Array.from(plane.peak, (peak, k) => {
    sum += 2 ** (peak - top) / Math.abs(plane.a[k] * plane.c[k]);
    return sum;
  });
}

function find(sums, value) {
  let [low, high] = [0, sums.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sums[middle] > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Returns two standard normal numbers (Box and Muller, 1958). */
function normals() {
  const r = Math.sqrt(-2 * Math.log(1 - Math.random()));
  const angle = 2 * Math.PI * Math.random();
  return [r * Math.cos(angle), r * Math.sin(angle)];
}
