// A map as it is shown: which tokens are kept, weights renormalised where some are hidden, the strongest links.

/**
 * @typedef {object} MapHeader what a map says of its axes
 * @property {string[]} queries
 * @property {string[]} keys
 * @property {number[]} querySpecial 1 for a special token
 * @property {number[]} keySpecial
 * @property {number[]} [queryUnknown] 1 where the vocabulary has no word for it
 * @property {number[]} [keyUnknown]
 * @property {boolean} causal
 * @property {boolean} [rowsSumToOne]
 * @property {boolean} [signed]
 * @property {string} [first] on which axes the first token can be hidden: "both", "keys" or ""
 * @property {string} [unit]
 * @property {string} [quantity]
 * @property {{words: string, layers: boolean} | null} [pool] which heads it combines
 */

/**
 * @typedef {object} View a map as it is shown
 * @property {MapHeader} header
 * @property {string[]} [hidden]
 * @property {Int32Array} rows the queries that are kept
 * @property {Int32Array} cols the keys
 * @property {number} q how many rows
 * @property {number} k how many columns
 * @property {Float32Array} values q x k
 * @property {Float32Array} raw the whole map
 * @property {number} stride columns of the whole map
 * @property {boolean} renormalised
 * @property {Int32Array} open how many columns each row can look at
 * @property {number} top the largest size
 * @property {number[]} [empty] rows of which nothing is left
 * @property {number} [lost] the mean share of a row that is hidden
 * @property {Link[]} [links] the strongest, once they were asked for
 * @property {Map<number, Float32Array>} [cuts] by share
 * @property {Record<string, Map<number, number>>} [places]
 */

/** @typedef {{i: number, j: number, value: number, size: number}} Link a cell with its value and its size */
/** @typedef {{label: string, position: number}} Token */

/**
 * In a causal model: the first key that a query cannot look at.
 * @param {MapHeader} header
 * @param {number} query
 */
const edgeOf = (header, query) => query + 1 + header.keys.length - header.queries.length;

/**
 * The map `values` (Q x K, row after row) without what is hidden: `hidden` lists "special" and "first" (tokens).
 * Rows of weights are then divided by their remaining sum; a row with nothing left stays zero and stands in `empty`.
 * @param {Float32Array} values
 * @param {MapHeader} header
 * @param {string[]} hidden
 * @returns {View}
 */
export function viewOf(values, header, hidden) {
  const all = { q: header.queries.length, k: header.keys.length };
  const { rows, cols } = keptAxes(header, hidden);
  /** @type {any} */
  const view = { header, hidden, rows, cols, q: rows.length, k: cols.length, raw: values, stride: all.k, renormalised: false, empty: [], lost: 0 };
  view.values = rows.length === all.q && cols.length === all.k ? values : keptValues(view, header.rowsSumToOne);
  view.renormalised = view.values !== values && header.rowsSumToOne;
  // Row by row: the number of columns that the query can look at.
  let seen = 0;
  view.open = Int32Array.from(rows, (row) => {
    while (seen < cols.length && (!header.causal || cols[seen] < edgeOf(header, row))) seen++;
    return seen;
  });
  view.top = topOf(view.values, header.signed);
  return view;
}

/**
 * The rows and columns that are left where `hidden` is hidden.
 * @param {MapHeader} header
 * @param {string[]} hidden
 */
export function keptAxes(header, hidden) {
  const kept = (/** @type {number[]} */ flags, /** @type {boolean} */ hasFirst) => {
    const [special, first] = [hidden.includes("special"), hasFirst && hidden.includes("first")];
    return Int32Array.from(flags.flatMap((flag, i) => ((special && flag) || (first && i === 0) ? [] : [i])));
  };
  return { rows: kept(header.querySpecial, header.first === "both"), cols: kept(header.keySpecial, Boolean(header.first)) };
}

/**
 * @param {View} view
 * @param {boolean} renormalise
 */
function keptValues(view, renormalise) {
  const { rows, cols, raw, stride, empty } = view;
  const values = new Float32Array(rows.length * cols.length);
  for (let i = 0; i < rows.length; i++) {
    const from = rows[i] * stride;
    let sum = 0;
    for (let j = 0; j < cols.length; j++) sum += raw[from + cols[j]];
    const factor = renormalise ? (sum > 0 ? sum : Infinity) : 1;
    for (let j = 0; j < cols.length; j++) values[i * cols.length + j] = raw[from + cols[j]] / factor;
    if (!renormalise) continue;
    let whole = 0;
    for (let j = 0; j < stride; j++) whole += raw[from + j];
    if (whole > 0) view.lost += (1 - sum / whole) / rows.length;
    if (!(sum > 0)) empty.push(i);
  }
  return values;
}

/**
 * @param {Float32Array} values
 * @param {boolean} signed
 */
function topOf(values, signed) {
  let top = 0;
  for (let i = 0; i < values.length; i++) {
    if (values[i] > top) top = values[i];
    else if (signed && -values[i] > top) top = -values[i];
  }
  return top;
}

/**
 * The label and the position of a shown query.
 * @type {(view: View, i: number) => Token}
 */
export const queryOf = (view, i) => ({ label: view.header.queries[view.rows[i]], position: view.rows[i] });
/**
 * The same of a shown key.
 * @type {(view: View, j: number) => Token}
 */
export const keyOf = (view, j) => ({ label: view.header.keys[view.cols[j]], position: view.cols[j] });

/**
 * The share of row i that cell (i, j) holds, among what is shown.
 * @param {View} view
 * @param {number} i
 * @param {number} j
 */
export function shareOf(view, i, j) {
  let sum = 0;
  for (let c = 0; c < view.k; c++) sum += view.values[i * view.k + c];
  return sum > 0 ? view.values[i * view.k + j] / sum : 0;
}

/**
 * The ten largest cells of the whole view, found once.
 * @param {View} view
 */
export const strongestLinks = (view) => (view.links ??= strongest(view, 10));

/**
 * The `count` largest cells (of signed values: those farthest from 0) of rows [first, last); `plain`: without those
 * from or to special tokens.
 * @param {View} view
 * @param {number} count
 */
export function strongest(view, count, first = 0, last = view.q, plain = false) {
  /** @type {Link[]} */
  const best = [];
  const { values, open, k } = view;
  const { signed } = view.header;
  let least = 0;
  const { querySpecial, keySpecial } = view.header;
  for (let i = first; i < last; i++) {
    if (plain && querySpecial[view.rows[i]]) continue;
    for (let j = 0; j < open[i]; j++) {
      if (plain && keySpecial[view.cols[j]]) continue;
      const value = values[i * k + j];
      const size = signed && value < 0 ? -value : value;
      if (!(size > least)) continue;
      let place = best.length === count ? count - 1 : best.length;
      for (; place > 0 && best[place - 1].size < size; place--) best[place] = best[place - 1];
      best[place] = { i, j, value, size };
      if (best.length === count) least = best[count - 1].size;
    }
  }
  return best;
}
