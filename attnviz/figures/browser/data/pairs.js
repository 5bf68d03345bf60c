// Pairs of the words of two texts: their scores summed from those of tokens, and the pairs that hold most of the total.

/**
 * @typedef {object} Pairs
 * @property {number} n groups of the first text
 * @property {number} m groups of the second
 * @property {Float64Array} values n x m
 */

/** @typedef {[row: number, col: number, value: number]} Pair */

/**
 * The sums of tokens' pairs over groups.
 * @param {ArrayLike<number>} scores of tokens, row after row
 * @param {ArrayLike<number>} rowOf the group of each token of the first text
 * @param {ArrayLike<number>} colOf of the second
 * @param {number} n
 * @param {number} m
 * @returns {Pairs}
 */
export function pairsOf(scores, rowOf, colOf, n, m) {
  const values = new Float64Array(n * m);
  for (let i = 0; i < rowOf.length; i++)
    for (let j = 0; j < colOf.length; j++) values[rowOf[i] * m + colOf[j]] += scores[i * colOf.length + j];
  return { n, m, values };
}

/**
 * The sum of each group's pairs, of the first text or (`side` 1) of the second.
 * @param {Pairs} pairs
 * @param {number} side
 */
export function sumsOf({ n, m, values }, side) {
  const sums = new Float64Array(side ? m : n);
  for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) sums[side ? j : i] += values[i * m + j];
  return sums;
}

/**
 * The pairs that are larger than none, strongest first, whatever their sign; `shown(side, group)` leaves groups out.
 * @param {Pairs} pairs
 * @param {(side: number, group: number) => boolean} shown
 * @returns {Pair[]}
 */
export function strongestPairs({ n, m, values }, shown) {
  /** @type {Pair[]} */
  const found = [];
  for (let i = 0; i < n; i++) {
    if (!shown(0, i)) continue;
    for (let j = 0; j < m; j++) if (values[i * m + j] && shown(1, j)) found.push([i, j, values[i * m + j]]);
  }
  return found.sort((a, b) => Math.abs(b[2]) - Math.abs(a[2]) || a[0] - b[0] || a[1] - b[1]);
}

/**
 * The fewest of sorted pairs that hold `share` of the sum of all their sizes.
 * @param {Pair[]} sorted
 * @param {number} share
 */
export function pairsThatHold(sorted, share) {
  if (share >= 1) return sorted;
  const total = sorted.reduce((sum, [, , value]) => sum + Math.abs(value), 0);
  let held = 0;
  for (let count = 0; count < sorted.length; count++) {
    if (held >= share * total) return sorted.slice(0, count);
    held += Math.abs(sorted[count][2]);
  }
  return sorted;
}
