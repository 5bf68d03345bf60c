// What the heatmap says of the cell, row or column under the pointer, in words.

import { decimals, percent } from "../../core/numbers.js";
import { quoted, several } from "../../core/text.js";
import { keyOf, queryOf, shareOf, strongest } from "../../data/view.js";

const named = ({ label, position }) => `${quoted(label)} (${position})`;

/** What a cell holds, to the digits that are exact. */
export function sayCell({ view, header, cuts, share: kept }, { i, j }) {
  const [from, to] = [queryOf(view, i), keyOf(view, j)];
  if (j >= view.open[i]) return `${named(from)} cannot look ahead to ${named(to)}.`;
  const value = view.values[i * view.k + j];
  const before = view.renormalised ? ` (${decimals(view.raw[from.position * view.stride + to.position])} before hiding)` : "";
  const outside = cuts && Math.abs(value) < cuts[i] ? ` · outside the ${Math.round(100 * kept)} %` : "";
  if (header.signed) return `${named(from)} → ${named(to)}: ${decimals(value)} · ${value ? `${value < 0 ? "against" : "for"} what the block writes for ${quoted(from.label)}` : "nothing of what the block writes"}${outside}`;
  const share = header.rowsSumToOne && view.k === header.keys.length ? "" : "shown ";
  return `${named(from)} → ${named(to)}: ${decimals(value)}${before} · ${percent(shareOf(view, i, j))} of the ${share}row${outside}`;
}

/** What a whole row, or column, holds; the other index is null. */
export function sayLine(view, header, { i, j }) {
  if (j === null) {
    const [best] = strongest(view, 1, i, i + 1);
    if (header.signed) return sayRow(view, i, best);
    const share = best && header.rowsSumToOne ? `, ${percent(best.value, 0)}` : "";
    const most = best ? ` looks most at ${named(keyOf(view, best.j))}: ${decimals(best.value)}${share}` : " looks at nothing that is shown";
    return `${named(queryOf(view, i))}${most}.`;
  }
  let sum = 0;
  let count = 0;
  for (let row = 0; row < view.q; row++)
    if (j < view.open[row]) {
      sum += view.values[row * view.k + j];
      count++;
    }
  if (header.signed) return `${named(keyOf(view, j))} contributes ${decimals(count ? sum / count : 0)} on average to the ${count} ${several(header.unit)} that can look at it.`;
  return `${named(keyOf(view, j))} receives ${decimals(count ? sum / count : 0)} on average from the ${count} ${several(header.unit)} that can look at it.`;
}

/** A row of contributions: its largest, and what they add up to. */
function sayRow(view, i, best) {
  let sum = 0;
  for (let j = 0; j < view.open[i]; j++) sum += view.values[i * view.k + j];
  const most = best ? ` is moved most by ${named(keyOf(view, best.j))}: ${decimals(best.value)};` : "";
  return `${named(queryOf(view, i))}${most} the row adds up to ${decimals(sum)}.`;
}
