// The tone curve: knots that are dragged by pointer or moved by keys.

import { announce, byId, short, svg } from "./dom.js";

const SIZE = 200;
const PAD = 10;

/** Most knots; the shader has room for as many. */
const MAX_KNOTS = 16;

export class ToneEditor {
  /** @param {any} app */
  constructor(app) {
    this.app = app;
    this.quantity = "density";
    this.originals = structuredClone(app.tones);
    this.svg = byId("tone-curve");
    this.svg.addEventListener("pointerdown", (event) => this.#down(event));
    byId("tone-reset").addEventListener("click", () => {
      this.set(this.originals[this.quantity]);
    });
    byId("tone-linear").addEventListener("click", () => this.set([[0, 0], [1, 1]]));
  }

  get #knots() {
    return this.app.tones[this.quantity];
  }

  /** Edits the curve of another quantity. */
  show(quantity) {
    this.quantity = quantity;
    byId("tone-of").textContent = `from ${quantity.replace("_", " ")} to ink`;
    this.#draw();
  }

  /** Replaces the curve. */
  set(knots) {
    this.app.tones[this.quantity] = structuredClone(knots);
    this.app.look.tone = this.#knots;
    this.#draw();
    this.app.invalidate();
  }

  #draw() {
    const knots = this.#knots;
    const x = (value) => PAD + value * SIZE;
    const y = (value) => PAD + (1 - value) * SIZE;
    const path = knots.map(([a, b], i) => `${i ? "L" : "M"}${x(a)} ${y(b)}`).join("");
    const circles = knots.map(([a, b], i) =>
      svg("circle", {
        cx: x(a), cy: y(b), r: 7, class: "knot", tabindex: 0, role: "slider",
        "aria-label": `knot ${i + 1} of ${knots.length}`, "aria-valuemin": 0, "aria-valuemax": 1,
        "aria-valuenow": short(b, 3), "aria-valuetext": `${short(a, 3)} to ${short(b, 3)}`,
        onkeydown: (event) => this.#key(event, i),
      }));
    this.svg.replaceChildren(
      svg("rect", { x: PAD, y: PAD, width: SIZE, height: SIZE, class: "frame" }),
      svg("path", { d: path, class: "curve ink" }), ...circles);
  }

  #at(event) {
    const box = this.svg.getBoundingClientRect();
    const scale = (SIZE + 2 * PAD) / box.width;
    const clamp = (value) => Math.min(1, Math.max(0, value));
    return [
      clamp(((event.clientX - box.left) * scale - PAD) / SIZE),
      clamp(1 - ((event.clientY - box.top) * scale - PAD) / SIZE),
    ];
  }

  /** Drags the nearest knot, or a new one. */
  #down(event) {
    const knots = this.#knots;
    const at = this.#at(event);
    const distance = ([x, y]) => Math.hypot(x - at[0], y - at[1]);
    let index = knots.reduce((best, k, i) => (distance(k) < distance(knots[best]) ? i : best), 0);
    if (distance(knots[index]) > 0.08) {
      if (knots.length === MAX_KNOTS) return;
      index = knots.findIndex(([x]) => x > at[0]);
      if (index < 1) return;
      knots.splice(index, 0, at);
    }
    event.preventDefault();
    this.svg.setPointerCapture(event.pointerId);
    const move = (moved) => this.#move(index, this.#at(moved));
    this.svg.addEventListener("pointermove", move);
    const end = () => this.svg.removeEventListener("pointermove", move);
    this.svg.addEventListener("pointerup", end, { once: true });
    this.svg.addEventListener("pointercancel", end, { once: true });
    this.#move(index, at);
  }

  /**
   * Moves a knot as far as its neighbors let it.
   * @param {number} index @param {number[]} place
   */
  #move(index, [x, y]) {
    const knots = this.#knots;
    const isEnd = index === 0 || index === knots.length - 1;
    const gap = 0.001;
    const low = isEnd ? 0 : knots[index - 1][0] + gap;
    const high = isEnd ? 1 : knots[index + 1][0] - gap;
    knots[index] = [isEnd ? knots[index][0] : Math.min(high, Math.max(low, x)), y];
    this.#draw();
    this.app.invalidate();
  }

  #key(event, index) {
    const knots = this.#knots;
    const [dx, dy] = {
      ArrowLeft: [-0.01, 0], ArrowRight: [0.01, 0], ArrowUp: [0, 0.01], ArrowDown: [0, -0.01],
    }[event.key] ?? [0, 0];
    if (event.key === "Delete" && index > 0 && index < knots.length - 1) {
      knots.splice(index, 1);
      this.set(knots);
      announce("The knot is removed.");
    } else if (dx || dy) {
      const clamp = (value) => Math.min(1, Math.max(0, value));
      this.#move(index, [clamp(knots[index][0] + dx), clamp(knots[index][1] + dy)]);
    } else return;
    event.preventDefault();
    event.stopPropagation();
    this.svg.querySelectorAll(".knot")[Math.min(index, this.#knots.length - 1)].focus();
  }
}
