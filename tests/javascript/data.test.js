// What is shown of a map, against arrays that are solved by hand.

import assert from "node:assert/strict";
import { test } from "node:test";

import { cutsOf } from "../../attnviz/figures/browser/data/mass.js";
import { marksOf } from "../../attnviz/figures/browser/data/marks.js";
import { Pairings, counterparts, differenceOf, shownOf, weightOf } from "../../attnviz/figures/browser/data/pairing.js";
import { fadedWords, hiddenWords, nameOfMap } from "../../attnviz/figures/browser/data/shown.js";
import { keptAxes, keyOf, queryOf, shareOf, strongest, strongestLinks, viewOf } from "../../attnviz/figures/browser/data/view.js";
import { squareOf } from "../../attnviz/figures/browser/figures/heads/message.js";

const LABELS = ["[S]", "a", "b"];
const header = {
  queries: LABELS, keys: LABELS, querySpecial: [1, 0, 0], keySpecial: [1, 0, 0], causal: false, rowsSumToOne: true, first: "both", unit: "token",
  quantity: "attention weight",
};
const WEIGHTS = Float32Array.of(1, 0, 0, 0.5, 0.25, 0.25, 0.75, 0, 0.25);

test("thumbnails that came as half of their cells are whole again", () => {
  const { data, shape } = squareOf({ data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12), shape: [1, 2, 6] });
  assert.deepEqual(shape, [1, 2, 3, 3]);
  assert.deepEqual([...data], [1, 0, 0, 2, 3, 0, 4, 5, 6, 7, 0, 0, 8, 9, 0, 10, 11, 12]);
});

test("a whole map is shown as it came", () => {
  const view = viewOf(WEIGHTS, header, []);
  assert.equal(view.values, WEIGHTS);
  assert.deepEqual([view.q, view.k, view.top, view.renormalised], [3, 3, 1, false]);
  assert.deepEqual([...view.open], [3, 3, 3]);
});

test("what is hidden is left out, and the rest of each row sums to 1", () => {
  const view = viewOf(WEIGHTS, header, ["special"]);
  assert.deepEqual([...view.rows, ...view.cols], [1, 2, 1, 2]);
  assert.deepEqual([...view.values], [0.5, 0.5, 0, 1]);
  assert.equal(view.lost, (0.5 + 0.75) / 2);
  assert.deepEqual(queryOf(view, 0), { label: "a", position: 1 });
  assert.deepEqual(keyOf(view, 1), { label: "b", position: 2 });
  assert.match(hiddenWords({ header, view }), /^Special tokens are hidden, .* held 62\.5 % of these rows\.$/);
});

test("a row of which nothing is left stays zero and is named", () => {
  const view = viewOf(Float32Array.of(0, 1, 0, 1, 0, 0, 0.5, 0.5, 0), header, ["special"]);
  assert.deepEqual([...view.values], [0, 0, 1, 0]);
  assert.deepEqual(view.empty, [0]);
  assert.match(hiddenWords({ header, view }), /Of “\u2068a\u2069” nothing is left: this row is empty\.$/);
});

test("values that do not sum to 1 are left as they are", () => {
  const view = viewOf(WEIGHTS, { ...header, rowsSumToOne: false }, ["special"]);
  assert.deepEqual([...view.values], [0.25, 0.25, 0, 0.25]);
  assert.match(hiddenWords({ header: { ...header, rowsSumToOne: false }, view }), /unchanged\.$/);
});

test("the first token is hidden on the axes that have it", () => {
  const kept = (first) => Object.values(keptAxes({ ...header, first }, ["first"])).map((axis) => [...axis]);
  assert.deepEqual(kept("both"), [[1, 2], [1, 2]]);
  assert.deepEqual(kept("keys"), [[0, 1, 2], [1, 2]]);
  assert.deepEqual(kept(""), [[0, 1, 2], [0, 1, 2]]);
});

test("a causal row looks at what came before it", () => {
  const causal = { ...header, causal: true };
  assert.deepEqual([...viewOf(WEIGHTS, causal, []).open], [1, 2, 3]);
  assert.deepEqual([...viewOf(WEIGHTS, causal, ["special"]).open], [1, 2]);
  const wide = { ...causal, queries: ["a", "b"], querySpecial: [0, 0] };
  assert.deepEqual([...viewOf(WEIGHTS.subarray(0, 6), wide, []).open], [2, 3], "the lower right corner, where there are more keys");
});

