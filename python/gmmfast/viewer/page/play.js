// Time of a clip: a slider over its frames, and play.

import { sizeOf, timeOf } from "./data.js";
import { byId, short } from "./dom.js";

/** Frames a second. */
const RATE = 12;

export class Play {
  /** @param {any} app */
  constructor(app) {
    this.app = app;
    this.frames = sizeOf(app.model).frames;
    this.timer = 0;
    if (app.model.shape.length < 3) return;
    byId("time-section").hidden = false;
    byId("time").max = String(this.frames - 1);
    byId("time").addEventListener("input", (event) => this.show(Number(event.target.value)));
    byId("play").addEventListener("click", () => (this.timer ? this.stop() : this.start()));
    this.show(0);
  }

  /** Shows a frame. */
  show(frame) {
    byId("time").value = String(frame);
    const text = `frame ${frame + 1} of ${this.frames}, t ${short(timeOf(this.app.model, frame))}`;
    byId("time-text").textContent = text;
    byId("time").setAttribute("aria-valuetext", text);
    this.app.showFrame(frame);
  }

  /** Plays from the present frame on, over and over. */
  start() {
    byId("play").textContent = "Stop";
    const next = async () => {
      await this.app.painted;
      if (this.timer) this.show((this.app.frame + 1) % this.frames);
      if (this.timer) this.timer = setTimeout(next, 1000 / RATE);
    };
    this.timer = setTimeout(next, 1000 / RATE);
  }

  /** Stops. */
  stop() {
    clearTimeout(this.timer);
    this.timer = 0;
    byId("play").textContent = "Play";
  }
}
