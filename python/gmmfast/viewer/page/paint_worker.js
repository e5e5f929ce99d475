// The painter without WebGL2: a worker sums band by band, and the canvas shows the picture.
//
// The worker runs the page's own script, which finds no document there. A newer frame makes it
// drop an older one between two bands.

import { sumFrame } from "./summing.js";

/** Rows of a band. */
const BAND = 32;

/** Answers frames in a worker. */
export function serveFrames() {
  let state = null, latest = 0;
  self.onmessage = async ({ data }) => {
    if (data.model) {
      state = data;
      return;
    }
    latest = data.number;
    if (!data.frame) return;
    const { frame, look } = data;
    const pixels = new Uint8ClampedArray(4 * frame.width * frame.height);
    for (let row = 0; row < frame.height; row += BAND) {
      await turn(); // newer messages come first
      if (latest !== data.number) {
        self.postMessage({ number: data.number, pixels: null });
        return;
      }
      const height = Math.min(BAND, frame.height - row);
      const band = { ...frame, height, top: frame.top + row * frame.stepY };
      pixels.set(sumFrame(state.model, state.tiles, band, look), 4 * row * frame.width);
    }
    self.postMessage({ number: data.number, pixels }, { transfer: [pixels.buffer] });
  };
}

/** Lets the worker take the messages that are waiting; a timeout would wait for longer. */
function turn() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

export class WorkerPainter {
  /**
   * @param {HTMLCanvasElement} canvas @param {string} source The page's module.
   * @throws {Error} If there are neither workers nor a canvas.
   */
  constructor(canvas, source) {
    this.name = "JavaScript";
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    if (!this.context) throw new Error("the browser has no canvas");
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    this.worker = new Worker(url);
    this.number = 0;
    /**
     * What to do with the pixels of a number.
     * @type {Map<number, (pixels: any) => void>}
     */
    this.waiting = new Map();
    this.worker.onmessage = ({ data: { number, pixels } }) => {
      this.waiting.get(number)(pixels);
      this.waiting.delete(number);
    };
  }

  /** Uses the entries of a frame from now on. */
  load(model, tiles) {
    const { tiles: shape, tiling, extent } = model;
    this.worker.postMessage({ model: { tiles: shape, tiling, extent }, tiles });
  }

  /** Paints a frame into the canvas. Returns whether it did: a newer one may replace it. */
  async paint(frame, look) {
    const { canvas, context } = this;
    const pixels = await this.pixels(frame, look);
    if (pixels === null) return false;
    if (canvas.width !== frame.width) canvas.width = frame.width;
    if (canvas.height !== frame.height) canvas.height = frame.height;
    context.putImageData(new ImageData(pixels, frame.width, frame.height), 0, 0);
    return true;
  }

  /** Returns the pixels of a frame, RGBA from the top, or null if a newer one replaces it. */
  pixels(frame, look) {
    this.number += 1;
    this.worker.postMessage({ number: this.number, frame, look });
    return new Promise((resolve) => { this.waiting.set(this.number, resolve); });
  }

  /** Drops the frame that is painted; its pixels are null. */
  cancel() {
    this.worker.postMessage({ number: 0 });
  }

  /** Ends the worker. */
  close() {
    this.worker.terminate();
  }
}
