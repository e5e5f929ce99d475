// The view as a PNG of any size, and as Python and a command line that render it.

import { drawComponents } from "./ellipses.js";
import { timeOf } from "./data.js";
import { announce, byId } from "./dom.js";

/** Pixels of a side of a saved picture, at most. */
const MOST_PIXELS = 8192;

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

  /** Returns a canvas with the view at the chosen size. */
  async picture() {
    const { app, size } = this;
    const [[x0, x1], [y0, y1]] = this.extent();
    const frame = {
      ...size, left: x0, top: y0, stepX: (x1 - x0) / size.width, stepY: (y1 - y0) / size.height,
    };
    const canvas = document.createElement("canvas");
    Object.assign(canvas, size);
    const context = canvas.getContext("2d");
    if (app.style === null) {
      const pixels = await app.render(frame, app.look);
      context.putImageData(new ImageData(pixels, size.width, size.height), 0, 0);
      return canvas;
    }
    context.fillStyle = "#faf9f6";
    context.fillRect(0, 0, size.width, size.height);
    const view = Object.create(app.view);
    view.scale = (app.view.scale * size.width) / app.view.width;
    [view.width, view.height] = [size.width, size.height];
    if (app.style === "rain") app.rain.draw.call({ app: { view }, points: app.rain.points },
      context);
    else drawComponents(context, view, app.plane, app.style === "ellipses");
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

  /** Returns Python that renders the view. */
  python() {
    const { app, size } = this;
    const { quantity } = app.look;
    const extent = this.extent();
    let shape = `(${size.height}, ${size.width})`;
    const { extent: whole } = app.model;
    if (whole.length === 3) {
      const half = (whole[2][1] - whole[2][0]) / app.model.shape[0] / 2;
      const time = timeOf(app.model, app.frame);
      extent.push([time - half, time + half]);
      shape = `(1, ${size.height}, ${size.width})`;
    }
    const pairs = extent.map(([low, high]) => `(${low}, ${high})`).join(", ");
    const dtype = quantity === "mean" || quantity === "std" ? ', dtype="uint8"' : "";
    return `import gmmfast

model = gmmfast.Mixture.load("model.npz")
picture = gmmfast.render_grid(
    model, ${shape}, quantity="${quantity}", extent=[${pairs}]${dtype}
)
`;
  }

  /** Returns a command line that renders the view. */
  command() {
    const { app, size } = this;
    const pairs = this.extent().map(([low, high]) => `${low}:${high}`).join(",");
    const tone = app.look.quantity === "density"
      ? ` --tone ${app.look.tone.map(([x, y]) => `${x}:${y}`).join(",")}` : "";
    return `gmmfast render model.npz --quantity ${app.look.quantity} `
      + `--size ${size.width}x${size.height} --extent=${pairs}${tone} -o view.png\n`;
  }
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
