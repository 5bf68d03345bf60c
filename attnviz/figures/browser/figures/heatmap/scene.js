// What the figure "heatmap" says of the map that it shows, and the scene that its plot and its pictures are painted from.

import { decimals } from "../../core/numbers.js";
import { fileName } from "../../core/save.js";
import { quoted, several } from "../../core/text.js";
import { fadedWords, hiddenWords, nameOfMap } from "../../data/shown.js";
import { keyOf, queryOf, strongestLinks } from "../../data/view.js";

/**
 * What the colours mean.
 * @param {import("./message.js").HeatmapState} state
 */
export function scaleWords(state) {
  const { header, scale, scaleMode } = state;
  const end = scaleMode === "one" && header.rowsSumToOne ? "1" : `${decimals(scale.top)}, the largest of this ${header.pool ? "map" : "head"}`;
  const ahead = header.causal ? " Hatched: cannot look ahead." : "";
  if (header.signed) return `Colour: blue adds to the output, orange takes away from it; square root of the size, up to ${end}.${ahead}${fadedWords(state)}`;
  return `Colour: square root of the ${header.quantity}, from 0 to ${end}.${ahead}${fadedWords(state)}`;
}

/**
 * The scene for the plot and for pictures.
 * @param {import("./message.js").HeatmapState} state
 */
export function sceneOf(state) {
  const { header, view, scale, theme, cuts, place } = state;
  const named = header.model ? ` · ${header.model}` : "";
  const remarks = [hiddenWords(state), header.note].filter(Boolean);
  return {
    header, view, scale, theme, cuts,
    titles: { query: header.queryTitle, key: header.keyTitle },
    label: describe(state),
    title: `${header.quantity} · ${nameOfMap(header, place)}${named}`,
    linesTitle: `${header.quantity} · ${header.pool ? nameOfMap(header, place) : `layer ${place.layer}`}${named}`,
    notes: [scaleWords(state), ...remarks],
    remarks,
  };
}

/** The map in a sentence, for who cannot see it. */
export function describe({ header, view, place }) {
  const [best] = strongestLinks(view);
  const link = best
    ? ` Strongest: from ${quoted(queryOf(view, best.i).label)} to ${quoted(keyOf(view, best.j).label)}, ${decimals(best.value)}.`
    : "";
  const sizes = `${view.q} queries (${several(header.unit)}) down, ${view.k} keys across`;
  return `Map of the ${header.quantity}${header.pool ? "," : " of"} ${nameOfMap(header, place)}: ${sizes}.${link}`;
}

/** The name of a file of it. */
export function nameOf({ header, place, view, forms, qk }, extension) {
  const form = { heatmap: "", text: "text", lines: "lines", qk: `qk${qk?.row}` }[forms.form];
  const map = header.pool ? [nameOfMap(header, place)] : [`layer${place.layer}`, forms.form === "lines" ? "" : `head${place.head}`];
  return fileName(["attention", header.model, ...map, form, ...view.hidden.map((name) => `no-${name}`)], extension);
}
