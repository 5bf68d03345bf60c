// The form "lines": queries on the left, keys on the right, a line for each weight, the heads of a layer in colours.

import { element } from "../../../core/dom.js";
import { modified, taken } from "../../../core/keyboard.js";
import { clamp, decimals } from "../../../core/numbers.js";
import { quoted } from "../../../core/text.js";
import { nameOfMap } from "../../../data/shown.js";
import { keyOf, queryOf, strongest, strongestLinks, viewOf } from "../../../data/view.js";
import { css } from "../../../paint/colours.js";
import { headColour } from "../../../paint/palette.js";
import { paintAll, paintSeen } from "./paint.js";

const TALLEST = 620;
const HEADS_HELP = "A click on a head hides or shows it, a double click (or Shift + Enter) shows it alone, and again shows all.";
const LINES_HELP = "In the drawing, arrow keys move over the tokens, Enter holds one, Escape lets go.";

export class LinesView {
  constructor(holds) {
    this.holds = holds;
    this.hidden = new Set();
    this.hovered = null;
    this.cursor = { side: 0, index: -1 };
    this.swatches = element("div", { class: "av-swatches", role: "group", "aria-label": "Heads" });
    this.readout = element("p", { class: "av-readout", "data-testid": "lines-readout", "aria-live": "off" });
    this.words = element("p", { class: "av-legend-text", "data-testid": "lines-words" });
    this.canvas = element("canvas", { class: "av-linecanvas", role: "img" });
    this.sizer = element("div", { class: "av-linesizer" }, [this.canvas]);
    this.stage = element("div", { class: "av-linestage", tabindex: "0", role: "application", "aria-roledescription": "lines of attention", "data-testid": "lines" }, [this.sizer]);
    this.caption = element("caption", { class: "av-panel-title" });
    this.body = element("tbody");
    const head = element("tr", {}, ["from", "to", "head", "value"].map((text) => element("th", { scope: "col", text })));
    this.table = element("table", { class: "av-links", "data-testid": "line-links" }, [this.caption, element("thead", {}, [head]), this.body]);
    this.help = element("p", { class: "av-help" });
    const left = element("div", { class: "av-linesmain" }, [this.readout, this.stage, this.words]);
    this.node = element("div", { class: "av-linesview" }, [
      element("div", { class: "av-linetools" }, [this.swatches]),
      element("div", { class: "av-reading" }, [left, element("div", { class: "av-lists" }, [this.table])]),
      this.help,
    ]);
    this.listen();
  }

