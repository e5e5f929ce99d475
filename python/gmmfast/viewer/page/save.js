// The view as a PNG of any size, and as Python and a command line that render it.

import { swatch } from "./mixture.js";
import { frameOf } from "./view.js";
import { announce, byId } from "./dom.js";

/** Pixels of a side of a saved picture, at most. */
const MOST_PIXELS = 8192;

/** The paper of the styles, as in style.css. */
const PAPER = "#faf9f6";

export class Save {
  /** @param {any} app */
  constructor(app) {
    this.app = app;
    byId("save").addEventListener("click", () => this.#save());
    byId("copy-python").addEventListener("click", () => copy(this.python(), "Python"));
    byId("copy-command").addEventListener("click", () => copy(this.command(), "command"));
    byId("save-width").addEventListener("change", () => this.#keepRatio());
  }

  /** Adapts the height to the width. */
  resize() {
    const { view } = this.app;
    byId("save-width").value = String(Math.round(view.width * view.density));
    this.#keepRatio();
  }

  #keepRatio() {
    const { view } = this.app;
    const width = Math.min(MOST_PIXELS, Math.max(1, Math.round(Number(byId("save-width").value) || 1)));
    const height = Math.min(MOST_PIXELS, Math.max(1, Math.round((width * view.height) / view.width)));
    this.size = { width, height };
    byId("save-width").value = String(width);
    byId("save-height").textContent = `× ${height} pixels`;
  }

  /** Returns the intervals of the view along x and y, each low and high. */
  extent() {
    const { left, top, stepX, stepY, width, height } = this.app.view.frame();
    return [[left, left + stepX * width], [top, top + stepY * height]];
  }

  /** Returns a canvas with the view at the chosen size, and with what lies over it if wanted. */
  async picture() {
    const { app, size } = this;
    const canvas = document.createElement("canvas");
    Object.assign(canvas, size);
    const context = canvas.getContext("2d");
    if (app.style === null) {
      const pixels = await app.render(frameOf(this.extent(), size.width, size.height), app.look);
      context.putImageData(new ImageData(pixels, size.width, size.height), 0, 0);
    } else {
      context.fillStyle = PAPER;
      context.fillRect(0, 0, size.width, size.height);
    }
    const scale = size.width / app.view.width;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    app.drawStyle(context);
    if (byId("save-marks").checked) app.drawMarks(context);
    return canvas;
  }

  async #save() {
    const canvas = await this.picture();
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = "gmmfast.png";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    announce(`A picture of ${canvas.width} by ${canvas.height} pixels is saved.`);
  }

  /** Returns the copied extent: of a clip with the time of the frame. */
  #copied() {
    const { model, frame } = this.app;
    if (model.shape.length < 3) return this.extent();
    const [low, high] = model.extent[2];
    const step = (high - low) / model.shape[0];
    return [...this.extent(), [low + frame * step, low + (frame + 1) * step]];
  }

  /** Returns Python that makes the picture of the view. */
  python() {
    const { app, size } = this;
    const { quantity } = app.look;
    const isClip = app.model.shape.length === 3;
    const shape = `(${isClip ? "1, " : ""}${size.height}, ${size.width})`;
    const extent = pairs(this.#copied());
    const isColor = quantity === "mean" || quantity === "std";
    return `import gmmfast
import numpy as np

model = gmmfast.Mixture.load("model.npz")
values = gmmfast.render_grid(
    model, ${shape}, quantity="${quantity}", extent=${extent}${isColor ? ', dtype="uint8"' : ""}
)${isClip ? "[0]" : ""}
${this.#shown(quantity)}
`;
  }

  /** Returns Python that makes a picture of the values of a quantity. */
  #shown(quantity) {
    const { model, look } = this.app;
    if (quantity === "mean" || quantity === "std") return "picture = values";
    if (quantity === "label") {
      const colors = Array.from({ length: model.nComponents }, (_, k) =>
        `[${swatch(this.app.plane, k).map(Math.round).join(", ")}]`);
      const isPainting = model.nColors > 0 && model.shape.length === 2;
      const array = isPainting ? "np.rint(np.clip(model.means[:, 2:], 0, 255))"
        : `np.array([${colors.join(", ")}])`;
      return `picture = ${array}.astype("uint8")[values]`;
    }
    const [low, high] = look.range.map((x) => (quantity === "entropy" ? x : x * Math.LN2));
    const scaled = quantity === "density" ? `values / ${Math.exp(high)}`
      : `(values - ${low}) / ${high - low}`;
    return `tone = gmmfast.ToneCurve(${pairs(look.tone)})
picture = np.rint(255 * (1 - tone(${scaled}))).astype("uint8")`;
  }

  /** Returns a command line that renders the view: its values, and a picture of them. */
  command() {
    const { size } = this;
    const { quantity, tone } = this.app.look;
    const colons = (points) => points.map(([x, y]) => `${x}:${y}`).join(",");
    const curve = quantity === "density" ? ` --tone ${colons(tone)}` : "";
    const values = quantity === "mean" ? "" : " -o view.npy";
    return `gmmfast render model.npz --quantity ${quantity} --size ${size.width}x${size.height} `
      + `--extent=${colons(this.#copied())}${curve} -o view.png${values}\n`;
  }
}

/** Returns pairs of numbers as Python. */
function pairs(points) {
  return `[${points.map(([low, high]) => `(${low}, ${high})`).join(", ")}]`;
}

async function copy(text, what) {
  byId("copied").textContent = text;
  byId("copied").hidden = false;
  try {
    await navigator.clipboard.writeText(text);
    announce(`The ${what} is in the clipboard.`);
  } catch {
    getSelection().selectAllChildren(byId("copied"));
    announce(`The ${what} is selected: copy it by Ctrl-C.`);
  }
}
