// Elements. Text is always set as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

function made(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Returns an HTML element; attributes that begin with "on" are listeners. */
export function el(tag, attributes = {}, ...children) {
  return made(document.createElement(tag), attributes, children);
}

/** Returns an SVG element. */
export function svg(tag, attributes = {}, ...children) {
  return made(document.createElementNS(SVG, tag), attributes, children);
}

/**
 * Returns the element with an id.
 * @returns {any}
 */
export function byId(id) {
  return document.getElementById(id);
}

/** Returns a number with few digits. */
export function short(value, digits = 4) {
  if (!Number.isFinite(value)) return String(value);
  return String(Number(value.toPrecision(digits)));
}

/** Returns a CSS color of levels. */
export function rgb(levels) {
  const [r, g, b] = levels.length === 1 ? [levels[0], levels[0], levels[0]] : levels;
  return `rgb(${[r, g, b].map((x) => Math.round(Math.min(255, Math.max(0, x)))).join(" ")})`;
}

/** Announces a sentence to screen readers, and shows it for a moment. */
export function announce(text) {
  byId("status").textContent = text;
}
