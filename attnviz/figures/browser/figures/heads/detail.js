// An opened head in the grid of all heads: its map with labels, in place below its row; values under pointer or cursor.

import { button } from "../../core/controls.js";
import { element } from "../../core/dom.js";
import { ARROWS, modified, taken } from "../../core/keyboard.js";
import { clamp, decimals, percent } from "../../core/numbers.js";
import { quoted, several } from "../../core/text.js";
import { keyOf, queryOf, shareOf, viewOf } from "../../data/view.js";
import { Plot } from "../../paint/plot.js";
import { rootScale } from "../../paint/scales.js";

const DETAIL_HINT = "Point at a cell to read its weight; arrow keys move a cell cursor, Escape closes.";

export class Detail {
  /** `listen`: close() and open() are told what the reader asked for. */
  constructor(listen) {
    this.listen = listen;
    this.held = null;
    this.title = element("h4", { class: "av-panel-title" });
    this.openButton = button("Open on the Attention page", "Open on the Attention page", () => listen.open());
    this.closeButton = button("Close", "Close the larger map", () => listen.close());
    this.readout = element("p", { class: "av-readout", "data-testid": "detail-readout", "aria-live": "off" });
    this.plot = new Plot({ hover: (cell) => this.mark(cell ?? this.held), pin: (cell) => this.hold(cell) });
    this.stage = element("div", { class: "av-stage", tabindex: "0", role: "application", "aria-roledescription": "attention map", "data-testid": "detail" }, [this.plot.node]);
    const head = element("div", { class: "av-detailhead" }, [this.title, element("div", { class: "av-tools" }, [this.openButton, this.closeButton])]);
    this.node = element("section", { class: "av-detail", hidden: true }, [head, this.readout, this.stage]);
    this.node.addEventListener("keydown", (event) => this.keydown(event));
  }

  /** Shows {layer, head} with `map` (or, without, that it is on its way) in `width` pixels; returns the height. */
  show({ header, map, place, width, theme, colours, pixels, live }) {
    const [layer, head] = place;
    const name = `layer ${layer}, head ${head}`;
    this.title.textContent = `Layer ${layer}, head ${head}`;
    this.node.setAttribute("aria-label", this.title.textContent);
    this.openButton.hidden = !live;
    this.node.hidden = false;
    this.node.style.width = `${width}px`;
    this.plot.node.hidden = !map;
    this.stage.setAttribute("aria-busy", String(!map && live));
    this.view = null;
    if (!map) {
      this.readout.textContent = live ? `Loading ${name} …` : `The map of ${name} is not in this file.`;
      return this.node.offsetHeight;
    }
    this.view = viewOf(map, header, []);
    if (this.name !== name) this.held = null;
    this.name = name;
    const label = `Map of the attention weight of ${name}: ${this.view.q} queries (${several(header.unit)}) down, ${this.view.k} keys across.`;
    this.stage.setAttribute("aria-label", label);
    const titles = { query: "query token: looks from", key: "key token: looked at" };
    const compact = width < 560;
    this.plot.show({ view: this.view, scale: rootScale(colours, pixels, this.view.top), theme, titles, label }, { width: width - 24, height: 420, compact, largest: 36 });
    this.mark(this.held);
    return this.node.offsetHeight;
  }

  hide() {
    this.node.hidden = true;
    this.held = null;
  }

  hold(cell) {
    if (!cell || cell.i === null || cell.j === null) return;
    this.held = this.held?.i === cell.i && this.held.j === cell.j ? null : cell;
    this.mark(this.held);
  }

  mark(cell) {
    const { view, readout } = this;
    const whole = cell && cell.i !== null && cell.j !== null && cell.i < view.q && cell.j < view.k;
    this.plot.mark(whole ? cell : null);
    delete readout.dataset.value;
    if (!whole) {
      readout.textContent = DETAIL_HINT;
      return;
    }
    const named = ({ label, position }) => `${quoted(label)} (${position})`;
    const [from, to] = [queryOf(view, cell.i), keyOf(view, cell.j)];
    const value = view.values[cell.i * view.k + cell.j];
    const ahead = cell.j >= view.open[cell.i];
    if (!ahead) readout.dataset.value = String(value);
    readout.textContent = ahead ? `${named(from)} cannot look ahead to ${named(to)}.` : `${named(from)} → ${named(to)}: ${decimals(value)} · ${percent(shareOf(view, cell.i, cell.j))} of the row`;
  }

  keydown(event) {
    if (modified(event)) return;
    const step = ARROWS[event.key];
    if (event.key === "Escape") this.listen.close();
    else if (step && this.view && event.target === this.stage) {
      const from = this.held ?? { i: -step[0], j: -step[1] };
      this.held = { i: clamp(from.i + step[0], 0, this.view.q - 1), j: clamp(from.j + step[1], 0, this.view.k - 1) };
      this.plot.reveal(this.held);
      this.readout.setAttribute("aria-live", "polite");
      this.mark(this.held);
    } else return;
    taken(event);
  }
}
