// The view: which part of the picture the stage shows. Positions are pixels of the picture, in
// float64; (0, 0) is its upper left corner.

import { sizeOf } from "./data.js";

/** CSS pixels of the stage to a pixel of the picture, at most. */
const MAX_SCALE = 20000;

export class View {
  /** @param {import("./data.js").Model} model */
  constructor(model) {
    const { width, height } = sizeOf(model);
    this.model = model;
    this.pictureWidth = this.width = width;
    this.pictureHeight = this.height = height;
    this.density = 1;
    this.fit();
  }

  /** Sets the size of the stage in CSS pixels, and the device's pixels to one of these. */
  resize(width, height, density) {
    const wasFit = this.isFit;
    this.width = width;
    this.height = height;
    this.density = density;
    if (wasFit) this.fit();
    else this.#clamp();
  }

  /** Shows the whole picture. */
  fit() {
    this.scale = this.fitScale;
    this.x = this.pictureWidth / 2;
    this.y = this.pictureHeight / 2;
    this.isFit = true;
  }

  get fitScale() {
    return Math.min(this.width / this.pictureWidth, this.height / this.pictureHeight);
  }

  /** Moves by CSS pixels. */
  pan(dx, dy) {
    this.x -= dx / this.scale;
    this.y -= dy / this.scale;
    this.isFit = false;
    this.#clamp();
  }

  /** Zooms by a factor; the point of the picture under (left, top) of the stage stays there. */
  zoom(factor, left = this.width / 2, top = this.height / 2) {
    const [x, y] = this.pixelAt(left, top);
    const fit = this.fitScale;
    this.scale = Math.min(MAX_SCALE, Math.max(fit / 4, this.scale * factor));
    this.isFit = false;
    this.x = x - (left - this.width / 2) / this.scale;
    this.y = y - (top - this.height / 2) / this.scale;
    this.#clamp();
  }

  #clamp() {
    this.x = Math.min(this.pictureWidth, Math.max(0, this.x));
    this.y = Math.min(this.pictureHeight, Math.max(0, this.y));
  }

  /** Returns the picture's pixel coordinates at a point of the stage. */
  pixelAt(left, top) {
    return [
      this.x + (left - this.width / 2) / this.scale,
      this.y + (top - this.height / 2) / this.scale,
    ];
  }

  /** Returns the model's (x, y) at a point of the stage. */
  pointAt(left, top) {
    const [i, j] = this.pixelAt(left, top);
    return [this.#data(0, i, this.pictureWidth), this.#data(1, j, this.pictureHeight)];
  }

  /** Returns where a point (x, y) of the model is on the stage. */
  placeOf(x, y) {
    const [sx, sy] = this.unit;
    const [i, j] = [(x - this.model.extent[0][0]) / sx, (y - this.model.extent[1][0]) / sy];
    return [
      (i - this.x) * this.scale + this.width / 2, (j - this.y) * this.scale + this.height / 2,
    ];
  }

  /** Sizes of a pixel of the picture, in units of the model. */
  get unit() {
    const [[x0, x1], [y0, y1]] = this.model.extent;
    return [(x1 - x0) / this.pictureWidth, (y1 - y0) / this.pictureHeight];
  }

  #data(axis, i, n) {
    const [low, high] = this.model.extent[axis];
    return low + (i * (high - low)) / n;
  }

  /** Whether a point (x, y) of the model lies in the picture. */
  contains(x, y) {
    const [[x0, x1], [y0, y1]] = this.model.extent;
    return (x - x0) * (x - x1) <= 0 && (y - y0) * (y - y1) <= 0; // an axis may descend
  }

  /**
   * Returns the frame that fills the stage.
   * @param {number} coarse Device pixels to a side of a pixel of the frame.
   * @returns {import("./tiles.js").Frame}
   */
  frame(coarse = 1) {
    const width = Math.max(1, Math.round((this.width * this.density) / coarse));
    const height = Math.max(1, Math.round((this.height * this.density) / coarse));
    const [left, top] = this.pointAt(0, 0);
    const [right, bottom] = this.pointAt(this.width, this.height);
    return {
      width, height, left, top, stepX: (right - left) / width, stepY: (bottom - top) / height,
    };
  }
}

/**
 * Returns the frame of `width` x `height` pixels that covers intervals of x and y.
 * @param {number[][]} extent @param {number} width @param {number} height
 * @returns {import("./tiles.js").Frame}
 */
export function frameOf([[x0, x1], [y0, y1]], width, height) {
  return {
    width, height, left: x0, top: y0, stepX: (x1 - x0) / width, stepY: (y1 - y0) / height,
  };
}
