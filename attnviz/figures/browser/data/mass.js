// Which links are kept: of each row, the strongest ones that together hold a share of its mass. Of values with a sign,
// the mass is their sizes.

const SMALLEST = 2 ** -149; // of float32 above 0

/**
 * The smallest size that is kept in each row, so that what is kept holds at least `share` of the row's mass.
 * @param {import("./view.js").View} view
 * @param {number} share
 */
export function cutsOf(view, share) {
  view.cuts ??= new Map();
  if (view.cuts.has(share)) return view.cuts.get(share);
  const { q, k, values, open } = view;
  const cuts = new Float32Array(q);
  for (let i = 0; i < q; i++) {
    const row = values.slice(i * k, i * k + open[i]);
    const sorted = (view.header.signed ? row.map(Math.abs) : row).sort();
    let sum = 0;
    for (const value of sorted) sum += value;
    let left = (1 - share) * sum;
    let at = 0;
    while (at < sorted.length - 1 && sorted[at] <= left) left -= sorted[at++];
    cuts[i] = sorted.length && sorted[at] > 0 ? sorted[at] : Infinity;
    if (share >= 1) cuts[i] = SMALLEST;
  }
  view.cuts.set(share, cuts);
  return cuts;
}
