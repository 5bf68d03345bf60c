// The numbers over a picture as a table, which stands for it where it cannot be seen; and as the rows of a CSV.

import { csvText } from "../../core/csv.js";
import { element } from "../../core/dom.js";
import { decimals, percent, shortest } from "../../core/numbers.js";
import { patchName } from "./message.js";

/** @import {PatchesState} from "./message.js" */

/**
 * A value as it is read out.
 * @param {{header: import("./message.js").PatchesHeader}} state
 */
export function patchNumber({ header }, value) {
  const { unit, signed } = header.view;
  if (unit === "share") return percent(value, 2);
  return (signed && value > 0 ? "+" : "") + decimals(value, 3);
}

/** @param {PatchesState} state */
export function patchTable(state) {
  const { header, row } = state;
  const { rows, columns, leading } = header;
  const numbers = Array.from({ length: columns }, (_, column) => element("th", { scope: "col", text: String(column + 1) }));
  const body = Array.from({ length: rows }, (_, r) =>
    element("tr", {}, [
      element("th", { scope: "row", text: String(r + 1) }),
      ...Array.from({ length: columns }, (__, c) => element("td", { class: "av-number", text: patchNumber(state, row[leading.length + r * columns + c]) })),
    ]),
  );
  const special = leading.map((name, item) => element("p", { text: `${name}: ${patchNumber(state, row[item])}` }));
  const caption = element("caption", { class: "av-panel-title", text: `${header.view.title}: rows of patches go down, columns across` });
  const table = element("table", { class: "av-patchtable", "data-testid": "patch-table" }, [caption, element("thead", {}, [element("tr", {}, [element("td", {}), ...numbers])]), element("tbody", {}, body)]);
  return [...special, element("div", { class: "av-headbox", tabindex: "0", role: "region", "aria-label": "Numbers of the patches" }, [table])];
}

/** @param {PatchesState} state */
export function patchCsv(state) {
  const { header, row, layer, chosen } = state;
  const from = header.item === null ? "" : patchName(state, header.item);
  const rows = Array.from(row, (value, item) => {
    const cell = item - header.leading.length;
    const place = cell < 0 ? ["", ""] : [Math.floor(cell / header.columns) + 1, (cell % header.columns) + 1];
    return [from, header.view.places[layer] ?? "", chosen.join(" "), cell < 0 ? header.leading[item] : "patch", ...place, { numeric: shortest(value) }];
  });
  return csvText([["from", "layer", "heads", "to", "row", "column", header.view.name], ...rows]);
}
