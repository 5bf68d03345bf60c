// The pen that writes SVG, with the same strokes as the one in pens.js.

import { decimals } from "../core/numbers.js";
import { pictureCanvas } from "../core/save.js";
import { xmlText } from "../core/xml.js";
import { keyOf, queryOf } from "../data/view.js";
import { css } from "./colours.js";
import { cut } from "./labels.js";
import { boundsOf, diagonals } from "./pens.js";
import { shadeOf } from "./scales.js";

/** @import {Box, Line, TextStyle} from "./pens.js" */

const VECTOR_CELLS = 4096;

/** Collects the elements of an SVG of the given size. */
export class SvgPen {
  constructor(width, height, theme) {
    /** @type {string[]} */
    this.parts = [];
    this.size = { width: Math.ceil(width), height: Math.ceil(height) };
    this.theme = theme;
    this.clips = 0;
    this.family = theme.font;
    // Text is measured where it was laid out; an SVG is never laid out by itself.
    this.ruler = pictureCanvas(1, 1, 1, "white").pen;
    this.pixels = 12;
    this.weight = "";
  }

  font(font) {
    this.ruler.font = font;
    const [, weight, pixels] = font.match(/^(?:(\d+) )?([\d.]+)px/);
    this.pixels = Number(pixels);
    this.weight = weight ? ` font-weight="${weight}"` : "";
  }

  measureText(text) {
    return this.ruler.measureText(text);
  }

  cutTo(text, width) {
    return cut(this.ruler, text, width);
  }

  clip(x, y, width, height, paint) {
    const id = `clip${this.clips++}`;
    this.parts.push(`<clipPath id="${id}"><rect ${boxOf(x, y, width, height)}/></clipPath><g clip-path="url(#${id})">`);
    paint();
    this.parts.push("</g>");
  }

  rect(x, y, width, height, fill, opacity = 1) {
    const faint = opacity < 1 ? ` fill-opacity="${short(opacity)}"` : "";
    this.parts.push(`<rect ${boxOf(x, y, width, height)} fill="${fill}"${faint}/>`);
  }

  frame(x, y, width, height, colour, thickness = 1) {
    this.parts.push(`<rect ${boxOf(x - 0.5, y - 0.5, width + 1, height + 1)} fill="none" stroke="${colour}" stroke-width="${thickness}"/>`);
  }

  /**
   * @param {Line[]} lines
   * @param {string} colour
   * @param {{thickness?: number, opacity?: number, dash?: number[]}} style
   */
  lines(lines, colour, { thickness = 1, opacity = 1, dash = [] } = {}) {
    const path = lines.map(([x0, y0, x1, y1]) => `M${short(x0)} ${short(y0)}L${short(x1)} ${short(y1)}`).join("");
    const wide = thickness === 1 ? "" : ` stroke-width="${short(thickness)}"`;
    const faint = opacity < 1 ? ` stroke-opacity="${short(opacity)}"` : "";
    const dashed = dash.length ? ` stroke-dasharray="${dash.join(" ")}"` : "";
    this.parts.push(`<path d="${path}" stroke="${colour}" fill="none"${wide}${faint}${dashed}/>`);
  }

  shift(x, y, paint) {
    this.parts.push(`<g transform="translate(${short(x)} ${short(y)})">`);
    paint();
    this.parts.push("</g>");
  }

  image(source, [left, top, wide, high], x, y, width, height) {
    const { canvas, pen } = pictureCanvas(wide, high, 1, css(this.theme.bg));
    pen.drawImage(source, left, top, wide, high, 0, 0, wide, high);
    const place = `${boxOf(x, y, width, height)} preserveAspectRatio="none" style="image-rendering:pixelated"`;
    this.parts.push(`<image ${place} href="${canvas.toDataURL("image/png")}"/>`);
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {string} text
   * @param {TextStyle} style
   */
  text(x, y, text, { align = "left", colour, angle = 0, dotted = false } = {}) {
    const anchor = { left: "start", center: "middle", right: "end" }[align];
    const turn = angle ? ` transform="rotate(${short((angle * 180) / Math.PI)} ${short(x)} ${short(y)})"` : "";
    const under = dotted ? ' text-decoration="underline dotted"' : "";
    this.parts.push(
      `<text x="${short(x)}" y="${short(y)}" dy="0.35em" font-size="${this.pixels}" text-anchor="${anchor}" fill="${colour}"${this.weight}${turn}${under}>${xmlText(text)}</text>`,
    );
  }

  /**
   * @param {Box[]} boxes
   * @param {string} line
   * @param {string} ground
   */
  hatch(boxes, line, ground) {
    const id = `hatched${this.clips++}`;
    const shapes = boxes.map((box) => `<rect ${boxOf(...box)}/>`).join("");
    this.parts.push(`<clipPath id="${id}">${shapes}</clipPath><g clip-path="url(#${id})">`);
    const box = boundsOf(boxes);
    this.rect(...box, ground);
    this.lines(diagonals(box, 7), line);
    this.parts.push("</g>");
  }

  /**
   * A rectangle a cell with its value, or one embedded picture where that would be too many.
   * @param {import("./matrix.js").Scene} scene
   * @param {number} x
   * @param {number} y
   * @param {number} cell
   * @param {{rows: [number, number], cols: [number, number]}} range
   */
  matrix(scene, x, y, cell, { rows, cols }) {
    const { view, image } = scene;
    if (view.q * view.k > VECTOR_CELLS) {
      const place = boxOf(x, y, view.k * cell, view.q * cell);
      this.parts.push(`<image ${place} preserveAspectRatio="none" style="image-rendering:pixelated" href="${image.toDataURL("image/png")}"/>`);
      return;
    }
    for (let i = rows[0]; i < rows[1]; i++)
      for (let j = cols[0]; j < Math.min(cols[1], view.open[i]); j++) {
        const value = view.values[i * view.k + j];
        const place = `data-query="${queryOf(view, i).position}" data-key="${keyOf(view, j).position}" data-value="${value}"`;
        const title = `${queryOf(view, i).label} → ${keyOf(view, j).label}: ${decimals(value)}`;
        this.parts.push(
          `<rect ${boxOf(x + j * cell, y + i * cell, cell, cell)} fill="${css(shadeOf(scene, i, j))}" ${place}><title>${xmlText(title)}</title></rect>`,
        );
      }
  }

  /** The document; `title` names it for screen readers. */
  document(title) {
    const { width, height } = this.size;
    const ground = `<rect width="${width}" height="${height}" fill="${css(this.theme.bg)}"/>`;
    return (
      `<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="${SVG_SPACE}" width="${width}" height="${height}" ` +
      `viewBox="0 0 ${width} ${height}" font-family="${xmlText(this.family)}" role="img"><title>${xmlText(title)}</title>` +
      `${ground}${this.parts.join("")}</svg>\n`
    );
  }
}

// The name of SVG's XML namespace: an identifier, nothing is loaded from it.
const SVG_SPACE = "http://www.w3.org/2000/svg";
const short = (value) => String(Math.round(value * 100) / 100);
const boxOf = (x, y, width, height) => `x="${short(x)}" y="${short(y)}" width="${short(width)}" height="${short(height)}"`;
