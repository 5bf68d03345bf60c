// How a figure came about, as the saved page around it says, put into the pictures and tables that are saved of it.

const KEY = "Comment"; // a keyword of PNG texts that every reader knows
const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

const READ_NAME = "Text read"; // the name of the setting that says how much of a text was read

/** What the page says; "" where it says nothing. In the app, what load.js was told of the text. */
export const madeText = () => {
  const read = document.documentElement.dataset.attnvizRead;
  return document.getElementById("made")?.textContent ?? (read ? `${READ_NAME}: ${read}` : "");
};

/** That a text was read from its beginning only, for every picture of it: a line, or none. */
export const readLines = () => madeText().split("\n").filter((line) => line.startsWith(`${READ_NAME}: `));

/**
 * An SVG drawing or a CSV table with it; any other text as it is.
 * @param {string} text
 * @param {string} type
 * @param {string} made
 */
export function textWith(text, type, made) {
  if (!made) return text;
  if (type === "image/svg+xml") return text.replace(/<svg[^>]*>/, (start) => `${start}<metadata>${escaped(made)}</metadata>`);
  if (type !== "text/csv") return text;
  const lines = made.split("\n").map((line) => `"# ${line.replaceAll('"', '""')}"\r\n`);
  return `${text}\r\n${lines.join("")}`;
}

/** @param {string} text */
const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/**
 * The bytes of a PNG with it, in an iTXt chunk behind the header.
 * @param {Uint8Array} png
 * @param {string} made
 */
export function pngWith(png, made) {
  if (!made) return png;
  const after = 8 + 25; // the signature and IHDR
  const chunk = textChunk(made);
  const whole = new Uint8Array(png.length + chunk.length);
  whole.set(png.subarray(0, after));
  whole.set(chunk, after);
  whole.set(png.subarray(after), after + chunk.length);
  return whole;
}

/** @param {string} text */
function textChunk(text) {
  // Keyword, 0, not compressed, no language, no translated keyword, text (PNG 3rd edition, 11.3.3.4).
  const body = new TextEncoder().encode(`iTXt${KEY}\0\0\0\0\0${text}`);
  const chunk = new Uint8Array(body.length + 8);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, body.length - 4);
  chunk.set(body, 4);
  view.setUint32(4 + body.length, crcOf(body));
  return chunk;
}

/** @param {Uint8Array} bytes */
function crcOf(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = CRC[(value ^ byte) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}
