// The page: what it shows, and when it is painted. In a worker the module only sums.

import { readModel, sizeOf, timeOf } from "./data.js";
import { planeAt, swatch } from "./mixture.js";
import { packTiles } from "./tiles.js";
import { GlPainter } from "./paint_gl.js";
import { WorkerPainter, serveFrames } from "./paint_worker.js";
import { View, frameOf } from "./view.js";
import { ToneEditor } from "./tone.js";
import { Ask, drawCross } from "./ask.js";
import { Slice } from "./slice.js";
import { Compare } from "./compare.js";
import { Play } from "./play.js";
import { Rain } from "./rain.js";
import { Save } from "./save.js";
import { Gestures } from "./gestures.js";
import { drawComponents } from "./ellipses.js";
import { byId, el, short } from "./dom.js";

/** Quantities and styles, with their names; those with colors first. */
const SHOWN = [
  ["mean", "Painting"], ["std", "Deviation"], ["density", "Density"],
  ["log_density", "Log density"], ["label", "Labels"], ["entropy", "Entropy"],
  ["ellipses", "Ellipses"], ["outlines", "Outlines"], ["rain", "Rain of points"],
];
const STYLES = ["ellipses", "outlines", "rain"];

/** Milliseconds of a frame while the view moves, about. */
const SMOOTH = 40;

/** Milliseconds after the last change until the picture is painted finely. */
const REST = 180;

/** Device pixels to a side of a pixel of the first frames by JavaScript. */
const FIRST_COARSE = 4;

class App {
  /**
   * @param {import("./data.js").Model} model @param {string} source The page's module.
   * @param {string} shader
   */
  constructor(model, source, shader) {
    this.model = model;
    this.source = source;
    this.shader = shader;
    this.frame = 0;
    this.coarse = 1;
    /** @type {string | null} */
    this.style = null;
    /** @type {Promise<void>} */
    this.painted = Promise.resolve();
    this.view = new View(model);
    this.look = {
      quantity: model.nColors ? "mean" : "density",
      range: [0, 1],
      tone: [],
    };
    /** The tone curve of each quantity that has one. */
    this.tones = {
      density: model.tone, log_density: [[0, 0], [1, 1]], entropy: [[0, 0], [1, 1]],
    };
    this.look = { ...this.look, ...this.lookOf(this.look.quantity) };
    this.#choosePainter();
    this.ask = new Ask(this);
    this.slice = new Slice(this);
    this.rain = new Rain(this);
    this.#fillHeader();
    this.tone = new ToneEditor(this);
    this.showFrame(0);
    this.play = new Play(this);
    this.save = new Save(this);
    this.compare = new Compare(this, byId("original").textContent.trim());
    this.gestures = new Gestures(this);
    this.#choose(this.look.quantity);
    new ResizeObserver(() => this.#resize()).observe(byId("stage"));
    this.#watchDensity();
    this.#resize();
  }

  /** Chooses the painter: the address may end with #painter=gl or #painter=js. */
  #choosePainter() {
    const wanted = /painter=(gl|js)/.exec(location.hash)?.[1];
    const canvas = byId("picture");
    try {
      if (wanted === "js") throw new Error("JavaScript is wanted");
      this.painter = new GlPainter(canvas, this.shader, wanted === "gl");
      canvas.addEventListener("webglcontextlost", () => this.#useWorker());
    } catch {
      this.#useWorker();
    }
  }

  /** Paints by JavaScript from now on, on a new canvas: the old one may be bound to WebGL. */
  #useWorker() {
    const canvas = el("canvas", { id: "picture", "aria-hidden": "true" });
    byId("picture").replaceWith(canvas);
    this.painter = new WorkerPainter(canvas, this.source);
    this.coarse = FIRST_COARSE;
    if (this.tiles) {
      this.painter.load(this.model, this.tiles);
      this.invalidate();
    }
  }

