// Colours, scales, ticks and places on a grid: what a picture is computed from.

import assert from "node:assert/strict";
import { test } from "node:test";

import { gapped, gridOf, ordered } from "../../attnviz/figures/browser/figures/heads/grid.js";
import { tintScale } from "../../attnviz/figures/browser/figures/heads/facts.js";
import { divergingScale, inkOn, lightness, luminance, mix, pixelsOf, sequentialScale } from "../../attnviz/figures/browser/paint/colours.js";
import { cut, wrapped } from "../../attnviz/figures/browser/paint/labels.js";
import { visibleRange } from "../../attnviz/figures/browser/paint/matrix.js";
import { colourOf, placeOn, plainScale, rootScale, shadeOf, signedScale, sizeOn } from "../../attnviz/figures/browser/paint/scales.js";
import { MUTED } from "../../attnviz/figures/browser/paint/theme.js";
import { barTicks, stride, tickText } from "../../attnviz/figures/browser/paint/ticks.js";

const THEMES = [{ bg: [255, 255, 255], dark: false }, { bg: [14, 17, 23], dark: true }];

test("scales run from the background, and away from it step by step", () => {
  for (const theme of THEMES) {
    const colours = sequentialScale(theme);
    assert.equal(colours.length, 256);
    assert.deepEqual(colours[0], theme.bg);
    const away = colours.map((colour) => Math.abs(luminance(colour) - luminance(theme.bg)));
    for (let n = 1; n < away.length; n++) assert.ok(away[n] >= away[n - 1] - 0.004, `step ${n}`);
    const signed = divergingScale(theme);
    assert.equal(signed.length, 255);
    assert.deepEqual(signed[127], theme.bg);
    assert.ok(signed[0][0] > signed[0][2], "orange below zero");
    assert.ok(signed[254][2] > signed[254][0], "blue above");
  }
});

test("both signs of a scale are equally light, so that neither looks like more", () => {
  for (const theme of THEMES) {
    const signed = divergingScale(theme);
    for (let n = 1; n <= 127; n++) {
      const apart = Math.abs(lightness(signed[127 - n]) - lightness(signed[127 + n]));
      assert.ok(apart < 0.012, `${n} steps from 0: ${apart}`);
    }
  }
});

test("a statistic is coloured from zero, not from its smallest value", () => {
  const ramps = { sequential: [[0, 0, 0], [1, 0, 0], [2, 0, 0]], diverging: [[9, 0, 0], [0, 0, 0], [0, 0, 9]] };
  const above = tintScale(Float32Array.of(2, 4, NaN), ramps);
  assert.deepEqual([above.top, above.signed, colourOf(above, 2), colourOf(above, 4)], [4, false, [1, 0, 0], [2, 0, 0]]);
  const both = tintScale(Float32Array.of(-3, 1), ramps);
  assert.deepEqual([both.top, both.signed, colourOf(both, -3), colourOf(both, 0)], [3, true, [9, 0, 0], [0, 0, 0]]);
  assert.equal(tintScale(Float32Array.of(NaN), ramps).top, 0);
});

test("labels beside a figure have a contrast of at least 4.5 on its ground", () => {
  const texts = [[[27, 37, 48], [255, 255, 255]], [[228, 233, 238], [17, 22, 28]], [[0, 0, 0], [255, 255, 255]], [[250, 250, 250], [14, 17, 23]]];
  for (const [text, bg] of texts) {
    const [low, high] = [luminance(mix(bg, text, MUTED)), luminance(bg)].sort((a, b) => a - b);
    assert.ok((high + 0.05) / (low + 0.05) >= 4.5, `${text} on ${bg}`);
  }
});

test("letters on any colour have a contrast of at least 4.5", () => {
  for (const theme of THEMES)
    for (const colour of [...sequentialScale(theme), ...divergingScale(theme)]) {
      const [low, high] = [luminance(inkOn(colour)), luminance(colour)].sort((a, b) => a - b);
      assert.ok((high + 0.05) / (low + 0.05) >= 4.5, String(colour));
    }
});

test("colours are mixed, and written as RGBA words", () => {
  assert.deepEqual(mix([0, 0, 0], [100, 200, 50], 0.5), [50, 100, 25]);
  const bytes = new Uint8Array(pixelsOf([[1, 2, 3]]).buffer);
  assert.deepEqual([...bytes], [1, 2, 3, 255]);
});

