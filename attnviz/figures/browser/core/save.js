// Files for the reader: texts and pictures, under plain names.

import { element } from "./dom.js";
import { madeText, pngWith, textWith } from "./made.js";

/**
 * A file name of plain characters from its parts.
 * @param {unknown[]} parts
 * @param {string} extension
 */
export function fileName(parts, extension) {
  const stem = parts
    .map((part) => String(part).normalize("NFKD").replace(/[^A-Za-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 40))
    .filter(Boolean)
    .join("_");
  return `${stem || "attnviz"}.${extension}`;
}

/**
 * Hands the reader a file.
 * @param {string} text
 * @param {string} type
 * @param {string} name
 */
export function saveText(text, type, name) {
  saveBlob(new Blob([textWith(text, type, madeText())], { type: `${type};charset=utf-8` }), name);
}

/**
 * @param {Blob} blob
 * @param {string} name
 */
export function saveBlob(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = element("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

/**
 * A canvas pen of the given CSS size at `scale` pixels a CSS pixel, its background filled.
 * @param {number} width
 * @param {number} height
 * @param {number} scale
 * @param {string} background
 */
export function pictureCanvas(width, height, scale, background) {
  const canvas = element("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  pen.fillStyle = background;
  pen.fillRect(0, 0, width, height);
  return { canvas, pen };
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {string} name
 */
export function saveCanvas(canvas, name) {
  canvas.toBlob(async (blob) => {
    const png = pngWith(new Uint8Array(await blob.arrayBuffer()), madeText());
    saveBlob(new Blob([/** @type {BlobPart} */ (png)], { type: "image/png" }), name);
  }, "image/png");
}
