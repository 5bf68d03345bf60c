// The forms in which one map is shown, the choice between them, and what is held in all of them: a list of places
// {side: 0 for queries, 1 for keys, index}.

import { segments } from "../../core/controls.js";
import { element } from "../../core/dom.js";
import { Shared } from "../../core/shared.js";
import { linesSheet, linesTable } from "./lines/picture.js";
import { LinesView } from "./lines/view.js";
import { productsSheet, productsTable } from "./products/picture.js";
import { ProductsView } from "./products/view.js";
import { textSheet, textTable } from "./text/picture.js";
import { TextView } from "./text/view.js";

/** @type {import("../../core/controls.js").Option[]} */
const FORM_NAMES = [["heatmap", "Heatmap"], ["text", "Text"], ["lines", "Lines"], ["qk", "q·k"]];

const PICTURES = {
  text: { sheet: textSheet, table: textTable }, lines: { sheet: linesSheet, table: linesTable }, qk: { sheet: productsSheet, table: productsTable },
};

export class Forms {
  /** `listen`: choose(form, the one before) is told which form the reader chose, held() that what is held has changed. */
  constructor(listen) {
    this.listen = listen;
    this.shared = new Shared("form");
    this.pins = [];
    const holding = (pins) => {
      this.hold(pins);
      listen.held();
    };
    const holds = { toggle: (place) => holding(this.toggled(place)), clear: () => holding([]) };
    const rows = { row: (index) => holding([{ side: 0, index }]) };
    this.views = { text: new TextView(holds), lines: new LinesView(holds), qk: new ProductsView(rows) };
    this.choice = segments("Form", FORM_NAMES, (form) => {
      const former = this.form;
      this.shared.set(form);
      listen.choose(form, former);
    });
    this.node = element("div", { class: "av-forms" }, Object.values(this.views).map((view) => view.node));
  }

  /** The host says which form to show; "" means that there is no choice. The vectors come one row at a time, on demand. */
  offer(form, live) {
    this.choice.allow("qk", live);
    this.choice.node.hidden = !form;
    this.shared.offer(form || "heatmap");
  }

  get form() {
    return this.shared.value;
  }

  /** What the form shows, to take away: {sheet, table}; null for the heatmap, which has its own. */
  get picture() {
    const [view, take] = [this.views[this.form], PICTURES[this.form]];
    return take ? { sheet: () => take.sheet(view), table: () => take.table(view) } : null;
  }

  /** Whether the form has come: vectors may be on their way, or not to be had. */
  get ready() {
    return this.form !== "qk" || !this.views.qk.content.hidden;
  }

  toggled(place) {
    const others = this.pins.filter((pin) => pin.index !== place.index || pin.side !== place.side);
    return others.length < this.pins.length ? others : [...this.pins, place];
  }

  hold(pins) {
    this.pins = pins;
    this.views[this.form]?.hold(pins);
  }

  /** Shows the scene in the chosen form, unless that is the heatmap. */
  show(scene) {
    this.choice.set(this.form);
    this.node.hidden = this.form === "heatmap";
    for (const [name, view] of Object.entries(this.views)) view.node.hidden = name !== this.form;
    if (scene) this.views[this.form]?.show({ ...scene, pins: this.pins });
  }
}
