// The original beside the painting: a divider, and the peak signal-to-noise ratio.

import { sizeOf } from "./data.js";
import { frameOf } from "./view.js";
import { byId } from "./dom.js";

export class Compare {
  /** @param {any} app @param {string} url The original picture, or "". */
  constructor(app, url) {
    this.app = app;
    this.position = 0;
    this.image = null;
    if (url === "") return;
    byId("compare-section").hidden = false;
    byId("divider").addEventListener("input", (event) => this.set(event.target.value / 100));
    this.ready = this.#load(url);
  }

  async #load(url) {
    const image = new Image();
    image.src = url;
    await image.decode();
    this.image = image;
    this.set(0.5);
    if (this.app.model.nColors) byId("psnr").textContent = await this.#psnr();
  }

  /** Moves the divider: 0 shows the painting alone, 1 the original. */
  set(position) {
    this.position = Math.min(1, Math.max(0, position));
    byId("divider").value = String(Math.round(100 * this.position));
    this.app.drawOverlay();
  }

  /** Whether a place on the stage is at the divider. */
  isAt(left) {
    const { width } = this.app.view;
    return this.image !== null && this.position > 0.005 && this.position < 0.995
      && Math.abs(left - this.position * width) < 12;
  }

  /** Draws the original left of the divider. */
  draw(context) {
    if (!this.image || this.position === 0) return;
    const { view, model } = this.app;
    const edge = this.position * view.width;
    const [[x0, x1], [y0, y1]] = model.extent;
    const [left, top] = view.placeOf(x0, y0);
    const [right, bottom] = view.placeOf(x1, y1);
    context.save();
    context.beginPath();
    context.rect(0, 0, edge, view.height);
    context.clip();
    context.imageSmoothingEnabled = view.scale < 2;
    context.drawImage(this.image, left, top, right - left, bottom - top);
    context.restore();
    if (this.position === 1) return;
    for (const width of [4, 2]) {
      context.fillStyle = width === 4 ? "rgb(0 0 0 / 45%)" : "#fff";
      context.fillRect(edge - width / 2, 0, width, view.height);
    }
    context.beginPath();
    context.arc(edge, view.height / 2, 11, 0, 2 * Math.PI);
    context.fill();
    context.strokeStyle = "#333";
    context.lineWidth = 1.5;
    context.stroke();
    context.fillStyle = "#333";
    context.font = "11px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText("◂▸", edge, view.height / 2 + 0.5);
  }

  /** Returns the ratio of the whole painting, as text. */
  async #psnr() {
    const { app, image } = this;
    const { width, height } = sizeOf(app.model);
    if (image.naturalWidth !== width || image.naturalHeight !== height) return "";
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    const original = context.getImageData(0, 0, width, height).data;
    const look = { ...app.look, quantity: "mean" };
    const painting = await app.render(frameOf(app.model.extent, width, height), look);
    let sum = 0;
    for (let i = 0; i < original.length; i++) sum += (original[i] - painting[i]) ** 2;
    const mean = sum / (3 * width * height); // opacity is equal everywhere
    return mean ? `PSNR ${(10 * Math.log10(255 ** 2 / mean)).toFixed(2)} dB` : "equal";
  }
}
