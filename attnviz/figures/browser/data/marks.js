// What a model calls parts of a text (tags, an answer), for the words that these parts are shown by.

/** @typedef {[first: number, end: number, name: string, probability: number]} Mark */

const FINE = ["token", "word"]; // a tag of a whole sentence would say what the model does not

/**
 * The names of each group's marks, at the last group of each: [group, {names, groups}] with "name 98 %", each once.
 * Runs of one name that meet in a word are one.
 * @param {Mark[]} marks
 * @param {ArrayLike<number>} groupOf the group of each token
 * @param {string} granularity
 * @param {(share: number) => string} told
 * @returns {{marked: Map<number, string[]>, ends: Map<number, string[]>}} by group: the names of its marks, and those that end there with their numbers
 */
export function marksOf(marks, groupOf, granularity, told) {
  const marked = new Map();
  const ends = new Map();
  if (!FINE.includes(granularity)) return { marked, ends };
  const put = (/** @type {Map<number, string[]>} */ map, /** @type {number} */ group, /** @type {string} */ text) => {
    const texts = map.get(group) ?? [];
    if (!texts.includes(text)) map.set(group, [...texts, text]);
  };
  const said = new Set();
  for (const [first, end, name, share] of marks) {
    for (let token = first; token < end; token += 1) put(marked, groupOf[token], name);
    const last = groupOf[end - 1];
    if (said.has(`${last} ${name}`)) continue; // a piece of a word that has this name already
    said.add(`${last} ${name}`);
    put(ends, last, `${name} ${told(share)}`);
  }
  return { marked, ends };
}
