// Token labels on a canvas: any script, kept from reordering their neighbours, cut to a width, thinned out.

const FIRST_STRONG_ISOLATE = "\u2068";
const POP_ISOLATE = "\u2069";

/** The label in an isolate: right-to-left text does not disturb what stands beside it. */
export const isolated = (label) => `${FIRST_STRONG_ISOLATE}${label}${POP_ISOLATE}`;

const LONGEST_NAME = 100; // characters of a label in a sentence: a paragraph is a label, too

/** The label as it is named in a sentence. */
export const quoted = (label) => `“${isolated(label.length > LONGEST_NAME ? `${graphemes(label.slice(0, LONGEST_NAME)).slice(0, -1).join("").trim()}…` : label)}”`;

/** The label, cut with an ellipsis to `width` pixels in the pen's font, between graphemes. */
export function cut(pen, label, width) {
  // Measuring is what costs: a label of thousands of characters is cut roughly before it is measured.
  const short = label.length > 200 ? label.slice(0, 200) : label;
  if (short === label && pen.measureText(label).width <= width) return label;
  const parts = graphemes(short);
  let low = 0;
  let high = parts.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (pen.measureText(`${parts.slice(0, middle).join("")}…`).width <= width) low = middle;
    else high = middle - 1;
  }
  return `${parts.slice(0, low).join("")}…`;
}

/** The text in lines of at most `width` pixels, parted at blanks; a word that is longer is cut. */
export function wrapped(pen, text, width) {
  const lines = [];
  for (const word of text.split(" ")) {
    const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
    if (lines.length && pen.measureText(longer).width <= width) lines[lines.length - 1] = longer;
    else lines.push(cut(pen, word, width));
  }
  return lines;
}

/** Labels cut to `limit` pixels in the pen's font, with their widths. Measured once: steps through heads reuse it. */
export function measured(pen, labels, font, limit) {
  const key = `${font}|${limit}`;
  measured.tables ??= new Map();
  if (measured.tables.size > 8) measured.tables.clear();
  if (!measured.tables.has(key) || measured.tables.get(key).size > 20000) measured.tables.set(key, new Map());
  const known = measured.tables.get(key);
  return labels.map((label) => {
    if (!known.has(label)) {
      const text = cut(pen, label, limit);
      known.set(label, { text, width: pen.measureText(text).width });
    }
    return known.get(label);
  });
}

function graphemes(text) {
  if (!globalThis.Intl?.Segmenter) return [...text];
  graphemes.segmenter ??= new Intl.Segmenter(undefined, { granularity: "grapheme" });
  return Array.from(graphemes.segmenter.segment(text), (part) => part.segment);
}

/** Every how many labels one is shown, so that shown ones are `pitch` pixels apart. */
export function stride(cell, pitch) {
  const needed = pitch / cell;
  for (let unit = 1; ; unit *= 10)
    for (const factor of [1, 2, 5]) if (unit * factor >= needed) return unit * factor;
}

/** Round values between 0 and `top` for a colour bar, the top included, at least `gap` apart on the bar. */
export function barTicks(top, placeOf, gap) {
  if (!(top > 0)) return [0];
  const ticks = [top];
  const unit = 10 ** Math.floor(Math.log10(top));
  const round = [];
  for (let scale = unit; scale >= unit / 1000; scale /= 10) for (const factor of [5, 2, 1]) round.push(factor * scale);
  for (const value of round)
    // The first and the last tick's numbers are set inwards and need more room.
    if (value < top && placeOf(top) - placeOf(value) >= 1.4 * gap && ticks.every((tick) => Math.abs(placeOf(tick) - placeOf(value)) >= gap) && placeOf(value) >= gap)
      ticks.push(value);
  return [0, ...ticks.sort((a, b) => a - b)];
}

/** A tick's number: as many digits as it needs, at most four decimals. */
export function tickText(value) {
  if (value === 0) return "0";
  const text = Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(2);
  return String(Number(text)).replace("-", "−");
}
