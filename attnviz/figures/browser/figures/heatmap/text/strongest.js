// The strongest links from and to the held tokens, as bars.

import { element } from "../../../core/dom.js";
import { decimals } from "../../../core/numbers.js";
import { barRow } from "../panel.js";

/** What the lists of the strongest are called. */
export const listTitles = (header) => (header.signed ? { from: "Moved by", to: "Moves" } : { from: "Looks at", to: "Looked at by" });

/** The `count` largest values other than 0, by size, as {index, value}. */
export function largest(values, count) {
  const best = [];
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    const size = Math.abs(value);
    if (!(size > 0) || (best.length === count && size <= best[count - 1].size)) continue;
    let place = Math.min(best.length, count - 1);
    for (; place > 0 && best[place - 1].size < size; place--) best[place] = best[place - 1];
    best[place] = { index, value, size };
  }
  return best;
}

/** The strongest five in one direction, as bars. */
export function strongestList(way) {
  const heading = element("h4", { class: "av-panel-title" });
  const bars = Array.from({ length: STRONGEST }, barRow);
  const node = element("div", { class: "av-strongest", "data-testid": `strongest-${way}` }, [heading, ...bars.map((bar) => bar.node)]);
  const show = (shares, direction, { header, scale }, inks) => {
    const several = Math.max(shares.rows.length, shares.cols.length) > 1;
    heading.textContent = `${listTitles(header)[way]}${several ? " (mean)" : ""}`;
    const labels = way === "from" ? header.keys : header.queries;
    const best = largest(shares[direction], STRONGEST);
    heading.style.visibility = best.length ? "visible" : "hidden";
    bars.forEach((bar, place) => {
      const link = best[place];
      bar.node.style.visibility = link ? "visible" : "hidden";
      delete bar.node.dataset.value;
      if (!link) return;
      Object.assign(bar.node.dataset, { value: link.value, token: link.index });
      bar.label.textContent = labels[link.index];
      bar.number.textContent = decimals(link.value);
      bar.fill.style.width = `${scale.top > 0 ? (100 * link.size) / Math.max(scale.top, best[0].size) : 0}%`;
      bar.fill.style.backgroundColor = inks[link.value < 0 ? "minus" : way].at(-1);
    });
  };
  return { node, show };
}

const STRONGEST = 5;
