// Streams and traces: the largest parts whatever their sign, bands of layers, links of what is shown, a tree's places.

import assert from "node:assert/strict";
import { test } from "node:test";

import { bandsOf, barScale, largestParts, linksShown, placesOfBands } from "../../attnviz/figures/browser/data/streams.js";
import { treePlaces } from "../../attnviz/figures/browser/data/tree.js";

const part = (layer, head = -1) => ({ name: "", kind: "", layer, head });
const STREAMS = [[part(-1), part(0, 0), part(2, 1)], [part(0, 0), part(0, 1), part(9999)]];

test("the largest parts are kept in their order, and nothing that adds nothing", () => {
  assert.deepEqual(largestParts([0.5, -3, 0, 2], 2), [1, 3]);
  assert.deepEqual(largestParts([0.5, -3, 0, 2], 9), [0, 1, 3]);
});

test("a band holds the parts of its layer in both streams, and a line for the longer of them", () => {
  const bands = bandsOf(STREAMS, [[0, 1, 2], [0, 1, 2]]);
  assert.deepEqual(bands.map(({ layer }) => layer), [-1, 0, 2, 9999]);
  assert.deepEqual(bands[1].parts, [[1], [0, 1]]);
  const { tops, middles, height } = placesOfBands(bands, 20, 30);
  assert.deepEqual(tops, [0, 50, 130, 180]);
  assert.equal(middles[1].get(1), 50 + 20 + 45);
  assert.equal(height, 230);
});

test("lines join what is shown; of a part that is pointed at, its own", () => {
  const middles = [new Map([[0, 5]]), new Map([[0, 5], [1, 35]])];
  const links = [[1, 0, 9], [0, 1, -3], [0, 0, 2]];
  assert.deepEqual(linksShown(links, middles, null, 9), [[0, 1, -3], [0, 0, 2]]);
  assert.deepEqual(linksShown(links, middles, { side: 1, part: 0 }, 9), [[0, 0, 2]]);
  assert.deepEqual(linksShown(links, middles, null, 1), [[0, 1, -3]]);
});

test("zero stands where bars of both signs fit", () => {
  assert.deepEqual(barScale([3, -1]), { zero: 0.25, unit: 0.25 });
  assert.deepEqual(barScale([2]), { zero: 0, unit: 0.5 });
  assert.deepEqual(barScale([]), { zero: 0, unit: 1 });
});

test("a tree stands in columns; a parent beside the middle of its children", () => {
  const { spots, width, height } = treePlaces([-1, 0, 1, 0], { width: 100, height: 40, gap: 20, apart: 10 });
  assert.deepEqual(spots.map(({ x }) => x), [0, 120, 240, 120]);
  assert.deepEqual(spots.map(({ y }) => y), [45, 20, 20, 70]);
  assert.deepEqual([width, height], [340, 90]);
});
