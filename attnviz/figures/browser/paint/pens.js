// The pen that paints on a canvas. The one in svg_pen.js has the same strokes, so that what is saved is what was seen.

import { cut } from "./labels.js";

/**
 * @typedef {CanvasPen | import("./svg_pen.js").SvgPen} Pen
 * @typedef {[x: number, y: number, width: number, height: number]} Box
 * @typedef {[x0: number, y0: number, x1: number, y1: number]} Line
 * @typedef {{align?: string, colour?: string, angle?: number, dotted?: boolean}} TextStyle dotted: underlined, as what the model does not know
 */

/** Paints on a 2d context. */
export class CanvasPen {
  constructor(context) {
    this.context = context;
    context.textBaseline = "middle";
    context.direction = "ltr";
  }

  font(font) {
    this.context.font = font;
  }

  measureText(text) {
    return this.context.measureText(text);
  }

  cutTo(text, width) {
    return cut(this.context, text, width);
  }

  clip(x, y, width, height, paint) {
    this.context.save();
    this.context.beginPath();
    this.context.rect(x, y, width, height);
    this.context.clip();
    paint();
    this.context.restore();
  }

  rect(x, y, width, height, fill, opacity = 1) {
    this.context.fillStyle = fill;
    this.context.globalAlpha = opacity;
    this.context.fillRect(x, y, width, height);
    this.context.globalAlpha = 1;
  }

  frame(x, y, width, height, colour, thickness = 1) {
    this.context.strokeStyle = colour;
    this.context.lineWidth = thickness;
    this.context.strokeRect(x - 0.5, y - 0.5, width + 1, height + 1);
  }

  /**
   * @param {Line[]} lines
   * @param {string} colour
   * @param {{thickness?: number, opacity?: number, dash?: number[]}} style
   */
  lines(lines, colour, { thickness = 1, opacity = 1, dash = [] } = {}) {
    this.context.setLineDash(dash);
    this.context.strokeStyle = colour;
    this.context.lineWidth = thickness;
    this.context.globalAlpha = opacity;
    this.context.beginPath();
    for (const [x0, y0, x1, y1] of lines) {
      this.context.moveTo(x0, y0);
      this.context.lineTo(x1, y1);
    }
    this.context.stroke();
    this.context.globalAlpha = 1;
    this.context.setLineDash([]);
  }

  /** Paints with the origin at (x, y). */
  shift(x, y, paint) {
    this.context.save();
    this.context.translate(x, y);
    paint();
    this.context.restore();
  }

  /** The part [x, y, width, height] of a canvas. */
  image(source, part, x, y, width, height, smooth = false) {
    this.context.imageSmoothingEnabled = smooth;
    this.context.imageSmoothingQuality = "high";
    this.context.drawImage(source, ...part, x, y, width, height);
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {string} text
   * @param {TextStyle} style
   */
  text(x, y, text, { align = "left", colour, angle = 0, dotted = false } = {}) {
    const { context } = this;
    context.save();
    context.translate(x, y);
    if (angle) context.rotate(angle);
    context.fillStyle = colour;
    context.textAlign = /** @type {CanvasTextAlign} */ (align);
    context.fillText(text, 0, 0);
    if (dotted) dots(context, text, align);
    context.restore();
  }

  /**
   * @param {Box[]} boxes
   * @param {string} line
   * @param {string} ground
   */
  hatch(boxes, line, ground) {
    const { context } = this;
    context.save();
    context.beginPath();
    for (const [x, y, width, height] of boxes) context.rect(x, y, width, height);
    context.fillStyle = ground;
    context.fill();
    context.clip();
    const box = boundsOf(boxes);
    this.lines(diagonals(box, 7), line);
    context.restore();
  }

  /**
   * The scene's image, one pixel a cell, enlarged without smoothing.
   * @param {import("./matrix.js").Scene} scene
   * @param {number} x
   * @param {number} y
   * @param {number} cell
   * @param {{rows: [number, number], cols: [number, number]}} range
   */
  matrix(scene, x, y, cell, { rows, cols }) {
    const width = cols[1] - cols[0];
    const height = rows[1] - rows[0];
    if (width <= 0 || height <= 0) return;
    this.context.imageSmoothingEnabled = false;
    this.context.drawImage(
      scene.image, cols[0], rows[0], width, height, x + cols[0] * cell, y + rows[0] * cell, width * cell, height * cell,
    );
  }
}

/**
 * A dotted line under a text that was painted at the origin.
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {string} align
 */
export function dots(context, text, align) {
  const width = Math.max(6, context.measureText(text).width);
  const left = { left: 0, center: -width / 2, right: -width }[align];
  context.strokeStyle = context.fillStyle;
  context.lineWidth = 1.25;
  context.setLineDash([1.5, 1.5]);
  context.beginPath();
  context.moveTo(left, 7.5);
  context.lineTo(left + width, 7.5);
  context.stroke();
  context.setLineDash([]);
}

/**
 * @param {Box[]} boxes
 * @returns {Box}
 */
export function boundsOf(boxes) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y, width, height] of boxes) {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x + width);
    bottom = Math.max(bottom, y + height);
  }
  return [left, top, right - left, bottom - top];
}

/**
 * Slanted lines through a box, `gap` apart.
 * @param {Box} box
 * @param {number} gap
 */
export function diagonals([x, y, width, height], gap) {
  /** @type {Line[]} */
  const lines = [];
  for (let at = 0; at < width + height; at += gap) lines.push([x + at, y, x + at - height, y + height]);
  return lines;
}