  /** Does something with WebGL and returns its result; where it fails, JavaScript paints. */
  async #try(action) {
    const { painter } = this;
    try {
      return await action();
    } catch (error) {
      if (!(painter instanceof GlPainter)) throw error;
      if (this.painter === painter) this.#useWorker();
      return false;
    }
  }

  #fillHeader() {
    const { model } = this;
    const { width, height, frames } = sizeOf(model);
    const isClip = model.shape.length === 3;
    const colors = { 0: [], 1: ["gray"], 3: ["red", "green", "blue"] }[model.nColors];
    const features = ["x", "y", ...(isClip ? ["t"] : []), ...colors].join(", ");
    const size = [`${width} × ${height}`, ...(isClip ? [counted(frames, "frame")] : [])];
    byId("facts").textContent =
      [counted(model.nComponents, "component"), ...size, features].join(" · ");
    const shown = SHOWN.filter(([name]) => model.nColors || !["mean", "std"].includes(name));
    byId("shown").append(...shown.map(([name, text]) => {
      const input = el("input", {
        type: "radio", name: "shown", value: name, onchange: () => this.#choose(name),
        checked: name === this.look.quantity,
      });
      return el("label", {}, input, el("span", {}, text));
    }));
  }

  /** Shows a quantity or a style. */
  #choose(name) {
    this.style = STYLES.includes(name) ? name : null;
    if (this.style === null) this.look = { ...this.look, ...this.lookOf(name) };
    byId("tone-section").hidden = !(name in this.tones);
    if (name in this.tones) this.tone.show(name);
    byId("rain-section").hidden = name !== "rain";
    byId("stage").classList.toggle("paper", this.style !== null);
    byId("copy").hidden = this.style !== null;
    if (name === "rain" && !this.rain.points.length) this.rain.start();
    if (name !== "rain") this.rain.stop();
    this.invalidate();
  }

  /** Returns a quantity with its range, in log2 of the density or nats, and its tone curve. */
  lookOf(quantity) {
    const { log_density: [low, high], entropy } = this.model.ranges;
    const range = quantity === "entropy" ? entropy : [low / Math.LN2, high / Math.LN2];
    return { quantity, range, tone: this.tones[quantity] ?? this.tones.density };
  }

  /** Shows a frame of a clip. */
  showFrame(frame) {
    this.frame = frame;
    this.plane = planeAt(this.model, timeOf(this.model, frame));
    this.tiles = packTiles(this.model, this.plane, frame, swatch);
    this.#try(() => this.painter.load(this.model, this.tiles));
    this.ask.refresh();
    this.slice.refresh();
    this.rain.clear();
    this.invalidate();
  }

  #resize() {
    const box = byId("stage").getBoundingClientRect();
    this.view.resize(Math.max(1, box.width), Math.max(1, box.height), devicePixelRatio || 1);
    this.save.resize();
    this.moved();
  }

  /** Paints again on a screen with other pixels. */
  #watchDensity() {
    const changed = () => { this.#resize(); this.#watchDensity(); };
    matchMedia(`(resolution: ${devicePixelRatio}dppx)`)
      .addEventListener("change", changed, { once: true });
  }

  /** Paints after the view has moved. */
  moved() {
    byId("zoom").textContent = `${short(this.view.scale, 3)} ×`;
    this.invalidate();
  }

  /** Paints after a change: coarsely until changes cease, where painting takes long. */
  invalidate() {
    this.isMoving = true;
    clearTimeout(this.rest);
    this.rest = setTimeout(() => { this.isMoving = false; this.#schedule(); }, REST);
    this.#schedule();
  }

  /** Paints soon, once however often it is called. */
  #schedule() {
    this.isStale = true;
    if (this.isPainting && this.isSlow && this.isMoving) this.painter.cancel();
    if (this.isPainting || !this.tiles) return;
    this.isPainting = true;
    this.painted = new Promise((resolve) => {
      requestAnimationFrame(async () => {
        try {
          while (this.isStale) await this.#paint();
        } finally {
          this.isPainting = false;
          resolve();
        }
      });
    });
  }

  async #paint() {
    this.isStale = false;
    this.drawOverlay();
    byId("picture").style.visibility = this.style === null ? "visible" : "hidden";
    if (this.style !== null) return;
    const coarse = this.isMoving ? this.coarse : 1;
    const start = performance.now();
    this.isSlow = coarse === 1 && this.coarse > 1;
    const isDone = await this.#try(() =>
      this.painter.paint(this.view.frame(coarse), this.look));
    if (!isDone) this.isStale = true;
    if (!isDone || coarse > 1) return; // a coarse frame's time is mostly that of messages
    const roots = Math.sqrt((performance.now() - start) / SMOOTH);
    this.coarse = Math.min(8, Math.max(1, Math.round(roots)));
  }

  /** Draws what lies over the picture. */
  drawOverlay() {
    const { view } = this;
    const canvas = byId("overlay");
    const [width, height] = [view.width, view.height].map((n) => Math.round(n * view.density));
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    const context = canvas.getContext("2d");
    context.setTransform(view.density, 0, 0, view.density, 0, 0);
    context.clearRect(0, 0, view.width, view.height);
    this.drawStyle(context);
    if (this.compare) this.drawMarks(context);
    if (byId("stage").matches(":focus-visible")) drawCross(context, view);
  }

  /** Draws the style, in CSS pixels of the stage. */
  drawStyle(context) {
    if (this.style === "rain") this.rain.draw(context);
    else if (this.style) drawComponents(context, this.view, this.plane, this.style === "ellipses");
  }

  /** Draws the original, the slice, the ellipses of a pixel and the pins. */
  drawMarks(context) {
    this.compare.draw(context);
    this.slice.draw(context);
    this.ask.draw(context);
  }

  /**
   * Returns the pixels of any frame, RGBA from the top, by the present painter.
   * @param {import("./tiles.js").Frame} frame @param {import("./summing.js").Look} look
   * @returns {Promise<Uint8ClampedArray>}
   */
  async render(frame, look) {
    for (;;) {
      await this.painted;
      const pixels = await this.painter.pixels(frame, look);
      if (pixels !== null) return pixels;
      await new Promise((resolve) => setTimeout(resolve, 20)); // the painter may be replaced
    }
  }
}

function counted(n, noun) {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

async function start() {
  const text = (id) => byId(id).textContent;
  try {
    const model = await readModel(text("model"), text("data"));
    const app = new App(model, text("script"), text("shader"));
    // For scripts: window.gmmfast.app, and pixels of a part of the picture.
    /** @type {any} */ (window).gmmfast = {
      app,
      render: (extent, width, height, quantity) =>
        app.render(frameOf(extent, width, height), { ...app.look, ...app.lookOf(quantity) }),
    };
    document.body.classList.add("ready");
  } catch (error) {
    byId("fatal").hidden = false;
    byId("fatal-text").textContent = `This browser cannot show the model: ${error.message}. `
      + "Any Chromium or Firefox since 2023 can.";
    throw error;
  }
}

if (typeof document === "undefined") serveFrames();
else start();
