// Pairs of words: sums solved by hand, the fewest pairs that hold a share, groups left out.

import assert from "node:assert/strict";
import { test } from "node:test";

import { pairsOf, pairsThatHold, strongestPairs, sumsOf } from "../../attnviz/figures/browser/data/pairs.js";

// Three tokens in two words, against two tokens that are two words.
const PAIRS = pairsOf([1, -2, 3, 4, -0.5, 0], [0, 0, 1], [0, 1], 2, 2);
const ALL = () => true;

test("tokens' pairs sum to words' pairs, and these to words and to the whole", () => {
  assert.deepEqual([...PAIRS.values], [4, 2, -0.5, 0]);
  assert.deepEqual([...sumsOf(PAIRS, 0)], [6, -0.5]);
  assert.deepEqual([...sumsOf(PAIRS, 1)], [3.5, 2]);
});

test("the strongest come first whatever their sign; a pair of zero is none", () => {
  assert.deepEqual(strongestPairs(PAIRS, ALL), [[0, 0, 4], [0, 1, 2], [1, 0, -0.5]]);
  assert.deepEqual(strongestPairs(PAIRS, (side, group) => !(side === 0 && group === 0)), [[1, 0, -0.5]]);
});

test("a share is held by the fewest pairs, by size and not by sign", () => {
  const sorted = strongestPairs(PAIRS, ALL); // sizes 4, 2, 0.5 of 6.5
  assert.equal(pairsThatHold(sorted, 0.5).length, 1);
  assert.equal(pairsThatHold(sorted, 0.9).length, 2);
  assert.equal(pairsThatHold(sorted, 0.95).length, 3);
  assert.equal(pairsThatHold(sorted, 1).length, 3);
  assert.deepEqual(pairsThatHold([], 0.5), []);
});
