// The text above the heatmap, to be read: the word that is held or pointed at, and the others shaded by how much it
// looks at them. One selection drives both; what is clicked here is the map's row, or column where that is another text.

import { element } from "../../core/dom.js";
import { isRtl, modified, placeAfter, rove, taken } from "../../core/keyboard.js";
import { proseOf } from "../../core/prose.js";
import { sizeOn } from "../../paint/scales.js";
import { shadesOf } from "../../paint/shades.js";

export class Sentence {
  /** `listen`: hover({side, index} | null), pick({side, index}), clear(). */
  constructor(listen) {
    this.listen = listen;
    /** @type {any} */
    this.header = null;
    /** @type {any} */
    this.view = null;
    /** @type {any} */
    this.scale = null;
    /** @type {any} */
    this.shades = null;
    this.node = element("div", { class: "av-sentence", "data-testid": "sentence" });
    const at = (event) => {
      const data = event.target.closest?.("[data-token]")?.dataset;
      return data ? { side: Number(data.side), index: Number(data.token) } : null;
    };
    this.node.addEventListener("pointerover", (event) => event.pointerType === "mouse" && listen.hover(at(event)));
    this.node.addEventListener("pointerleave", () => listen.hover(null));
    this.node.addEventListener("focusin", (event) => /** @type {Element} */ (event.target).matches(":focus-visible") && listen.hover(at(event)));
    this.node.addEventListener("focusout", () => listen.hover(null));
    this.node.addEventListener("click", (event) => at(event) && listen.pick(at(event)));
    this.node.addEventListener("keydown", (event) => this.keydown(event, at(event)));
  }

  keydown(event, place) {
    if (!place || modified(event)) return;
    const next = placeAfter(event.key, this.words.indexOf(event.target), this.words.length, { rtl: isRtl(event.target.closest(".av-prose")) });
    if (next !== null) {
      rove(this.words, this.words[next]);
      this.words[next].focus();
    } else if (event.key === "Enter" || event.key === " ") this.listen.pick(place);
    else if (event.key === "Escape") this.listen.clear();
    else return;
    taken(event);
  }

  /** Builds the words of {header, view, theme, scale}; nothing where the sides are no running text. */
  show({ header, view, theme, scale }) {
    Object.assign(this, { header, view, scale, shades: shadesOf(theme) });
    const build = [header.identity, view.hidden].join();
    if (this.built === build) return;
    this.built = build;
    this.words = [];
    const kept = [new Set(view.rows), new Set(view.cols)];
    this.node.replaceChildren(...header.proses.map((prose, side) => proseOf(prose, (piece, index) => this.wordOf(piece, index, side, kept[side]), { "aria-label": side ? "Text that is looked at" : "Text" })));
    this.one = header.proses.length < 2;
    this.node.hidden = !this.words.length;
  }

  wordOf(piece, index, side, kept) {
    if (!kept.has(index)) return null;
    const { header } = this;
    const special = (side ? header.keySpecial : header.querySpecial)[index];
    const unknown = (side ? header.keyUnknown : header.queryUnknown)?.[index];
    const kind = special ? " av-special" : unknown ? " av-unknown" : piece === "↪" ? " av-more" : "";
    const label = `${(side ? header.keys : header.queries)[index]}, ${header.unit} ${index}`;
    const node = element("span", { class: `av-spoken${kind}`, "data-token": index, "data-side": side, role: "button", text: piece, tabindex: this.words.length ? "-1" : "0", "aria-pressed": "false", "aria-label": label });
    if (special) node.dir = "ltr";
    this.words.push(node);
    return node;
  }

  /** Shades the words by the row of the cell {i, j}, and outlines the row's word and the column's. */
  mark(cell, pinned) {
    if (!this.view || this.node.hidden) return;
    const { view, scale } = this;
    const row = cell?.i === null || cell?.i === undefined ? null : view.rows[cell.i];
    const col = cell?.j === null || cell?.j === undefined ? null : view.cols[cell.j];
    const sizes = new Float32Array(this.header.keys.length);
    if (row !== null) for (let j = 0; j < view.open[cell.i]; j++) sizes[view.cols[j]] = view.values[cell.i * view.k + j];
    for (const node of this.words) {
      const [side, index] = [Number(node.dataset.side), Number(node.dataset.token)];
      const looked = this.one || side === 1;
      const value = looked && row !== null ? sizes[index] : 0;
      node.style.backgroundColor = value ? this.shades[value < 0 ? "minus" : "plus"][Math.round(sizeOn(scale, value) * (this.shades.plus.length - 1))] : "";
      const from = (this.one || side === 0) && index === row;
      node.classList.toggle("av-from", from);
      node.classList.toggle("av-to", !from && looked && index === col);
      const held = pinned && ((this.one || side === 0 ? pinned.row === index : false) || (looked && pinned.row === null && pinned.col === index));
      node.setAttribute("aria-pressed", String(Boolean(held)));
    }
  }
}
