// The painter by WebGL2: one instanced rectangle for each visible tile, summed by mixture.frag.

import { visitTiles } from "./tiles.js";
import { QUANTITIES, countOf } from "./summing.js";

const VERTEX = `#version 300 es
uniform vec2 size;
in vec4 pixels;
in vec4 local;
in vec2 survivors;
in vec3 plane;
flat out vec4 first;
flat out vec2 steps;
flat out vec2 list;
flat out vec3 tangent;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  vec2 at = mix(pixels.xy, pixels.zw, corner);
  gl_Position = vec4(2.0 * at.x / size.x - 1.0, 1.0 - 2.0 * at.y / size.y, 0.0, 1.0);
  first = vec4(pixels.xy, local.xy);
  steps = local.zw;
  list = survivors;
  tangent = plane;
}`;

/** Numbers of an instance, by attribute. */
const INSTANCE = { pixels: 4, local: 4, survivors: 2, plane: 3 };
const STRIDE = 13;

/** Texels of a row of the textures: whole entries of five texels. */
const ROW = 4000;

/** Rows of a picture that are drawn and read at once. */
const READ_ROWS = 256;

/** WebGL on the processor, where the worker's loops are many times as fast. */
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

export class GlPainter {
  /**
   * @param {HTMLCanvasElement} canvas @param {string} fragment The source of mixture.frag.
   * @param {boolean} allowsSoftware Whether WebGL2 may run on the processor.
   * @throws {Error} If there is no WebGL2.
   */
  constructor(canvas, fragment, allowsSoftware) {
    this.name = "WebGL2";
    this.canvas = canvas;
    this.fragment = fragment;
    const options = { antialias: false, preserveDrawingBuffer: true, premultipliedAlpha: true };
    const gl = /** @type {WebGL2RenderingContext} */ (canvas.getContext("webgl2", options));
    if (!gl) throw new Error("WebGL2 is missing");
    this.gl = gl;
    const info = gl.getExtension("WEBGL_debug_renderer_info");
    const card = gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER);
    if (!allowsSoftware && SOFTWARE.test(card)) {
      this.close();
      throw new Error("there is no graphics card");
    }
    this.programs = new Map();
    this.buffer = gl.createBuffer();
    this.textures = {};
  }

  /** Uses the entries of a frame from now on. */
  load(model, data) {
    this.model = model;
    this.data = data;
    this.#texture("entries", 0, data.entries);
    const swatches = new Float32Array((data.swatches.length / 3) * 4);
    for (let i = 0; i < data.swatches.length / 3; i++) {
      swatches.set(data.swatches.subarray(3 * i, 3 * i + 3), 4 * i);
    }
    this.#texture("swatches", 1, swatches);
  }

  #texture(name, unit, values) {
    const { gl } = this;
    const rows = Math.max(1, Math.ceil(values.length / 4 / ROW));
    if (rows > gl.getParameter(gl.MAX_TEXTURE_SIZE)) {
      throw new Error("the model is too large for this graphics card");
    }
    const padded = new Float32Array(rows * ROW * 4);
    padded.set(values);
    gl.deleteTexture(this.textures[name] ?? null);
    this.textures[name] = gl.createTexture();
    gl.activeTexture(gl.TEXTURE0 + unit);
    gl.bindTexture(gl.TEXTURE_2D, this.textures[name]);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA32F, ROW, rows, 0, gl.RGBA, gl.FLOAT, padded);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
  }

  #program(quantity) {
    const { gl, programs } = this;
    if (programs.has(quantity)) return programs.get(quantity);
    const program = gl.createProgram();
    const define = `#define QUANTITY ${QUANTITIES.indexOf(quantity)}\n`;
    const [version, ...rest] = this.fragment.trim().split("\n");
    const sources = [
      { type: gl.VERTEX_SHADER, source: VERTEX },
      { type: gl.FRAGMENT_SHADER, source: `${version}\n${define}${rest.join("\n")}` },
    ];
    for (const { type, source } of sources) {
      const shader = gl.createShader(type);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
      if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost()) {
        throw new Error(`the shader does not compile: ${gl.getShaderInfoLog(shader)}`);
      }
    }
    gl.linkProgram(program);
    programs.set(quantity, program);
    return program;
  }

  /**
   * Paints a frame into the canvas, which gets its size.
   * @param {import("./tiles.js").Frame} frame @param {import("./summing.js").Look} look
   * @returns {Promise<boolean>} Whether it did.
   */
  async paint(frame, look) {
    const { canvas } = this;
    if (canvas.width !== frame.width) canvas.width = frame.width;
    if (canvas.height !== frame.height) canvas.height = frame.height;
    this.#draw(frame, look);
    await this.#finished();
    return !this.gl.isContextLost();
  }

  /**
   * Returns the pixels of a frame, RGBA from the top, without showing it, or null if the context
   * is lost.
   */
  async pixels(frame, look) {
    const { width, height } = frame;
    const pixels = new Uint8ClampedArray(4 * width * height);
    for (let row = 0; row < height; row += READ_ROWS) { // a card ends what takes seconds
      const part = { ...frame, height: Math.min(READ_ROWS, height - row) };
      this.#read({ ...part, top: frame.top + row * frame.stepY }, look,
        pixels.subarray(4 * width * row));
    }
    return this.gl.isContextLost() ? null : pixels;
  }

  /** Writes the pixels of a band to an array. */
  #read(frame, look, pixels) {
    const { gl } = this;
    const { width, height } = frame;
    const [target, store] = [gl.createFramebuffer(), gl.createRenderbuffer()];
    gl.bindFramebuffer(gl.FRAMEBUFFER, target);
    gl.bindRenderbuffer(gl.RENDERBUFFER, store);
    gl.renderbufferStorage(gl.RENDERBUFFER, gl.RGBA8, width, height);
    gl.framebufferRenderbuffer(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.RENDERBUFFER, store);
    this.#draw(frame, look);
    const upward = new Uint8Array(4 * width * height);
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, upward);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.deleteFramebuffer(target);
    gl.deleteRenderbuffer(store);
    for (let j = 0; j < height; j++) {
      pixels.set(upward.subarray(4 * width * (height - 1 - j), 4 * width * (height - j)),
        4 * width * j);
    }
  }

  #draw(frame, look) {
    const { gl, model, data } = this;
    gl.viewport(0, 0, frame.width, frame.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    const instances = [];
    visitTiles(model, frame, ({ tile, i0, i1, j0, j1, u, v, du, dv }) => {
      instances.push(i0, j0, i1, j1, u, v, du, dv, data.starts[tile],
        countOf(data, tile, look.quantity), ...data.planes.subarray(3 * tile, 3 * tile + 3));
    });
    const program = this.#program(look.quantity);
    gl.useProgram(program);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array(instances), gl.DYNAMIC_DRAW);
    let offset = 0;
    for (const [name, size] of Object.entries(INSTANCE)) {
      const place = gl.getAttribLocation(program, name);
      if (place >= 0) {
        gl.enableVertexAttribArray(place);
        gl.vertexAttribPointer(place, size, gl.FLOAT, false, 4 * STRIDE, 4 * offset);
        gl.vertexAttribDivisor(place, 1);
      }
      offset += size;
    }
    const uniform = (name) => gl.getUniformLocation(program, name);
    gl.uniform2f(uniform("size"), frame.width, frame.height);
    gl.uniform1f(uniform("height"), frame.height);
    gl.uniform2fv(uniform("range"), look.range);
    gl.uniform1i(uniform("nKnots"), look.tone.length);
    gl.uniform2fv(uniform("knots"), look.tone.flat());
    gl.uniform1i(uniform("entries"), 0);
    gl.uniform1i(uniform("swatches"), 1);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, instances.length / STRIDE);
  }

  /** Waits until the frame is drawn, to measure it and to queue no second one. */
  async #finished() {
    const { gl } = this;
    const fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    gl.flush();
    for (let i = 0; i < 2000 && !gl.isContextLost(); i++) {
      if (gl.clientWaitSync(fence, 0, 0) !== gl.TIMEOUT_EXPIRED) break;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    gl.deleteSync(fence);
  }

  /** Does nothing: a frame that is drawn cannot be dropped. */
  cancel() {}

  /** Frees the context. */
  close() {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}
