// A tree from left to right: a column for each depth, the leaves below each other, each parent beside the middle of its own.

/**
 * @typedef {{x: number, y: number, depth: number}} Spot the left edge and the middle of a node
 */

/**
 * The places of all nodes; node 0 is the root, a parent stands before its children.
 * @param {ArrayLike<number>} parents of each node, -1 of the root
 * @param {{width: number, height: number, gap: number, apart: number}} size of a node, between columns and between rows
 */
export function treePlaces(parents, { width, height, gap, apart }) {
  const count = parents.length;
  /** @type {number[][]} */
  const children = Array.from({ length: count }, () => /** @type {number[]} */ ([]));
  for (let n = 1; n < count; n++) children[parents[n]].push(n);
  /** @type {Spot[]} */
  const spots = Array.from({ length: count });
  let [rows, deepest] = [0, 0];
  const place = (/** @type {number} */ node, /** @type {number} */ depth) => {
    deepest = Math.max(deepest, depth);
    for (const child of children[node]) place(child, depth + 1);
    const own = children[node];
    const y = own.length ? (spots[own[0]].y + spots[own[own.length - 1]].y) / 2 : rows++ * (height + apart) + height / 2;
    spots[node] = { x: depth * (width + gap), y, depth };
  };
  if (count) place(0, 0);
  return { spots, width: (deepest + 1) * width + deepest * gap, height: Math.max(0, rows * (height + apart) - apart) };
}
