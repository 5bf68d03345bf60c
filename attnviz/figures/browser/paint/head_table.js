// A table with a coloured cell for every head, layers down and heads across; a cell is a button.

import { element } from "../core/dom.js";
import { modified, placeAfter, rove, taken } from "../core/keyboard.js";
import { decimals } from "../core/numbers.js";
import { css, inkOn } from "./colours.js";
import { colourOf } from "./scales.js";

/** Models with more layers than FOLDS show them in groups of GROUP, each of which can be folded. */
const FOLDS = 12;
const GROUP = 10;

/**
 * @typedef {object} Heads what the table shows
 * @property {number} layers
 * @property {number} heads
 * @property {ArrayLike<number>} values L x H, row after row
 * @property {import("./scales.js").Scale} scale of their colours
 * @property {import("./theme.js").Theme} theme
 * @property {string} title
 * @property {string} name what the values are, in words
 * @property {number[] | null} [current] the head that is shown
 * @property {Set<string> | null} [off] "layer,head" of those that are switched off
 * @property {(value: number) => string} [text]
 */

/**
 * The table; show() fills it. `pick(layer, head)` on click or Enter, `point(layer, head)` on hover and focus. With
 * `pickLayer(layer)` the name of a layer is a button too; it stands before head 0.
 * @typedef {(layer: number, head: number) => void} OfHead
 */
export class HeadTable {
  /** @param {{pick: OfHead, point?: OfHead, pickLayer?: ((layer: number) => void) | null, testid: string}} options */
  constructor({ pick, point = () => {}, pickLayer = null, testid }) {
    this.pick = pick;
    this.point = point;
    this.pickLayer = pickLayer;
    this.layers = this.heads = 0;
    this.focus = [0, 0];
    /** @type {HTMLButtonElement[]} of the heads, row after row */
    this.buttons = [];
    /** @type {HTMLButtonElement[]} of the layers */
    this.names = [];
    this.caption = element("caption", { class: "av-panel-title" });
    this.head = element("thead");
    this.table = element("table", { class: "av-headtable", "data-testid": testid }, [this.caption, this.head]);
    this.node = element("div", { class: "av-headbox" }, [this.table]);
    this.table.addEventListener("keydown", (event) => this.keydown(event));
    /** @type {(event: Event) => [layer: number, head: number] | null} */
    this.placeOf = (event) => {
      const at = /** @type {any} */ (event.target).closest?.("[data-at]")?.dataset.at;
      return at ? at.split(",").map(Number) : null;
    };
    this.table.addEventListener("pointerover", (event) => {
      const place = this.placeOf(event);
      if (place) this.point(...place);
    });
    this.table.addEventListener("focusin", (event) => {
      const place = this.placeOf(event);
      if (!place) return;
      this.point(...place);
      this.rest(...place);
    });
    this.table.addEventListener("click", (event) => {
      const [layer, head] = this.placeOf(event) ?? [];
      if (layer === undefined) return;
      if (head < 0) this.pickLayer(layer);
      else this.pick(layer, head);
    });
  }

  /** @param {Heads} heads */
  show({ layers, heads, values, scale, theme, title, name, current = null, off = null, text = (value) => decimals(value, 2) }) {
    this.caption.textContent = title;
    if (layers !== this.layers || heads !== this.heads) this.rebuild(layers, heads);
    const focus = current ?? this.focus;
    this.buttons.forEach((button, n) => {
      const [layer, head] = [Math.floor(n / heads), n % heads];
      const value = values[n];
      const known = Number.isFinite(value);
      const gone = off?.has(`${layer},${head}`);
      const ground = gone ? theme.text : known ? colourOf(scale, value) : theme.bg;
      button.style.backgroundColor = css(ground);
      button.style.color = css(inkOn(ground));
      button.textContent = heads <= 16 ? (known ? text(value) : "–") : "";
      button.setAttribute("aria-label", `Layer ${layer}, head ${head}: ${name} ${known ? text(value) : "not defined"}`);
      button.title = `layer ${layer}, head ${head}: ${known ? text(value) : "not defined"}`;
      button.tabIndex = layer === focus[0] && head === focus[1] ? 0 : -1;
      if (current) button.setAttribute("aria-pressed", String(layer === current[0] && head === current[1]));
      if (!off) return;
      button.setAttribute("aria-pressed", String(gone));
      button.disabled = !known; // a layer with fewer heads than others
    });
    this.names.forEach((button, layer) => {
      const own = this.buttons.slice(layer * heads, (layer + 1) * heads).filter((each) => !each.disabled);
      button.setAttribute("aria-pressed", String(own.length > 0 && own.every((each) => each.getAttribute("aria-pressed") === "true")));
    });
  }

