// The parts that wrote two streams, layer by layer: which of them are shown, where they stand, and the pairs between them.

/**
 * @typedef {{name: string, kind: string, layer: number, head: number}} Part layer -1 before the first, 9999 of none, head -1 for what is no head
 * @typedef {{layer: number, parts: [number[], number[]]}} Band the parts of one layer that are shown, of either stream
 * @typedef {[query: number, key: number, value: number]} Link
 */

/**
 * The `most` largest values, whatever their sign, in the order of their places; a value of zero is never among them.
 * @param {ArrayLike<number>} values
 * @param {number} most
 */
export function largestParts(values, most) {
  const places = Array.from(values, (_, n) => n).filter((n) => values[n] !== 0);
  places.sort((a, b) => Math.abs(values[b]) - Math.abs(values[a]) || a - b);
  return places.slice(0, most).sort((a, b) => a - b);
}

/**
 * The parts that are shown, in bands of their layers from the first on.
 * @param {[Part[], Part[]]} streams
 * @param {[number[], number[]]} shown places in each stream
 * @returns {Band[]}
 */
export function bandsOf(streams, shown) {
  /** @type {Map<number, Band>} */
  const bands = new Map();
  shown.forEach((places, side) => {
    for (const place of places) {
      const { layer } = streams[side][place];
      if (!bands.has(layer)) bands.set(layer, { layer, parts: [[], []] });
      bands.get(layer).parts[side].push(place);
    }
  });
  return [...bands.values()].sort((a, b) => a.layer - b.layer);
}

/**
 * Where bands and parts begin, from top to bottom: a line of `head` pixels over each band, `row` pixels for each part.
 * @param {Band[]} bands
 * @param {number} head
 * @param {number} row
 */
export function placesOfBands(bands, head, row) {
  /** @type {[Map<number, number>, Map<number, number>]} */
  const middles = [new Map(), new Map()];
  const tops = [];
  let y = 0;
  for (const { parts } of bands) {
    tops.push(y);
    parts.forEach((places, side) => places.forEach((place, n) => middles[side].set(place, y + head + (n + 0.5) * row)));
    y += head + row * Math.max(parts[0].length, parts[1].length);
  }
  return { tops, middles, height: y };
}

/**
 * The strongest links whose two parts are shown, and, where a part is named, those of it alone.
 * @param {Link[]} links strongest first
 * @param {[Map<number, number>, Map<number, number>]} middles of the parts that are shown
 * @param {{side: number, part: number} | null} of
 * @param {number} most
 */
export function linksShown(links, middles, of, most) {
  const open = links.filter(([query, key]) => middles[0].has(query) && middles[1].has(key));
  return open.filter((link) => !of || link[of.side] === of.part).slice(0, most);
}

/**
 * Where zero stands between the most negative and the most positive value, 0 to 1, and what one unit is of the width.
 * @param {number[]} values
 */
export function barScale(values) {
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values);
  const range = high - low || 1;
  return { zero: Math.abs(low) / range, unit: 1 / range };
}
