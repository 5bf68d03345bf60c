// The statistics of the figure "heads": as colours, as a line for one head, as a legend, as a table.

import { csvText } from "../../core/csv.js";
import { element } from "../../core/dom.js";
import { decimals, percent, shortest } from "../../core/numbers.js";
import { colourOf, plainScale } from "../../paint/scales.js";
import { statistic } from "./grid.js";

export const pairOf = (key) => key.split(",").map(Number);

/** The L x H values of a statistic. */
export function valuesOf({ header, table }, metric) {
  const size = header.layers * header.heads;
  const at = header.metrics.findIndex(({ name }) => name === metric);
  return table.data.subarray(at * size, (at + 1) * size);
}

function rangeOf(values) {
  const finite = values.filter((value) => !Number.isNaN(value));
  return finite.length ? [Math.min(...finite), Math.max(...finite)] : [0, 0];
}

/**
 * The scale of a statistic: from 0 to its largest value, or as far below 0 where one is below.
 * @param {ArrayLike<number>} values
 * @param {{sequential: any[], diverging: any[]}} ramps
 */
export function tintScale(values, { sequential, diverging }) {
  const [low, high] = rangeOf(values);
  const signed = low < 0;
  return plainScale(signed ? diverging : sequential, Math.max(high, -low, 0), signed);
}

/**
 * How a head is coloured by the chosen statistic: (layer, head) => {share, signed, text, colour}; null without one.
 * `share`: of the largest size, below 0 for values below.
 * @param {import("./message.js").HeadsState} state
 */
export function tintOf(state) {
  if (!state.colourBy) return null;
  const values = valuesOf(state, state.colourBy);
  const scale = tintScale(values, { sequential: state.colours, diverging: state.diverging });
  return (layer, head) => {
    const value = values[layer * state.header.heads + head];
    const known = Number.isNaN(value) ? 0 : value; // what is not known has the colour of nothing
    const share = scale.top > 0 ? known / scale.top : 0;
    return { share, signed: scale.signed, text: decimals(value, 2), colour: colourOf(scale, known) };
  };
}

/**
 * Names the head under the pointer or focus, and lists its statistics with their units.
 * @param {import("./message.js").HeadsState} state
 */
export function showFacts(state) {
  const { header, readout } = state;
  if (!state.active) {
    readout.replaceChildren("Point at a head to read its statistics; click to see it larger.");
    return;
  }
  const [layer, head] = pairOf(state.active);
  const facts = header.metrics.map(({ name, unit }) => {
    const value = valuesOf(state, name)[layer * header.heads + head];
    const number = element("b", { text: statistic(value, unit) });
    return element("span", { class: name === state.colourBy ? "av-fact av-on" : "av-fact" }, [`${name} `, number]);
  });
  readout.replaceChildren(element("b", { class: "av-which", text: `Layer ${layer}, head ${head}` }), ...facts);
}

/**
 * What the colours and bars mean.
 * @param {import("./message.js").HeadsState} state
 */
export function legendText(state) {
  const { header, same, colourBy, asValues } = state;
  const smaller = state.thumbs.shape[2] < header.queries || state.thumbs.shape[3] < header.keys;
  const pooled = smaller && header.pooled ? ` Each dot stands for a block of tokens (${header.pooled}).` : "";
  const scale = same ? "the largest weight of all heads" : "each head’s own largest weight: compare patterns, not shades";
  const maps = `Queries down, keys across. Colour: square root of the weight, up to ${scale}, in 255 steps; an opened head reads exactly.${pooled}${sinkText(state)}`;
  if (!colourBy) return maps;
  const { unit, description } = header.metrics.find(({ name }) => name === colourBy);
  const [low, high] = rangeOf(valuesOf(state, colourBy));
  const top = Math.max(high, -low, 0);
  const what = `${colourBy}, from ${low < 0 ? `−${decimals(top, 3)}` : "0"} to ${statistic(top, unit)}`;
  const said = description ? ` ${description}` : "";
  return asValues ? `Colour: ${what}.${said}` : `Bar: ${what}.${said} ${maps}`;
}

/**
 * Of a causal model, how much of its attention rests on the first token, and whether that is shown.
 * @param {import("./message.js").HeadsState} state
 */
function sinkText(state) {
  const { header, hide } = state;
  if (!header.causal || !header.metrics.some(({ name }) => name === "first")) return "";
  const known = valuesOf(state, "first").filter((value) => !Number.isNaN(value));
  const share = known.reduce((sum, value) => sum + value, 0) / known.length;
  const cell = state.thumbs.shape[3] < header.keys ? "The first column, the first tokens," : "The first token";
  const hidden = hide ? ` ${cell} is left out of the maps; what is left has colours of its own.` : "";
  return share >= 0.3 ? ` The first token gets ${percent(share)} of all attention: heads rest there that find nothing to look at (a sink).${hidden}` : hidden;
}

/**
 * The statistics of all heads as CSV.
 * @param {import("./message.js").HeadsState} state
 */
export function tableText(state) {
  const { header } = state;
  /** @type {import("../../core/csv.js").Cell[][]} */
  const rows = [["layer", "head", ...header.metrics.map(({ name, unit }) => (unit ? `${name} (${unit})` : name))]];
  for (let at = 0; at < header.layers * header.heads; at++) {
    const values = header.metrics.map(({ name }) => valuesOf(state, name)[at]);
    const cells = values.map((value) => (Number.isNaN(value) ? "" : { numeric: shortest(value) }));
    rows.push([Math.floor(at / header.heads), at % header.heads, ...cells]);
  }
  return csvText(rows);
}
