// Beside the heatmap: where the row under the pointer looks, and the strongest links of the head as a table.

import { toggle } from "../../core/controls.js";
import { element } from "../../core/dom.js";
import { decimals } from "../../core/numbers.js";
import { quoted } from "../../core/text.js";
import { keyOf, queryOf, strongest, strongestLinks } from "../../data/view.js";
import { css } from "../../paint/colours.js";
import { colourOf } from "../../paint/scales.js";

const BARS = 6;
const LINKS = 10;

/** One line: label, bar, number. */
export function barRow() {
  const label = element("span", { class: "av-bar-label", dir: "auto" });
  const fill = element("span", { class: "av-bar-fill" });
  const number = element("span", { class: "av-bar-number" });
  const node = element("div", { class: "av-bar" }, [label, element("span", { class: "av-bar-track" }, [fill]), number]);
  return { node, label, fill, number };
}

/** The panel's elements; show(view, ...) fills the table, row(view, i, ...) the bars of one query. */
export class Panel {
  constructor(pick) {
    this.pick = pick;
    this.heading = element("h4", { class: "av-panel-title" });
    this.bars = Array.from({ length: BARS }, barRow);
    this.caption = element("caption", { class: "av-panel-title" });
    /** @type {any} */
    this.view = null;
    this.name = "";
    this.body = element("tbody");
    const head = element("tr", {}, ["from", "to", "value"].map((text) => element("th", { scope: "col", text })));
    this.table = element("table", { class: "av-links", "data-testid": "links" }, [this.caption, element("thead", {}, [head]), this.body]);
    const strip = element("div", { class: "av-row", "aria-hidden": "true" }, [this.heading, ...this.bars.map((bar) => bar.node)]);
    this.special = toggle("With special tokens", () => this.list());
    this.special.node.classList.add("av-with");
    this.node = element("aside", { class: "av-panel" }, [strip, element("div", {}, [this.table, this.special.node])]);
  }

  show(view, name) {
    Object.assign(this, { view, name });
    this.list();
  }

  /** Links from and to special tokens are left out unless they are asked for, or there are no others. */
  list() {
    const { view, name } = this;
    const plain = strongest(view, LINKS, 0, view.q, true);
    const some = [...view.rows].some((row) => view.header.querySpecial[row]) || [...view.cols].some((col) => view.header.keySpecial[col]);
    const links = plain.length && !this.special.box.checked ? plain : strongestLinks(view);
    this.special.node.hidden = !some || !plain.length;
    this.caption.textContent = `Strongest links of ${name}`;
    this.body.replaceChildren(
      ...links.map(({ i, j, value }) => {
        const from = element("td", { dir: "auto", text: queryOf(view, i).label, title: `position ${queryOf(view, i).position}` });
        const to = element("td", { dir: "auto", text: keyOf(view, j).label, title: `position ${keyOf(view, j).position}` });
        const row = element("tr", {}, [from, to, element("td", { class: "av-number", text: decimals(value) })]);
        row.addEventListener("pointerenter", () => this.pick({ i, j }));
        row.addEventListener("pointerleave", () => this.pick(null));
        return row;
      }),
    );
  }

  /** The keys that query i looks at most; without a row, the hint. */
  row(view, i, scale) {
    if (i === null) {
      this.heading.textContent = "Point at a row to see where it looks";
      for (const bar of this.bars) bar.node.style.visibility = "hidden";
      return;
    }
    const query = queryOf(view, i);
    this.heading.textContent = `${quoted(query.label)} (${query.position}) ${view.header.signed ? "is moved by" : "looks at"}`;
    const best = strongest(view, BARS, i, i + 1);
    const top = best[0]?.size || 1;
    this.bars.forEach((bar, at) => {
      const link = best[at];
      bar.node.style.visibility = link ? "visible" : "hidden";
      if (!link) return;
      bar.label.textContent = keyOf(view, link.j).label;
      bar.number.textContent = decimals(link.value);
      bar.fill.style.width = `${(100 * link.size) / top}%`;
      bar.fill.style.backgroundColor = css(colourOf(scale, Math.sign(link.value) * Math.max(link.size, 0.2 * scale.top)));
    });
  }
}
