// Token labels in sentences: any script, kept from reordering their neighbours, cut between graphemes.

const FIRST_STRONG_ISOLATE = "\u2068";
const POP_ISOLATE = "\u2069";

/**
 * The label in an isolate: right-to-left text does not disturb what stands beside it.
 * @param {string} label
 */
export const isolated = (label) => `${FIRST_STRONG_ISOLATE}${label}${POP_ISOLATE}`;

const LONGEST_NAME = 100; // characters of a label in a sentence: a paragraph is a label, too

/**
 * The label as it is named in a sentence.
 * @param {string} label
 */
export const quoted = (label) => `“${isolated(label.length > LONGEST_NAME ? `${startOf(label).trim()}…` : label)}”`;

/** @param {string} label */
function startOf(label) {
  let kept = "";
  for (const part of graphemes(label.slice(0, 2 * LONGEST_NAME))) {
    if (kept.length + part.length >= LONGEST_NAME) break;
    kept += part;
  }
  return kept;
}

/** @type {Intl.Segmenter | undefined} */
let segmenter;

/**
 * The text in characters as a reader counts them.
 * @param {string} text
 */
export function graphemes(text) {
  if (!globalThis.Intl?.Segmenter) return [...text];
  segmenter ??= new Intl.Segmenter(undefined, { granularity: "grapheme" });
  return Array.from(segmenter.segment(text), (part) => part.segment);
}

/**
 * What several of a unit are called: tokens, patches, blocks of 2 frames.
 * @param {string} unit
 */
export function several(unit) {
  if (unit.startsWith("block ")) return `blocks${unit.slice(5)}`;
  return unit === "patch" ? "patches" : `${unit}s`;
}
