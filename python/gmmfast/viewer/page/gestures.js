// Pointers, wheel and keys on the stage.

import { announce, byId } from "./dom.js";

/** CSS pixels that a pointer may move in a click. */
const SLIP = 4;

/** CSS pixels of a step by an arrow key. */
const STEP = 48;

export class Gestures {
  /** @param {any} app */
  constructor(app) {
    this.app = app;
    this.stage = byId("stage");
    /**
     * Places of the pointers that are down.
     * @type {Map<number, number[]>}
     */
    this.pointers = new Map();
    this.drag = null;
    this.click = 0;
    const { stage } = this;
    stage.addEventListener("pointerdown", (event) => this.#down(event));
    stage.addEventListener("pointermove", (event) => this.#move(event));
    stage.addEventListener("pointerup", (event) => this.#up(event));
    stage.addEventListener("pointercancel", (event) => this.#up(event));
    stage.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    stage.addEventListener("dblclick", (event) => this.#double(event));
    stage.addEventListener("keydown", (event) => this.#key(event));
    stage.addEventListener("focus", () => app.drawOverlay());
    stage.addEventListener("blur", () => app.drawOverlay());
    byId("zoom-in").addEventListener("click", () => this.#zoom(1.5));
    byId("zoom-out").addEventListener("click", () => this.#zoom(1 / 1.5));
    byId("fit").addEventListener("click", () => { app.view.fit(); app.moved(); });
  }

  get #tool() {
    const chosen = document.querySelector("input[name=tool]:checked");
    return /** @type {HTMLInputElement} */ (chosen).value;
  }

  #place(event) {
    const box = this.stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  #zoom(factor, place = []) {
    this.app.view.zoom(factor, ...place);
    this.app.moved();
  }

  #down(event) {
    const place = this.#place(event);
    if (event.target.closest("button")) return;
    this.stage.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, place);
    const kind = this.app.compare.isAt(place[0]) ? "divider" : this.#tool;
    this.drag = { start: place, kind, moved: false };
    if (this.pointers.size > 1) this.drag.moved = true;
  }

  #move(event) {
    const { app, pointers, drag } = this;
    const place = this.#place(event);
    const before = pointers.get(event.pointerId);
    if (!before || !drag) {
      this.#hover(place);
      return;
    }
    if (pointers.size === 2) {
      const other = [...pointers].find(([id]) => id !== event.pointerId)[1];
      const distance = (p) => Math.hypot(p[0] - other[0], p[1] - other[1]);
      const middle = (p) => [(p[0] + other[0]) / 2, (p[1] + other[1]) / 2];
      const [now, then] = [middle(place), middle(before)];
      app.view.pan(now[0] - then[0], now[1] - then[1]);
      this.#zoom(distance(place) / Math.max(1, distance(before)), now);
    } else {
      if (Math.hypot(place[0] - drag.start[0], place[1] - drag.start[1]) > SLIP) drag.moved = true;
      if (drag.moved) this.#drag(drag, before, place);
    }
    pointers.set(event.pointerId, place);
  }

  #drag({ kind, start }, before, place) {
    const { app } = this;
    if (kind === "divider") app.compare.set(place[0] / app.view.width);
    else if (kind === "line") {
      app.slice.along(app.view.pointAt(...start), app.view.pointAt(...place));
    } else if (kind === "move") {
      app.view.pan(place[0] - before[0], place[1] - before[1]);
      app.moved();
    } else this.#hover(place);
  }

  /** Asks at a place, once a frame. */
  #hover(place) {
    if (this.next === undefined) requestAnimationFrame(() => this.#answer());
    this.next = place;
  }

  #answer() {
    const point = this.app.view.pointAt(...this.next);
    this.next = undefined;
    this.app.ask.at(...point);
    const tool = this.#tool;
    if ((tool === "x" || tool === "y") && this.app.view.contains(...point)) {
      this.app.slice.hold(tool, point);
    }
  }

  #up(event) {
    const { drag, pointers, app } = this;
    const place = pointers.get(event.pointerId);
    if (!place) return;
    pointers.delete(event.pointerId);
    if (pointers.size > 0) return;
    this.drag = null;
    if (event.type === "pointercancel" || drag.moved || drag.kind === "divider") return;
    app.ask.at(...app.view.pointAt(...place));
    clearTimeout(this.click);
    this.click = setTimeout(() => app.ask.pin(), 260); // unless a second click follows
  }

  #wheel(event) {
    const isEmbedded = window.self !== window.top;
    if (isEmbedded && !event.ctrlKey && document.activeElement !== this.stage) return;
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    const rate = event.ctrlKey ? 0.01 : 0.0016;
    this.#zoom(Math.exp(-event.deltaY * lines * rate), this.#place(event));
  }

  #double(event) {
    clearTimeout(this.click);
    if (event.target.closest("button")) return;
    this.#zoom(event.shiftKey ? 1 / 2 : 2, this.#place(event));
  }

  #key(event) {
    const { app } = this;
    const { view } = app;
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== this.stage) return;
    const far = event.shiftKey ? 4 : 1;
    const pans = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    if (event.key in pans) {
      const [x, y] = pans[event.key];
      view.pan(far * STEP * x, far * STEP * y);
    } else if (event.key === "+" || event.key === "=") view.zoom(1.5);
    else if (event.key === "-" || event.key === "_") view.zoom(1 / 1.5);
    else if (event.key === "0") view.fit();
    else if (event.key === "Enter" || event.key === " ") {
      app.ask.at(...view.pointAt(view.width / 2, view.height / 2));
      app.ask.pin();
    } else if (event.key === "Escape") app.slice.clear();
    else return;
    event.preventDefault();
    app.moved();
    app.ask.at(...view.pointAt(view.width / 2, view.height / 2));
    if (event.key === "0") announce("The whole picture is shown.");
  }
}
