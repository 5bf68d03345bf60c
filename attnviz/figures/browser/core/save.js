// Downloads: CSV that a spreadsheet opens without running anything, SVG with escaped text, PNG of a canvas.

import { element } from "./base.js";

/** One CSV text (RFC 4180, with a byte order mark so that spreadsheets read UTF-8). Numbers stay bare. */
export function csvText(rows) {
  return `\ufeff${rows.map((row) => row.map(csvCell).join(",")).join("\r\n")}\r\n`;
}

function csvCell(value) {
  if (typeof value === "number") return String(value);
  if (value.numeric !== undefined) return value.numeric;
  // A cell that begins like a formula would be run by a spreadsheet: an apostrophe makes it text.
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return `"${safe.replaceAll('"', '""')}"`;
}

/** Text for XML: escaped, and without the characters that XML cannot hold. */
export function xmlText(text) {
  return String(text)
    .toWellFormed()
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/** A file name of plain characters from its parts. */
export function fileName(parts, extension) {
  const stem = parts
    .map((part) => String(part).normalize("NFKD").replace(/[^A-Za-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 40))
    .filter(Boolean)
    .join("_");
  return `${stem || "attnviz"}.${extension}`;
}

/** Hands the reader a file. */
export function saveText(text, type, name) {
  saveBlob(new Blob([text], { type: `${type};charset=utf-8` }), name);
}

export function saveBlob(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = element("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

/** A canvas pen of the given CSS size at `scale` pixels a CSS pixel, its background filled. */
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

export function saveCanvas(canvas, name) {
  canvas.toBlob((blob) => saveBlob(blob, name), "image/png");
}
