// The core modules that need no page: numbers, text, CSV, XML, the message, keys, values shared with the host.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { crc32 } from "node:zlib";

import { pngWith, textWith } from "../../attnviz/figures/browser/core/made.js";
import { csvText } from "../../attnviz/figures/browser/core/csv.js";
import { placeAfter, rove } from "../../attnviz/figures/browser/core/keyboard.js";
import { unpack } from "../../attnviz/figures/browser/core/message.js";
import { clamp, decimals, percent, shortest } from "../../attnviz/figures/browser/core/numbers.js";
import { Parts } from "../../attnviz/figures/browser/core/parts.js";
import { contentsOf } from "../../attnviz/figures/browser/core/prose.js";
import { fileName } from "../../attnviz/figures/browser/core/save.js";
import { Shared, debounced, reports } from "../../attnviz/figures/browser/core/shared.js";
import { streamlit } from "../../attnviz/figures/browser/core/streamlit.js";
import { graphemes, isolated, quoted, several } from "../../attnviz/figures/browser/core/text.js";
import { xmlText } from "../../attnviz/figures/browser/core/xml.js";

test("numbers are read out with a real minus sign, and a dash where there is none", () => {
  assert.equal(decimals(-0.5), "−0.5000");
  assert.equal(decimals(1.25, 1), "1.3");
  assert.deepEqual([decimals(null), decimals(undefined), decimals(NaN)], ["–", "–", "–"]);
  assert.equal(percent(0.1234), "12.3 %");
  assert.equal(percent(0.0001), "< 0.1 %");
  assert.equal(percent(0), "0.0 %");
  assert.deepEqual([clamp(-1, 0, 2), clamp(1, 0, 2), clamp(3, 0, 2)], [0, 1, 2]);
});

test("the shortest decimal reads back as the same float32", () => {
  const values = Float32Array.from({ length: 500 }, (_, n) => Math.sin(n) * 10 ** ((n % 40) - 20));
  for (const value of [...values, 0, 1, 2 ** -149, 3.4028234663852886e38]) {
    assert.equal(Math.fround(Number(shortest(value))), value);
    assert.ok(shortest(value).length <= String(value).length);
  }
  assert.equal(shortest(Math.fround(0.1)), "0.1");
});

test("cells are written as the cases say, which Python writes alike", () => {
  const cases = JSON.parse(readFileSync(new URL("./cells.json", import.meta.url), "utf8"));
  for (const [cell, written] of cases) assert.equal(csvText([[cell]]), `\ufeff${written}\r\n`);
  assert.equal(csvText([["a", 1], [{ numeric: "0.1" }, "b"]]), '\ufeff"a",1\r\n0.1,"b"\r\n');
});

test("XML holds escaped text and nothing that it cannot", () => {
  assert.equal(xmlText(`</text> & "'`), "&lt;/text&gt; &amp; &quot;&#39;");
  assert.equal(xmlText("nul\0 and \ud800 lone"), "nul\ufffd and \ufffd lone");
});

test("file names are plain", () => {
  assert.equal(fileName(["attention", "Modèle/é", "", "layer1"], "png"), "attention_Mode-le-e_layer1.png");
  assert.equal(fileName(["../..", "مرحبا"], "csv"), "attnviz.csv");
});

test("labels are isolated, and long ones cut between graphemes", () => {
  assert.equal(quoted("cat"), "“\u2068cat\u2069”");
  assert.equal(isolated("x"), "\u2068x\u2069");
  const long = "👩‍👩‍👧".repeat(40);
  assert.ok(quoted(long).endsWith("👩‍👩‍👧…\u2069”"));
  assert.equal(graphemes("👩‍👩‍👧e\u0301").length, 2);
});

/** A message as Python packs it, `skew` bytes into its buffer. */
function packed(header, sections, skew = 0) {
  let offset = 0;
  const table = {};
  for (const [name, { type, array }] of Object.entries(sections)) {
    table[name] = { type, shape: [array.length], offset };
    offset += Math.ceil(array.byteLength / 4) * 4;
  }
  let text = JSON.stringify({ ...header, sections: table });
  text += " ".repeat((4 - (new TextEncoder().encode(text).length % 4)) % 4);
  const head = new TextEncoder().encode(text);
  const bytes = new Uint8Array(skew + 4 + head.length + offset);
  new DataView(bytes.buffer).setUint32(skew, head.length, true);
  bytes.set(head, skew + 4);
  for (const [name, { array }] of Object.entries(sections))
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), skew + 4 + head.length + table[name].offset);
  return bytes.subarray(skew);
}

