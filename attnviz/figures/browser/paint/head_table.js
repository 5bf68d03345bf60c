// A table with a coloured cell for every head, layers down and heads across; a cell is a button.

import { decimals, element } from "../core/base.js";
import { css, inkOn } from "./colors.js";
import { colourOf } from "../data/view.js";

const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

/**
 * The table; show() fills it. `pick(layer, head)` on click or Enter, `point(layer, head)` on hover and focus. With
 * `pickLayer(layer)` the name of a layer is a button too; it stands before head 0.
 */
export class HeadTable {
  constructor({ pick, point = () => {}, pickLayer = null, testid }) {
    Object.assign(this, { pick, point, pickLayer, layers: 0, heads: 0, buttons: [], names: [] });
    this.caption = element("caption", { class: "av-panel-title" });
    this.head = element("thead");
    this.body = element("tbody");
    this.table = element("table", { class: "av-headtable", "data-testid": testid }, [this.caption, this.head, this.body]);
    this.node = element("div", { class: "av-headbox" }, [this.table]);
    this.table.addEventListener("keydown", (event) => this.keydown(event));
    for (const type of ["pointerover", "focusin"])
      this.table.addEventListener(type, (event) => {
        const at = event.target.closest?.("[data-at]")?.dataset.at;
        if (at) this.point(...at.split(",").map(Number));
      });
    this.table.addEventListener("focusin", (event) => {
      const at = event.target.closest?.("[data-at]")?.dataset.at;
      if (at) this.rest(...at.split(",").map(Number));
    });
    this.table.addEventListener("click", (event) => {
      const at = event.target.closest?.("[data-at]")?.dataset.at;
      if (!at) return;
      const [layer, head] = at.split(",").map(Number);
      if (head < 0) this.pickLayer(layer);
      else this.pick(layer, head);
    });
  }

  /**
   * `values` (L x H, row after row), a scale for their colours, what they are in words, and the head shown; or with
   * `off`, a set of "layer,head", the heads that are switched off.
   */
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

  /** The one button that Tab goes to. */
  rest(layer, head) {
    if (this.buttonAt(layer, head)?.tabIndex === 0) return;
    for (const button of [...this.buttons, ...this.names]) button.tabIndex = -1;
    this.focus = [layer, head];
    this.buttonAt(layer, head).tabIndex = 0;
  }

  buttonAt(layer, head) {
    return head < 0 ? this.names[layer] : this.buttons[layer * this.heads + head];
  }

  rebuild(layers, heads) {
    Object.assign(this, { layers, heads, focus: [0, 0] });
    const corner = element("th", { scope: "col", text: "layer \\ head" });
    this.head.replaceChildren(element("tr", {}, [corner, ...Array.from({ length: heads }, (_, h) => element("th", { scope: "col", text: String(h) }))]));
    this.buttons = [];
    this.names = [];
    const rows = Array.from({ length: layers }, (_, layer) => {
      const cells = Array.from({ length: heads }, (_, head) => {
        const button = element("button", { type: "button", class: "av-headcell", "data-at": `${layer},${head}` });
        this.buttons.push(button);
        return element("td", {}, [button]);
      });
      return element("tr", {}, [element("th", { scope: "row" }, [this.nameOf(layer)]), ...cells]);
    });
    this.body.replaceChildren(...rows);
  }

  nameOf(layer) {
    if (!this.pickLayer) return String(layer);
    this.names[layer] = element("button", { type: "button", class: "av-headcell", "data-at": `${layer},-1`, "aria-label": `Layer ${layer}, all heads`, title: `layer ${layer}, all heads`, tabindex: -1, text: String(layer) });
    return this.names[layer];
  }

  keydown(event) {
    const move = MOVES[event.key];
    const at = event.target.closest?.("[data-at]")?.dataset.at;
    if (!move || !at || event.ctrlKey || event.altKey || event.metaKey) return;
    const [layer, head] = at.split(",").map(Number);
    const [l, h] = [layer + move[0], head + move[1]];
    event.preventDefault();
    event.stopPropagation();
    if (l < 0 || h < (this.pickLayer ? -1 : 0) || l >= this.layers || h >= this.heads) return;
    this.rest(l, h);
    this.buttonAt(l, h).focus();
  }
}