test("the strongest links come in order, of any sign where values have one", () => {
  const view = viewOf(WEIGHTS, header, []);
  assert.deepEqual(strongest(view, 3).map(({ i, j }) => [i, j]), [[0, 0], [2, 0], [1, 0]]);
  assert.deepEqual(strongest(view, 2, 1, 2).map(({ value }) => value), [0.5, 0.25]);
  assert.equal(strongestLinks(view), strongestLinks(view), "found once");
  const signed = viewOf(Float32Array.of(1, -2, 0, 0, 0, 0, 0, 0.5, 0), { ...header, signed: true, rowsSumToOne: false }, []);
  assert.deepEqual(strongest(signed, 2).map(({ value }) => value), [-2, 1]);
  assert.equal(signed.top, 2);
  assert.equal(shareOf(view, 2, 0), 0.75);
});

test("what is kept holds at least its share of each row", () => {
  const view = viewOf(Float32Array.of(0.5, 0.25, 0.25, 0.625, 0.25, 0.125, 0, 0, 0), header, []);
  assert.deepEqual([...cutsOf(view, 0.5)], [0.5, 0.625, Infinity]);
  assert.deepEqual([...cutsOf(view, 0.75)], [0.25, 0.25, Infinity]);
  assert.equal(cutsOf(view, 0.5), cutsOf(view, 0.5), "found once");
  assert.equal(cutsOf(view, 1)[0], 2 ** -149, "everything above zero");
  assert.match(fadedWords({ header, view, cuts: cutsOf(view, 0.5), share: 0.5 }), /hold 50 % of a row’s attention weight/);
});

test("a map is named after its head, or after what it combines", () => {
  assert.equal(nameOfMap(header, { layer: 1, head: 2 }), "layer 1, head 2");
  assert.equal(nameOfMap({ ...header, pool: { words: "mean of layer {layer}", layers: true } }, { layer: 1, head: 2 }), "mean of layer 1");
});

// "un|like" in two pieces on one side, in one on the other; "b" has no counterpart.
const SOURCES = [{ queries: ["un", "like", "b"], keys: ["un", "like", "b"] }, { queries: ["unlike"], keys: ["unlike"] }];
const MATCHINGS = [{ sources: [0, 1], queries: ["unlike"], keys: ["unlike"] }];
const units = { queries0a: { data: Int32Array.of(0, 0, -1) }, queries0b: { data: Int32Array.of(0) }, keys0a: { data: Int32Array.of(0, 0, -1) }, keys0b: { data: Int32Array.of(0) } };

test("tokens that stand for each other are found from either side", () => {
  const pairings = new Pairings({ sources: SOURCES, matchings: MATCHINGS }, units);
  assert.deepEqual(counterparts(pairings.of(0, 1).queries, 1), [0]);
  assert.deepEqual(counterparts(pairings.of(1, 0).queries, 0), [0, 1]);
  assert.deepEqual(counterparts(pairings.of(0, 1).queries, 2), []);
  assert.deepEqual(counterparts(pairings.of(0, 0).keys, 2), [2]);
});

test("the difference of two maps sums the columns of a unit and averages its rows", () => {
  const pairings = new Pairings({ sources: SOURCES, matchings: MATCHINGS }, units);
  const view = (labels, values) => viewOf(values, { ...header, queries: labels, keys: labels, querySpecial: labels.map(() => 0), keySpecial: labels.map(() => 0) }, []);
  const views = [view(["un", "like", "b"], Float32Array.of(0.5, 0.25, 0.25, 0.25, 0.25, 0.5, 1, 0, 0)), view(["unlike"], Float32Array.of(0.125))];
  const difference = differenceOf(views, pairings.of(0, 1));
  assert.deepEqual([...difference.values], [(0.75 + 0.5) / 2 - 0.125]);
  assert.deepEqual(difference.header.queries, ["unlike"]);
  assert.equal(difference.rowOf.get(0), 0);
  assert.equal(weightOf(views[0], [0, 1], [0, 1]), (0.75 + 0.5) / 2);
  assert.deepEqual(shownOf(views[0], "rows", [2, 0]), [2, 0]);
  const causal = viewOf(WEIGHTS, { ...header, causal: true }, []);
  assert.equal(weightOf(causal, [0], [2]), null, "it cannot look there");
});

test("marks end at the last word that they cover, each name once in a word, and not at sentences", () => {
  const told = (share) => `${100 * share} %`;
  const words = [0, 1, 1, 2, 3];
  const marks = [[1, 2, "LOC", 0.5], [2, 3, "LOC", 0.25], [3, 4, "<b>", 1], [3, 5, "answer", 0.75]];
  const { marked, ends } = marksOf(marks, words, "word", told);
  assert.deepEqual([...marked], [[1, ["LOC"]], [2, ["<b>", "answer"]], [3, ["answer"]]]);
  assert.deepEqual([...ends], [[1, ["LOC 50 %"]], [2, ["<b> 100 %"]], [3, ["answer 75 %"]]]);
  assert.equal(marksOf(marks, words, "sentence", told).ends.size, 0);
});