  /**
   * The one button that Tab goes to.
   * @param {number} layer
   * @param {number} head
   */
  rest(layer, head) {
    if (this.buttonAt(layer, head)?.tabIndex === 0) return;
    this.focus = [layer, head];
    rove([...this.buttons, ...this.names], this.buttonAt(layer, head));
  }

  /** Tab goes to the first head that is not folded away. */
  restOnFirst() {
    const shown = this.buttons.findIndex((button) => !button.closest("tr")?.hidden);
    if (shown >= 0) this.rest(Math.floor(shown / this.heads), shown % this.heads);
  }

  /**
   * @param {number} layer
   * @param {number} head -1 for the name of the layer
   */
  buttonAt(layer, head) {
    return head < 0 ? this.names[layer] : this.buttons[layer * this.heads + head];
  }

  /**
   * @param {number} layers
   * @param {number} heads
   */
  rebuild(layers, heads) {
    Object.assign(this, { layers, heads, focus: [0, 0] });
    const corner = element("th", { scope: "col", text: "layer \\ head" });
    this.head.replaceChildren(element("tr", {}, [corner, ...Array.from({ length: heads }, (_, h) => element("th", { scope: "col", text: String(h) }))]));
    this.buttons = [];
    this.names = [];
    const rows = Array.from({ length: layers }, (_, layer) => {
      const cells = Array.from({ length: heads }, (__, head) => {
        const button = element("button", { type: "button", class: "av-headcell", "data-at": `${layer},${head}` });
        this.buttons.push(button);
        return element("td", {}, [button]);
      });
      return element("tr", {}, [element("th", { scope: "row" }, [this.nameOf(layer)]), ...cells]);
    });
    for (const body of [...this.table.tBodies]) body.remove();
    this.table.append(...this.bodies(rows));
  }

  /**
   * The rows in one body; of many layers in groups, each below a button that folds it.
   * @param {HTMLElement[]} rows
   */
  bodies(rows) {
    if (rows.length <= FOLDS) return [element("tbody", {}, rows)];
    return Array.from({ length: Math.ceil(rows.length / GROUP) }, (_, n) => {
      const group = rows.slice(n * GROUP, (n + 1) * GROUP);
      const name = `layers ${n * GROUP} to ${n * GROUP + group.length - 1}`;
      const fold = element("button", { type: "button", class: "av-fold", "aria-expanded": "true", text: `▾ ${name}` });
      fold.addEventListener("click", () => {
        const folded = fold.getAttribute("aria-expanded") === "true";
        for (const row of group) row.hidden = folded;
        fold.setAttribute("aria-expanded", String(!folded));
        fold.textContent = `${folded ? "▸" : "▾"} ${name}`;
        if (this.buttonAt(this.focus[0], this.focus[1]).closest("tr")?.hidden) this.restOnFirst();
      });
      const above = element("th", { scope: "rowgroup", colspan: String(this.heads + 1) }, [fold]);
      return element("tbody", {}, [element("tr", {}, [above]), ...group]);
    });
  }

  /** @param {number} layer */
  nameOf(layer) {
    if (!this.pickLayer) return String(layer);
    this.names[layer] = element("button", { type: "button", class: "av-headcell", "data-at": `${layer},-1`, "aria-label": `Layer ${layer}, all heads`, title: `layer ${layer}, all heads`, tabindex: -1, text: String(layer) });
    return this.names[layer];
  }

  /** @param {KeyboardEvent} event */
  keydown(event) {
    const [layer, head] = this.placeOf(event) ?? [];
    if (layer === undefined || modified(event)) return;
    const named = this.pickLayer ? 1 : 0; // the name of a layer stands before its head 0
    const columns = this.heads + named;
    let [from, next] = [null, placeAfter(event.key, layer * columns + head + named, this.layers * columns, { columns, apart: true })];
    if (next === null) return;
    taken(event);
    // What is folded is passed over.
    const folded = (/** @type {number} */ at) => this.buttonAt(Math.floor(at / columns), (at % columns) - named).closest("tr")?.hidden;
    while (next !== null && next !== from && folded(next)) [from, next] = [next, placeAfter(event.key, next, this.layers * columns, { columns, apart: true })];
    if (next === null || folded(next)) return;
    const there = [Math.floor(next / columns), (next % columns) - named];
    this.rest(there[0], there[1]);
    this.buttonAt(there[0], there[1]).focus();
  }
}