test("a value has its place on a scale", () => {
  const colours = Array.from({ length: 5 }, (_, n) => [n, 0, 0]);
  const root = rootScale(colours, null, 4);
  assert.deepEqual([placeOn(root, 0), placeOn(root, 1), placeOn(root, 4), placeOn(root, 9)], [0, 0.5, 1, 1]);
  const signed = signedScale(colours, null, 4);
  assert.deepEqual([placeOn(signed, -4), placeOn(signed, -1), placeOn(signed, 0), placeOn(signed, 4)], [0, 0.25, 0.5, 1]);
  assert.equal(sizeOn(signed, -1), 0.5);
  assert.deepEqual(colourOf(plainScale(colours, 4, false), 3), [3, 0, 0]);
  assert.deepEqual([placeOn(rootScale(colours, null, 0), 1), placeOn(signedScale(colours, null, 0), 1)], [0, 0.5]);
});

test("a cell that is not kept is faded", () => {
  const scale = { ...plainScale([[0, 0, 0], [9, 9, 9]], 1, false), faded: { colours: [[0, 0, 0], [1, 1, 1]], pixels: null } };
  const scene = { view: { k: 2, values: Float32Array.of(1, 0.75) }, scale, cuts: Float32Array.of(0.8) };
  assert.deepEqual([shadeOf(scene, 0, 0), shadeOf(scene, 0, 1)], [[9, 9, 9], [1, 1, 1]]);
});

test("ticks are round, the top among them, and apart", () => {
  for (const top of [1, 0.8731, 3e-5, 1234]) {
    const ticks = barTicks(top, (value) => Math.sqrt(value / top) * 300, 34);
    assert.deepEqual([ticks[0], ticks.at(-1)], [0, top]);
    const places = ticks.map((value) => Math.sqrt(value / top) * 300);
    for (let n = 1; n < places.length; n++) assert.ok(places[n] - places[n - 1] >= 34);
  }
  assert.deepEqual(barTicks(0, () => 0, 34), [0]);
  assert.deepEqual([tickText(0), tickText(-0.25), tickText(0.123456), tickText(1234.5)], ["0", "−0.25", "0.12", "1235"]);
  assert.deepEqual([stride(20, 15), stride(4, 15), stride(0.1, 15)], [1, 5, 200]);
});

test("labels are cut to a width, and texts wrapped", () => {
  const pen = { measureText: (text) => ({ width: [...text].length }) };
  assert.equal(cut(pen, "abcdef", 10), "abcdef");
  assert.equal(cut(pen, "abcdef", 4), "abc…");
  assert.deepEqual(wrapped(pen, "one two three", 7), ["one two", "three"]);
  assert.deepEqual(wrapped(pen, "unpronounceable", 5), ["unpr…"]);
});

test("a viewport shows the rows that it cuts", () => {
  assert.deepEqual(visibleRange(15, 20, 10, 100), [1, 4]);
  assert.deepEqual(visibleRange(-5, 20, 10, 1), [0, 1]);
});

test("heads stand in a grid of layers where it is wide enough, else in lines", () => {
  const given = { layers: 2, heads: 3, order: null, shape: [8, 8], captions: 0, compact: false };
  const wide = gridOf({ ...given, width: 600 });
  assert.deepEqual([wide.columns, wide.labelled, wide.cells.length], [3, false, 6]);
  assert.equal(wide.cells[3].x, wide.cells[0].x, "a layer below the other");
  const narrow = gridOf({ ...given, width: 160 });
  assert.ok(narrow.labelled);
  for (const { x } of narrow.cells) assert.ok(x + narrow.thumb.width <= 160);
  const before = wide.height;
  gapped(wide, wide.cells[0].y, 100);
  assert.equal(wide.height, before + 100);
  assert.ok(wide.cells[3].y - wide.cells[0].y > 100);
});

test("many layers stand in groups of ten, and a folded one takes no room but its name", () => {
  const given = { width: 900, layers: 30, heads: 9, order: null, shape: [8, 8], captions: 0, compact: false };
  const open = gridOf(given);
  assert.deepEqual(open.folds.map(({ first, last }) => [first, last]), [[0, 9], [10, 19], [20, 29]]);
  const folded = gridOf({ ...given, folded: new Set([1]) });
  assert.equal(folded.cells.length, 20 * 9);
  assert.ok(folded.height < open.height - 600);
  assert.deepEqual(gridOf({ ...given, layers: 12 }).folds, []);
});

test("heads are ordered by a statistic, those without one last", () => {
  const values = [2, NaN, 3, 2];
  assert.deepEqual(ordered(values, 2, 2, true), [[1, 0], [0, 0], [1, 1], [0, 1]]);
  assert.deepEqual(ordered(values, 2, 2, false), [[0, 0], [1, 1], [1, 0], [0, 1]]);
});