test("a message is unpacked, wherever in its buffer it lies", () => {
  const sections = {
    bytes: { type: "u8", array: Uint8Array.of(1, 2, 255) },
    weights: { type: "f32", array: Float32Array.of(0.5, -1) },
    places: { type: "i32", array: Int32Array.of(-1, 7) },
  };
  for (const skew of [0, 1, 2, 3]) {
    const { header, arrays } = unpack(packed({ figure: "x", label: "é" }, sections, skew));
    assert.equal(header.label, "é");
    for (const [name, { array }] of Object.entries(sections)) {
      assert.deepEqual(arrays[name].data, array);
      assert.deepEqual(arrays[name].shape, [array.length]);
    }
  }
});

test("arrow keys lead through a line", () => {
  const after = (key, at, options) => placeAfter(key, at, 5, options);
  assert.deepEqual([after("ArrowRight", 1), after("ArrowDown", 1), after("ArrowLeft", 1), after("ArrowUp", 1)], [2, 2, 0, 0]);
  assert.deepEqual([after("ArrowRight", 1, { rtl: true }), after("ArrowDown", 1, { rtl: true })], [0, 2]);
  assert.deepEqual([after("ArrowLeft", 0), after("ArrowRight", 4), after("Home", 3), after("End", 3)], [0, 4, 0, 4]);
  assert.deepEqual([after("ArrowLeft", 0, { around: true }), after("ArrowRight", 4, { around: true })], [4, 0]);
  assert.deepEqual([after("a", 1), after("Enter", 1)], [null, null]);
});

test("arrow keys lead through a grid", () => {
  const after = (key, at, apart = false) => placeAfter(key, at, 8, { columns: 3, apart }); // rows of 3, 3 and 2
  assert.deepEqual([after("ArrowDown", 1), after("ArrowUp", 4), after("ArrowRight", 1)], [4, 1, 2]);
  assert.deepEqual([after("ArrowUp", 1), after("ArrowDown", 5), after("ArrowDown", 7)], [1, 5, 7]);
  assert.deepEqual([after("ArrowRight", 2), after("ArrowLeft", 3)], [3, 2]);
  assert.deepEqual([after("ArrowRight", 2, true), after("ArrowLeft", 3, true), after("ArrowLeft", 0, true)], [2, 3, 0]);
});

test("one item is the one that Tab reaches", () => {
  const items = [{ tabIndex: 0 }, { tabIndex: -1 }, { tabIndex: -1 }];
  rove(items, items[2]);
  assert.deepEqual(items.map(({ tabIndex }) => tabIndex), [-1, -1, 0]);
  rove(items, undefined);
  assert.deepEqual(items.map(({ tabIndex }) => tabIndex), [-1, -1, -1]);
});

test("prose keeps text between groups and leaves out what has no node", () => {
  const runs = [["The ", -1], ["cat", 0], [" ", -1], ["sat", 1]];
  assert.deepEqual(contentsOf(runs, (piece, group) => (group ? null : { piece })), ["The ", { piece: "cat" }, " "]);
});

test("a fast series of calls reports the first and the last", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const told = [];
  const tell = debounced((value) => told.push(value), 100);
  for (const value of [1, 2, 3]) tell(value);
  assert.deepEqual(told, [1]);
  t.mock.timers.tick(100);
  assert.deepEqual(told, [1, 3]);
  t.mock.timers.tick(100);
  tell(4);
  assert.deepEqual(told, [1, 3, 4]);
});

test("a late answer of the host does not undo what the reader did", () => {
  reports.latest = 0;
  reports.heard = {};
  const value = new Shared("form");
  value.offer([1]);
  assert.deepEqual(value.value, [1]);
  value.set([2]);
  reports.latest = 1; // and is reported
  value.offer([1]); // the host has not heard of it yet
  assert.deepEqual(value.value, [2]);
  reports.heard = { selection: 1 };
  value.offer([1]); // it has heard of something else
  assert.deepEqual(value.value, [2]);
  reports.heard = { form: 1 };
  value.offer([3]); // it has, and says something else
  assert.deepEqual(value.value, [3]);
  value.set([4]);
  value.offer([5]); // what is not even reported yet is not heard either, whatever time it takes
  assert.deepEqual(value.value, [4]);
  reports.heard = null; // no host that hears: a file
  value.offer([6]);
  assert.deepEqual(value.value, [6]);
});

