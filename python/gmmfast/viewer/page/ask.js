// The answer at a pixel: the colors' densities given (x, y), and the components that take part.

import { conditionAt, swatch } from "./mixture.js";
import { drawParts } from "./ellipses.js";
import { normalMixture, plot, steps } from "./curves.js";
import { announce, byId, el, rgb, short } from "./dom.js";

const CHANNELS = { 1: ["gray"], 3: ["red", "green", "blue"] };

/** Components shown, at most. */
const MOST_PARTS = 6;

export class Ask {
  /** @param {any} app */
  constructor(app) {
    this.app = app;
    /** @type {import("./mixture.js").Answer | null} */
    this.answer = null;
    /** @type {import("./mixture.js").Answer[]} */
    this.pins = [];
  }

  /** Shows the answer at a point of the model, or nothing outside the picture. */
  at(x, y) {
    const { app } = this;
    this.answer = app.view.contains(x, y) ? conditionAt(app.plane, x, y) : null;
    this.#show();
    app.drawOverlay();
  }

  /** Asks the pinned points again, after the time has changed. */
  refresh() {
    this.pins = this.pins.map(({ x, y }) => conditionAt(this.app.plane, x, y));
    this.#showPins();
    if (this.answer) this.at(this.answer.x, this.answer.y);
    else this.#show();
  }

  /** Pins the present answer. */
  pin() {
    if (!this.answer) return;
    this.pins.push(this.answer);
    announce(`Point ${this.pins.length} is pinned: ${describe(this.answer)}.`);
    this.#showPins();
    this.app.drawOverlay();
  }

  #unpin(answer) {
    this.pins = this.pins.filter((pin) => pin !== answer);
    announce("The point is removed.");
    this.#showPins();
    byId("stage").focus();
    this.app.drawOverlay();
  }

  #show() {
    const hint = el("p", { class: "hint" },
      "Point at the picture to see what the mixture says there; click to pin.");
    byId("answer").replaceChildren(...(this.answer ? card(this.app.plane, this.answer) : [hint]));
  }

  #showPins() {
    byId("pins").replaceChildren(...this.pins.map((pin, i) => {
      const button = el("button", {
        class: "small", "aria-label": `Remove point ${i + 1}`, onclick: () => this.#unpin(pin),
      }, "remove");
      const parts = card(this.app.plane, pin);
      return el("li", {}, el("div", { class: "pin-head" }, el("b", {}, `${i + 1}`), button),
        ...parts.slice(0, -1),
        el("details", {}, el("summary", {}, "components"), parts.at(-1)));
    }));
  }

  /** Draws the ellipses and the pins. */
  draw(context) {
    const { view, plane } = this.app;
    if (this.answer) drawParts(context, view, plane, shown(this.answer));
    context.font = "600 12px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    this.pins.forEach(({ x, y }, i) => {
      const [left, top] = view.placeOf(x, y);
      context.beginPath();
      context.arc(left, top, 9, 0, 2 * Math.PI);
      context.fillStyle = "#111";
      context.fill();
      context.lineWidth = 1.5;
      context.strokeStyle = "#fff";
      context.stroke();
      context.fillStyle = "#fff";
      context.fillText(String(i + 1), left, top + 0.5);
    });
  }
}

/** Draws a cross in the middle of the view, where the keys ask and pin. */
export function drawCross(context, { width, height }) {
  for (const [line, color] of [[3, "#fff"], [1, "#111"]]) {
    context.beginPath();
    context.moveTo(width / 2 - 9, height / 2);
    context.lineTo(width / 2 + 9, height / 2);
    context.moveTo(width / 2, height / 2 - 9);
    context.lineTo(width / 2, height / 2 + 9);
    context.lineWidth = line;
    context.strokeStyle = color;
    context.stroke();
  }
}

function shown(answer) {
  return answer.parts.slice(0, MOST_PARTS).filter(({ r }) => r >= 0.005);
}

function describe({ x, y, mean, logDensity }) {
  const place = `x ${short(x, 5)}, y ${short(y, 5)}`;
  return mean.length ? `${place}, mean ${mean.map((m) => short(m)).join(", ")}`
    : `${place}, log density ${short(logDensity)}`;
}

/** Returns the elements that show an answer. */
function card(plane, answer) {
  const { x, y, mean, std, parts, logDensity, entropy } = answer;
  const row = (name, ...values) => [el("dt", {}, name), el("dd", {}, ...values)];
  const facts = [...row("x, y", `${short(x, 5)}, ${short(y, 5)}`)];
  const result = [];
  if (mean.length) {
    const patch = el("span", { class: "swatch", style: `background:${rgb(mean)}` });
    facts.push(...row("color", patch, mean.map((m) => m.toFixed(1)).join(", ")),
      ...row("± std", std.map((s) => s.toFixed(1)).join(", ")));
    const grid = steps(0, 255, 128);
    const curves = CHANNELS[mean.length].map((color, i) => ({
      color, values: grid.map((level) => normalMixture(level, parts, i)), mark: mean[i] / 255,
    }));
    const label = `densities of the colors; ${describe(answer)}`;
    result.push(plot(label, curves, { low: "0", high: "255" }));
  }
  facts.push(...row("log p", short(logDensity, 5)), ...row("entropy", `${short(entropy, 3)} nats`));
  const items = shown(answer).map(({ k, r, color }) =>
    el("li", {},
      el("span", {
        class: "swatch",
        style: `background:${rgb(color.length ? color : swatch(plane, k))}`,
      }),
      el("span", { class: "bar" }, el("i", { style: `width:${100 * r}%` })),
      el("span", {}, `${(100 * r).toFixed(1)} %`), el("span", { class: "dim" }, `№ ${k}`)));
  return [el("dl", {}, ...facts), ...result, el("ol", { class: "parts" }, ...items)];
}
