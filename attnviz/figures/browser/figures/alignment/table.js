// The matrix of an alignment as a table: a row for each target word, a column for each source word.

import { element } from "../../core/dom.js";
import { percent } from "../../core/numbers.js";
import { css, inkOn, sequentialScale } from "../../paint/colours.js";
import { colourOf, plainScale } from "../../paint/scales.js";
import { goldOf, uncertain, weightAt } from "./message.js";

/** @import {AlignmentState} from "./message.js" */

/** A share as it stands in a small cell: ".83", "1", nothing where it is next to nothing. */
const shortShare = (/** @type {number} */ weight) => (weight >= 0.995 ? "1" : weight >= 0.05 ? weight.toFixed(2).slice(1) : "");

/**
 * The table; its words and cells carry side and place, so that they are pointed at as the words of the lines are.
 * @param {AlignmentState} state
 */
export function matrixTable(state) {
  const { header, theme } = state;
  const scale = plainScale(sequentialScale(theme), 1, false);
  const head = element("tr", {}, [
    element("th", { scope: "col", class: "av-altarget", text: "read from →" }),
    ...header.sources.map((label, at) => element("th", { scope: "col", "data-side": 0, "data-at": at }, [element("span", { text: label })])),
    element("th", { scope: "col", text: "log p" }),
  ]);
  const rows = header.targets.map(({ label, logProb }, t) => {
    const cells = header.sources.map((_, s) => {
      const weight = weightAt(state, t, s);
      const colour = colourOf(scale, weight);
      const gold = goldOf(state, t, s);
      return element("td", { "data-side": 1, "data-at": t, class: gold ? `av-algold-${gold}` : "", style: `background-color:${css(colour)};color:${css(inkOn(colour))}`, title: `${label} ← ${header.sources[s]}: ${percent(weight)}${gold ? ` · gold: ${gold}` : ""}`, text: shortShare(weight) });
    });
    const name = element("th", { scope: "row", class: "av-altarget", "data-side": 1, "data-at": t, dir: "auto", text: label + (uncertain(state, t) ? " ?" : "") });
    return element("tr", {}, [name, ...cells, element("td", { class: "av-number", text: logProb.toFixed(2).replace("-", "−") })]);
  });
  const caption = element("caption", { class: "av-panel-title", text: "Share of each target word’s attention, and the log-probability of the word" });
  return element("table", { class: "av-altable", "data-testid": "alignment-table" }, [caption, element("thead", {}, [head]), element("tbody", {}, rows)]);
}