test("what a figure reports becomes Streamlit's state or a trigger, numbered", () => {
  reports.latest = 0;
  const reported = [];
  let callbacks;
  const mount = streamlit((root, bytes, given) => {
    callbacks = given;
  });
  const tell = (kind) => (name, value) => reported.push([kind, name, value]);
  mount({ data: null, parentElement: null, setStateValue: tell("state"), setTriggerValue: tell("trigger") });
  assert.equal(callbacks, undefined, "there is nothing to draw yet");
  mount({ data: new Uint8Array(4), heard: { open: 1 }, parentElement: null, setStateValue: tell("state"), setTriggerValue: tell("trigger") });
  callbacks.selection({ layer: 1 });
  callbacks.open(2);
  assert.deepEqual(reported, [["state", "selection", { number: 1, value: { layer: 1 } }], ["trigger", "open", { number: 2, value: 2 }]]);
  assert.deepEqual(reports.heard, { open: 1 });
});

test("several of a unit have a plural of their own", () => {
  assert.equal(several("token"), "tokens");
  assert.equal(several("patch"), "patches");
  assert.equal(several("block of 2 frames"), "blocks of 2 frames");
});

test("how a figure came about goes into its drawing and its table, and other texts stay", () => {
  const made = 'Model: <m> & "n"\ncapture = 1';
  assert.equal(textWith('<svg width="1"><rect/></svg>', "image/svg+xml", made), '<svg width="1"><metadata>Model: &lt;m&gt; &amp; "n"\ncapture = 1</metadata><rect/></svg>');
  assert.equal(textWith("a,b\r\n", "text/csv", made), 'a,b\r\n\r\n"# Model: <m> & ""n"""\r\n"# capture = 1"\r\n');
  assert.equal(textWith("plain", "text/plain", made), "plain");
  assert.equal(textWith("<svg></svg>", "image/svg+xml", ""), "<svg></svg>");
});

test("a picture holds how it came about in a chunk that readers accept", () => {
  const png = Uint8Array.from({ length: 60 }, (_, n) => n);
  const whole = Buffer.from(pngWith(png, "Model: é"));
  assert.deepEqual(whole.subarray(0, 33), Buffer.from(png.subarray(0, 33)));
  const length = whole.readUInt32BE(33);
  const body = whole.subarray(37, 41 + length);
  assert.equal(body.toString("utf8"), "iTXtComment\0\0\0\0\0Model: é");
  assert.equal(whole.readUInt32BE(41 + length), crc32(body));
  assert.deepEqual(whole.subarray(45 + length), Buffer.from(png.subarray(33)));
  assert.equal(pngWith(png, ""), png);
});

/** A message as parts.py makes it: [name, content or the length of one that does not go along]. */
function inParts(...parts) {
  const sent = parts.filter(([, content]) => typeof content === "string").map(([, content]) => content).join("");
  const bytes = new Uint8Array(4 + 16 * parts.length + sent.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, parts.length, true);
  parts.forEach(([name, content], n) => {
    bytes.set(new TextEncoder().encode(name.padEnd(12)), 4 + 16 * n);
    view.setUint32(16 + 16 * n, typeof content === "string" ? content.length + 2 ** 31 : content, true);
  });
  bytes.set(new TextEncoder().encode(sent), 4 + 16 * parts.length);
  return bytes;
}

test("messages are put together from what is sent and what is held, and the oldest is forgotten first", () => {
  const parts = new Parts(8);
  const text = (...given) => {
    const whole = parts.whole(inParts(...given));
    return whole && new TextDecoder().decode(whole);
  };
  assert.equal(text(["a", "one,"], ["b", "two"]), "one,two");
  assert.equal(text(["b", 3], ["a", 4], ["b", 3]), "twoone,two");
  assert.equal(text(["c", 4]), null);
  assert.equal(text(["a", 4], ["c", "six"]), "one,six");
  assert.equal(parts.size, 7);
  assert.equal(text(["b", 3]), null);
  assert.equal(text(["d", "longer than may be kept"]), "longer than may be kept");
  assert.equal(text(["d", 23]), "longer than may be kept");
  assert.equal(text(["a", 4]), null);
  assert.equal(text(), "");
});
