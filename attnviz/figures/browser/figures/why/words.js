// What the figure "why" says of its parts and links, and its tables.

import { csvText } from "../../core/csv.js";
import { element } from "../../core/dom.js";
import { decimals, percent, shortest } from "../../core/numbers.js";
import { quoted } from "../../core/text.js";

/** @import {Place, WhyState} from "./message.js" */

const TABLE_ROWS = 12;
const NAMED = 3; // partners of a part that are read out
const NO_LAYER = 9999; // of what belongs to no layer
const SIDES = ["query", "key"];

export const signedPart = (/** @type {number} */ value) => (value > 0 ? "+" : "") + decimals(value, 2);

/** @param {number} layer */
export const bandName = (layer) => (layer < 0 ? "embeddings" : layer === NO_LAYER ? "all layers" : `layer ${layer}`);

/**
 * A share of the score, in brackets; "" where the score is not above zero, of which nothing is a share.
 * @param {WhyState} state
 */
export function ofScore({ header }, value) {
  return header.score > 1e-6 ? `${decimals((100 * value) / header.score, 0)} % of ${decimals(header.score, 2)}` : "";
}

/**
 * A part, what it adds, and with what on the other side most.
 * @param {WhyState} state
 * @param {Place} place
 */
export function partText(state, { side, part }, links) {
  const { name } = state.streams[side][part];
  const value = state.values[side][part];
  const share = ofScore(state, value);
  const partners = links.slice(0, NAMED).map((link) => `${state.streams[1 - side][link[1 - side]].name} ${signedPart(link[2])}`);
  const most = partners.length ? ` · most with ${partners.join(", ")}` : "";
  return `${name}, in the ${SIDES[side]} stream at ${quoted(state.header.streams[side].token)}: ${signedPart(value)}${share ? ` (${share})` : ""}${most}`;
}

/** @param {WhyState} state */
export function restText(state) {
  const rest = state.values.map((values, side) => values.reduce((sum, value) => sum + value, 0) - state.shown[side].reduce((sum, part) => sum + values[part], 0));
  const left = state.values.map((values, side) => values.length - state.shown[side].length);
  const sides = SIDES.flatMap((name, side) => (left[side] ? [`${left[side]} of the ${name} stream: ${signedPart(rest[side])}`] : []));
  const extras = state.header.extras.map(([name, value]) => `${name}: ${signedPart(value)}`);
  return [...(sides.length ? [`Parts that are not shown: ${sides.join("; ")}.`] : []), ...(extras.length ? [`Beside both streams: ${extras.join("; ")}.`] : [])].join(" ");
}

/**
 * The largest parts and links as tables: what stands for the picture where there is no pointer.
 * @param {WhyState} state
 */
export function tablesOf(state) {
  const parts = [0, 1].flatMap((side) => sortedParts(state, side).slice(0, TABLE_ROWS).map((part) => [SIDES[side], state.streams[side][part].name, signedPart(state.values[side][part]), ofScore(state, state.values[side][part])]));
  const pairs = state.links.slice(0, TABLE_ROWS).map(([query, key, value]) => [state.streams[0][query].name, state.streams[1][key].name, signedPart(value), ofScore(state, value)]);
  const steps = state.header.nodes.map(({ name, link, told, end, parent }) => [parent < 0 ? "" : state.header.nodes[parent].name, name, link, end ? `${told}; ${end}` : told]);
  return [
    tableNode("parttable", ["stream", "part", "adds", "of the score"], parts),
    tableNode("linktable", ["query part", "key part", "adds", "of the score"], pairs),
    ...(steps.length > 1 ? [tableNode("steptable", ["because of", "part", "looks", "told"], steps)] : []),
  ];
}

/** @param {WhyState} state */
const sortedParts = ({ values }, side) => Array.from(values[side].keys()).sort((a, b) => Math.abs(values[side][b]) - Math.abs(values[side][a]));

function tableNode(id, heads, rows) {
  const cells = (/** @type {string[]} */ row) => row.map((text, n) => element(n ? "td" : "th", { scope: n ? null : "row", dir: "auto", text }));
  return element("div", { class: "av-headbox" }, [
    element("table", { class: "av-whytable", "data-testid": id }, [
      element("thead", {}, [element("tr", {}, heads.map((text) => element("th", { scope: "col", text })))]),
      element("tbody", {}, rows.map((row) => element("tr", {}, cells(row)))),
    ]),
  ]);
}

/** @param {WhyState} state */
export function partsCsv(state) {
  /** @type {import("../../core/csv.js").Cell[][]} */
  const rows = [["stream", "part", "layer", "head", "adds to the score"]];
  for (const side of [0, 1])
    state.streams[side].forEach(({ name, layer, head }, part) => {
      rows.push([SIDES[side], name, layer < 0 || layer === NO_LAYER ? "" : layer, head < 0 ? "" : head, { numeric: shortest(state.values[side][part]) }]);
    });
  for (const [name, value] of state.header.extras) rows.push(["beside both", name, "", "", { numeric: String(value) }]);
  return csvText(rows);
}

/** @param {import("./message.js").Node} node */
export const nodeText = ({ name, link, told, end, share }) => [`${name}${link ? `: ${link}` : ""}`, told || percent(share), ...(end ? [end] : [])].join(". ");
