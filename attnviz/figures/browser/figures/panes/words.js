// What the figure "panes" says of a cell: its weight in each pane and the difference; and its tables as CSV.

import { csvText } from "../../core/csv.js";
import { element } from "../../core/dom.js";
import { decimals, shortest } from "../../core/numbers.js";
import { quoted } from "../../core/text.js";
import { keyOf, queryOf } from "../../data/view.js";

/** "“un like” (1–2)": the tokens at some places of a view, and their positions. */
function tokensAt(view, of, places) {
  const tokens = places.map((at) => of(view, at));
  const [first, last] = [tokens[0], tokens.at(-1)];
  const label = tokens.map((token) => token.label).join("").trim();
  return `${quoted(label)} (${first === last ? first.position : `${first.position}–${last.position}`})`;
}

/** Fills the readout: `cells` holds {rows, cols} as places in each view, or null; `values` the weights, then the difference. */
export function sayCell(readout, { header, views, cells, values, unit }) {
  delete readout.dataset.values;
  if (values.every((value) => value === null) && !cells.some(Boolean)) {
    readout.replaceChildren("Point at a cell to read its weight in every pane.");
    return;
  }
  readout.dataset.values = JSON.stringify(values);
  const facts = header.panes.map(({ name }, n) => {
    const fact = element("span", { class: "av-fact" }, [`${name}: `]);
    const cell = cells[n];
    if (!cell) fact.append("no counterpart");
    else if (values[n] === null) fact.append(`${tokensAt(views[n], queryOf, cell.rows)} cannot look ahead to ${tokensAt(views[n], keyOf, cell.cols)}`);
    else fact.append(`${tokensAt(views[n], queryOf, cell.rows)} → ${tokensAt(views[n], keyOf, cell.cols)} `, element("b", { text: decimals(values[n]) }));
    return fact;
  });
  const change = values.at(-1);
  if (change !== null) facts.push(element("span", { class: "av-fact" }, [unit ? `difference over ${unit} ` : "difference ", element("b", { text: decimals(change) })]));
  readout.replaceChildren(...facts);
}

/** One line a cell of a pane: both tokens with their positions, and the weight. */
export function panesTable({ header, views }) {
  const rows = [["pane", "query position", "query", "key position", "key", "weight"]];
  views.forEach((view, n) => {
    for (let i = 0; i < view.q; i++)
      for (let j = 0; j < view.k; j++) {
        const [from, to] = [queryOf(view, i), keyOf(view, j)];
        rows.push([header.panes[n].name, from.position, from.label, to.position, to.label, { numeric: shortest(view.values[i * view.k + j]) }]);
      }
  });
  return csvText(rows);
}

/** One line a cell of the difference: the tokens of both sides with their positions, and the difference. */
export function differenceTable({ difference, views, first, second }) {
  const sides = [views[first], views[second]];
  const rows = [["query positions 1", "query 1", "query positions 2", "query 2", "key positions 1", "key 1", "key positions 2", "key 2", "difference"]];
  const named = (of, each) => sides.flatMap((view, side) => {
    const tokens = each.at[side].map((at) => of(view, at));
    return [tokens.length === 1 ? tokens[0].position : `${tokens[0].position}–${tokens.at(-1).position}`, tokens.map(({ label }) => label).join("")];
  });
  for (const [i, row] of difference.pairedRows.entries())
    for (const [j, col] of difference.pairedCols.entries())
      rows.push([...named(queryOf, row), ...named(keyOf, col), { numeric: shortest(difference.values[i * difference.k + j]) }]);
  return csvText(rows);
}