  listen() {
    const { stage, swatches } = this;
    stage.addEventListener("scroll", () => this.scene && paintSeen(this));
    stage.addEventListener("pointermove", (event) => this.hover(this.placeAt(event), "off"));
    stage.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && this.hover(null, "off"));
    stage.addEventListener("click", (event) => this.placeAt(event) && this.holds.toggle(this.placeAt(event)));
    stage.addEventListener("keydown", (event) => this.keydown(event));
    stage.addEventListener("blur", () => this.hover(null, "off"));
    const headOf = (event) => event.target.closest?.("[data-head]")?.dataset.head;
    swatches.addEventListener("click", (event) => headOf(event) !== undefined && this.toggleHead(Number(headOf(event))));
    swatches.addEventListener("dblclick", (event) => headOf(event) !== undefined && this.isolate(Number(headOf(event))));
    swatches.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !event.shiftKey || headOf(event) === undefined) return;
      event.preventDefault();
      this.isolate(Number(headOf(event)));
    });
  }

  toggleHead(head) {
    if (!this.hidden.delete(head)) this.hidden.add(head);
    this.refresh();
  }

  /** Shows one head alone; where it is alone already, all of them. */
  isolate(head) {
    const alone = this.hidden.size === this.scene.header.heads - 1 && !this.hidden.has(head);
    this.hidden = new Set(alone ? [] : Array.from({ length: this.scene.header.heads }, (_, n) => n).filter((n) => n !== head));
    this.refresh();
  }

  /** Shows {header, view, theme, pins, maps, share, shown, width}. */
  show(scene) {
    const anew = this.scene?.header.identity !== scene.header.identity;
    if (anew) {
      this.hidden = new Set();
      this.views = new Map();
      this.hovered = null;
      this.cursor.index = -1;
    }
    this.scene = scene;
    this.refresh();
  }

  hold(pins) {
    this.scene.pins = pins;
    this.mark();
  }

  refresh() {
    const { header, maps, shown } = this.scene;
    // Many heads shown as one are one map, in the place of the head that is shown.
    this.pooled = Boolean(header.pool);
    this.swatches.hidden = this.pooled;
    this.help.textContent = this.pooled ? LINES_HELP : `${HEADS_HELP} ${LINES_HELP}`;
    this.heads = this.pooled ? [shown.head] : Array.from({ length: header.heads }, (_, head) => head).filter((head) => maps.has(`${shown.layer},${head}`));
    this.layers = this.heads.filter((head) => this.pooled || !this.hidden.has(head)).map((head) => ({ head, view: this.viewOf(maps.get(`${shown.layer},${head}`)) }));
    this.top = header.rowsSumToOne ? 1 : Math.max(...this.layers.map(({ view }) => view.top), 0);
    this.showSwatches();
    this.place();
    this.sayLines(paintAll(this));
    this.showTable();
    this.mark();
  }

  viewOf(map) {
    const { header, view: shown } = this.scene;
    const hide = shown.hidden.join();
    if (this.views.size > 64) this.views.clear();
    const known = this.views.get(map);
    if (known?.hide === hide) return known.view;
    const view = viewOf(map, header, shown.hidden);
    this.views.set(map, { hide, view });
    return view;
  }

  showSwatches() {
    const { header, theme } = this.scene;
    const { activeElement } = /** @type {Document | ShadowRoot} */ (this.node.getRootNode());
    const focused = this.swatches.contains(activeElement) ? /** @type {HTMLElement} */ (activeElement).dataset.head : null;
    if (this.swatches.children.length !== header.heads)
      this.swatches.replaceChildren(...Array.from({ length: header.heads }, (_, head) => element("button", { type: "button", class: "av-swatch", "data-head": head, "aria-label": `Head ${head}`, text: String(head) })));
    for (const node of /** @type {any} */ (this.swatches.children)) {
      const head = Number(node.dataset.head);
      node.disabled = !this.heads.includes(head);
      node.setAttribute("aria-pressed", String(!this.hidden.has(head) && !node.disabled));
      node.style.setProperty("--av-head", css(headColour(theme, head)));
    }
    if (focused !== null) /** @type {HTMLElement | null} */ (this.swatches.querySelector(`[data-head="${focused}"]`))?.focus();
  }

  /** Rows, columns and sizes in CSS pixels. */
  place() {
    const { view } = this.scene;
    const count = Math.max(view.q, view.k, 1);
    const width = Math.max(240, Math.min(760, this.stage.parentElement.clientWidth));
    const row = count <= 40 ? 24 : count <= 120 ? 18 : 15;
    const label = clamp(Math.round(width * 0.28), 70, 190);
    this.box = { width, row, label, height: count * row, seen: Math.min(count * row, TALLEST), dpr: globalThis.devicePixelRatio || 1 };
    Object.assign(this.stage.style, { width: `${width + (count * row > TALLEST ? 16 : 0)}px`, maxHeight: `${TALLEST}px` });
    this.sizer.style.height = `${this.box.height}px`;
    const { seen, dpr } = this.box;
    Object.assign(this.canvas, { width: Math.round(width * dpr), height: Math.round(seen * dpr) });
    Object.assign(this.canvas.style, { width: `${width}px`, height: `${seen}px` });
    // Where the columns lie, for whoever drives the figure from outside.
    Object.assign(this.stage.dataset, { row, label, width });
  }

  sayLines({ kept, drawn }) {
    const { header, share, shown } = this.scene;
    const missing = this.pooled ? 0 : header.heads - this.heads.length;
    const mass = share < 1 ? `the strongest links of each token that together hold ${Math.round(100 * share)} % of its ${header.quantity}` : `every ${header.quantity} ${header.signed ? "other than" : "above"} 0`;
    const parts = [`Drawn: ${mass}, ${kept.toLocaleString("en")} lines of ${this.pooled ? `the ${nameOfMap(header, shown)}` : `${this.layers.length} head${this.layers.length === 1 ? "" : "s"}`}.`];
    if (drawn < kept) parts.push(`Until a token is held, ${drawn.toLocaleString("en")} of them are painted: the strongest, and an even sample of the faintest.`);
    if (missing) parts.push(`The maps of ${missing} more heads of this layer are not here yet, or would be too large together.`);
    if (header.signed) parts.push("Lines with a gap in the middle take away from the output.");
    parts.push(`The opacity of a line is in proportion to ${header.signed ? "the size of " : ""}its ${header.quantity}${header.rowsSumToOne ? "" : `, up to ${decimals(this.top, 3)}`}.${this.pooled ? "" : ` Under a held token, cells of the heads’ colours, in the order of the heads, show their ${header.signed ? "contributions on each token opposite, at half height below 0" : "weights on each token opposite"}.`}`);
    this.words.textContent = parts.join(" ");
  }

  showTable() {
    const { header, shown } = this.scene;
    const found = (plain) => this.layers.flatMap(({ head, view }) => (plain ? strongest(view, 10, 0, view.q, true) : strongestLinks(view)).map((link) => ({ ...link, head, view })));
    // Links from and to special tokens are left out, unless there are no others.
    const words = found(true);
    const links = words.length ? words : found(false);
    links.sort((a, b) => b.size - a.size);
    this.caption.textContent = `Strongest links of ${this.pooled ? `the ${nameOfMap(header, shown)}` : `layer ${shown.layer}`}`;
    this.body.replaceChildren(...links.slice(0, 10).map(({ i, j, head, view, value }) => element("tr", {}, [
      element("td", { dir: "auto", text: queryOf(view, i).label, title: `position ${queryOf(view, i).position}` }),
      element("td", { dir: "auto", text: keyOf(view, j).label, title: `position ${keyOf(view, j).position}` }),
      element("td", { text: this.pooled ? "–" : String(head) }), element("td", { class: "av-number", text: decimals(value) }),
    ])));
    this.canvas.setAttribute("aria-label", `Lines of the ${header.quantity}, ${this.pooled ? nameOfMap(header, shown) : `layer ${shown.layer}: ${this.layers.length} heads`}; the table lists the strongest.`);
  }

  placeAt(event) {
    const { box, scene } = this;
    const area = this.sizer.getBoundingClientRect();
    const [x, y] = [event.clientX - area.left, event.clientY - area.top];
    const side = x < box.label ? 0 : x > box.width - box.label ? 1 : -1;
    const at = Math.floor(y / box.row);
    const kept = side ? scene.view.cols : scene.view.rows;
    return side >= 0 && at >= 0 && at < kept.length ? { side, index: kept[at] } : null;
  }

  hover(place, live) {
    if (place?.side === this.hovered?.side && place?.index === this.hovered?.index) return;
    this.hovered = place;
    this.readout.setAttribute("aria-live", live);
    this.mark();
  }

  keydown(event) {
    if (modified(event)) return;
    const { view } = this.scene;
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const side = { ArrowLeft: 0, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") {
      this.holds.clear();
      this.hover(null, "polite");
    } else if (event.key === "Enter" && this.hovered) this.holds.toggle(this.hovered);
    else if (step || side !== undefined) {
      if (side !== undefined) this.cursor.side = side;
      const kept = this.cursor.side ? view.cols : view.rows;
      this.cursor.index = clamp(this.cursor.index + (step ?? 0), 0, kept.length - 1);
      const y = this.cursor.index * this.box.row;
      if (y < this.stage.scrollTop || y + this.box.row > this.stage.scrollTop + this.box.seen) this.stage.scrollTop = y - this.box.seen / 2;
      this.hover({ side: this.cursor.side, index: kept[this.cursor.index] }, "polite");
    } else return;
    taken(event);
  }

  get active() {
    const places = this.hovered ? [this.hovered] : this.scene.pins;
    const { view } = this.scene;
    return places.map(({ side, index }) => ({ side, index, at: (side ? view.cols : view.rows).indexOf(index) })).filter(({ at }) => at >= 0);
  }

  mark() {
    paintSeen(this);
    this.say();
  }

  /** The strongest links of the held tokens over all heads that are shown. */
  say() {
    const { active, layers } = this;
    delete this.readout.dataset.value;
    if (!active.length) {
      this.readout.textContent = "Point at a token to see only its lines.";
      return;
    }
    const links = layers.flatMap(({ head, view }) => active.flatMap(({ side, at }) => this.linksOf(view, side, at).map((link) => ({ ...link, head, view }))));
    links.sort((a, b) => b.size - a.size);
    const tokens = active.slice(0, 4).map(({ side, index }) => `${quoted((side ? this.scene.header.keys : this.scene.header.queries)[index])} (${index})`);
    const more = active.length > 4 ? ` and ${active.length - 4} more` : "";
    const of = (head) => (this.pooled ? "" : ` (head ${head})`);
    const items = links.slice(0, 5).map(({ i, j, head, view, value }) => {
      const [from, to] = [queryOf(view, i), keyOf(view, j)];
      return active.length > 1 ? `${quoted(from.label)} → ${quoted(to.label)} ${decimals(value)}${of(head)}` : `${quoted((active[0].side ? from : to).label)} ${decimals(value)}${of(head)}`;
    });
    if (links.length) this.readout.dataset.value = String(links[0].value);
    const verbs = this.scene.header.signed ? [" is moved by ", " moves "] : [" looks at ", " is looked at by "];
    const verb = active.length > 1 ? ": " : verbs[active[0].side];
    this.readout.textContent = `${tokens.join(", ")}${more}${verb}${items.join(", ") || "nothing that is shown"}`;
  }

  linksOf(view, side, at) {
    if (!side) return strongest(view, 5, at, at + 1);
    const best = [];
    for (let i = 0; i < view.q; i++) {
      const value = at < view.open[i] ? view.values[i * view.k + at] : 0;
      const size = Math.abs(value);
      if (size > 0 && (best.length < 5 || size > best[4].size)) {
        best.push({ i, j: at, value, size });
        best.sort((a, b) => b.size - a.size);
        best.length = Math.min(best.length, 5);
      }
    }
    return best;
  }
}
