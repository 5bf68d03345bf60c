// The form "lines": queries on the left, keys on the right, a line for each weight, the heads of a layer in colours. All lines are painted once for each choice of heads; a held token paints only its own.

import { clamp, decimals, element } from "./base.js";
import { css } from "./colors.js";
import { cut, isolated, quoted } from "./labels.js";
import { cutsOf } from "./mass.js";
import { headColour } from "./palette.js";
import { nameOfMap } from "./shown.js";
import { keyOf, queryOf, strongest, strongestLinks, viewOf } from "./view.js";

const LEVELS = 10; // of opacity
const GAP_SHARE = 0.07; // of a line, to either side of its middle
const TALLEST = 620;
const MOST_PIXELS = 24e6; // of the painting of all lines
const MOST_LENGTH = 6e6; // pixels, of all lines together: what is painted in a tenth of a second
const FEW_LINES = 1500; // that are painted wider, the stronger they are; a line of one pixel costs a fifth
const HEADS_HELP = "A click on a head hides or shows it, a double click (or Shift + Enter) shows it alone, and again shows all.";
const LINES_HELP = "In the drawing, arrow keys move over the tokens, Enter holds one, Escape lets go.";

export class LinesView {
  constructor(holds) {
    this.holds = holds;
    this.hidden = new Set();
    this.hovered = null;
    this.cursor = { side: 0, index: -1 };
    this.levels = LEVELS;
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
    stage.addEventListener("scroll", () => this.paint());
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
    this.paintAll();
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
    const focused = this.swatches.contains(this.node.getRootNode().activeElement) ? this.node.getRootNode().activeElement.dataset.head : null;
    if (this.swatches.children.length !== header.heads)
      this.swatches.replaceChildren(...Array.from({ length: header.heads }, (_, head) => element("button", { type: "button", class: "av-swatch", "data-head": head, "aria-label": `Head ${head}`, text: String(head) })));
    for (const node of this.swatches.children) {
      const head = Number(node.dataset.head);
      node.disabled = !this.heads.includes(head);
      node.setAttribute("aria-pressed", String(!this.hidden.has(head) && !node.disabled));
      node.style.setProperty("--av-head", css(headColour(theme, head)));
    }
    if (focused !== null) this.swatches.querySelector(`[data-head="${focused}"]`)?.focus();
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

  /** Adds the lines of one row, or of all, to the buckets of each opacity, those below 0 to the second half; returns how many. */
  collect(buckets, { view }, first, last, only = -1) {
    const cuts = cutsOf(view, this.scene.share);
    const { values, open, k } = view;
    let count = 0;
    for (let i = first; i < last; i++) {
      const end = only < 0 ? open[i] : Math.min(open[i], only + 1);
      for (let j = Math.max(only, 0); j < end; j++) {
        const value = values[i * k + j];
        const size = value < 0 ? -value : value;
        if (!(size >= cuts[i])) continue;
        const level = Math.min(LEVELS - 1, Math.floor((size / this.top) * LEVELS));
        buckets[value < 0 ? level + LEVELS : level].push(i, j);
        count++;
      }
    }
    return count;
  }

  /** Heads keep a little apart, so that lines between the same tokens do not cover each other. */
  stroke(pen, buckets, { colour, place, thin }, from, to, offset) {
    const { row } = this.box;
    const count = this.layers.length;
    const middle = row / 2 + (place - (count - 1) / 2) * Math.min(1.5, (0.6 * row) / count);
    pen.strokeStyle = css(colour);
    buckets.forEach((pairs, bucket) => {
      if (!pairs.length) return;
      const level = bucket % LEVELS;
      pen.globalAlpha = (level + 1) / LEVELS;
      pen.lineWidth = thin ?? 0.6 + (1.6 * (level + 1)) / LEVELS;
      pen.beginPath();
      for (let n = 0; n < pairs.length; n += 2) {
        const [start, end] = [pairs[n] * row + middle - offset, pairs[n + 1] * row + middle - offset];
        pen.moveTo(from, start);
        if (bucket >= LEVELS) {
          // Below 0: a gap in the middle, which costs nothing to paint, where dashes cost much.
          pen.lineTo(from + (0.5 - GAP_SHARE) * (to - from), start + (0.5 - GAP_SHARE) * (end - start));
          pen.moveTo(from + (0.5 + GAP_SHARE) * (to - from), start + (0.5 + GAP_SHARE) * (end - start));
        }
        pen.lineTo(to, end);
      }
      pen.stroke();
    });
    pen.globalAlpha = 1;
  }

  /** All lines of the heads that are shown, on a canvas of their own. */
  paintAll() {
    const { box, scene } = this;
    const gap = box.width - 2 * box.label;
    const scale = Math.min(box.dpr, Math.sqrt(MOST_PIXELS / (gap * box.height)), 16000 / box.height);
    this.all ??= element("canvas");
    Object.assign(this.all, { width: Math.max(1, Math.round(gap * scale)), height: Math.max(1, Math.round(box.height * scale)) });
    const pen = this.all.getContext("2d");
    pen.scale(scale, scale);
    const gathered = this.layers.map((layer) => {
      const buckets = Array.from({ length: 2 * LEVELS }, () => []);
      return { buckets, head: layer.head, kept: this.collect(buckets, layer, 0, layer.view.q) };
    });
    const kept = gathered.reduce((sum, each) => sum + each.kept, 0);
    const thin = kept > FEW_LINES ? 1 / scale : undefined;
    let drawn = 0;
    gathered.forEach(({ buckets, head }, place) => {
      let room = MOST_LENGTH / this.layers.length;
      for (let level = LEVELS - 1; level >= 0; level--)
        for (const bucket of [level, level + LEVELS]) {
          room -= this.sample(buckets, bucket, room, gap);
          drawn += buckets[bucket].length / 2;
        }
      this.stroke(pen, buckets, { colour: headColour(scene.theme, head), place, thin }, 0, gap, 0);
    });
    this.sayLines(kept, drawn);
  }

  /** Of the lines of one opacity, an even sample where all would be longer than `room`; returns their length. */
  sample(buckets, level, room, gap) {
    const pairs = buckets[level];
    let length = 0;
    for (let n = 0; n < pairs.length; n += 2) length += Math.hypot(gap, (pairs[n] - pairs[n + 1]) * this.box.row);
    if (length <= room) return length;
    const count = Math.floor((pairs.length / 2) * Math.max(0, room / length));
    buckets[level] = Array.from({ length: count }, (_, n) => 2 * Math.floor((n * pairs.length) / 2 / count)).flatMap((at) => [pairs[at], pairs[at + 1]]);
    return room;
  }

  sayLines(kept, drawn) {
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
    const links = this.layers.flatMap(({ head, view }) => strongestLinks(view).map((link) => ({ ...link, head, view })));
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
    if (event.ctrlKey || event.altKey || event.metaKey) return;
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
    event.preventDefault();
    event.stopPropagation();
  }

  get active() {
    const places = this.hovered ? [this.hovered] : this.scene.pins;
    const { view } = this.scene;
    return places.map(({ side, index }) => ({ side, index, at: (side ? view.cols : view.rows).indexOf(index) })).filter(({ at }) => at >= 0);
  }

  mark() {
    this.paint();
    this.say();
  }

  paint() {
    if (!this.scene) return;
    const { box, scene, canvas } = this;
    const { theme, view } = scene;
    const pen = canvas.getContext("2d");
    const offset = box.height > box.seen ? this.stage.scrollTop : 0;
    const gap = box.width - 2 * box.label;
    pen.setTransform(box.dpr, 0, 0, box.dpr, 0, 0);
    pen.clearRect(0, 0, box.width, box.seen);
    const active = this.active;
    if (active.length) this.paintHeld(pen, active, offset);
    else {
      const ratio = this.all.height / box.height;
      pen.drawImage(this.all, 0, offset * ratio, this.all.width, box.seen * ratio, box.label, 0, gap, box.seen);
    }
    pen.font = `${box.row < 18 ? 11.5 : 13}px ${theme.font}`;
    pen.textBaseline = "middle";
    pen.direction = "ltr";
    pen.fillStyle = css(theme.text);
    const first = Math.max(0, Math.floor(offset / box.row));
    const last = Math.ceil((offset + box.seen) / box.row);
    const paintLabel = (label, x, at, align) => {
      pen.textAlign = align;
      pen.fillText(isolated(this.cutLabel(pen, label)), x, (at + 0.5) * box.row - offset - (active.length ? 2 : 0));
    };
    for (let i = first; i < Math.min(last, view.q); i++) paintLabel(queryOf(view, i).label, box.label - 8, i, "right");
    for (let j = first; j < Math.min(last, view.k); j++) paintLabel(keyOf(view, j).label, box.width - box.label + 8, j, "left");
    pen.strokeStyle = css(theme.text);
    pen.lineWidth = 1.5;
    for (const { side, at } of active) pen.strokeRect(side ? box.width - box.label + 2 : 1, at * box.row - offset + 1, box.label - 3, box.row - 2);
  }

  /** Lines of the held tokens, and under each opposite token a cell for each head. */
  paintHeld(pen, active, offset) {
    const { box, layers, scene } = this;
    const cell = Math.min(10, (box.label - 12) / Math.max(1, layers.length));
    const band = Math.max(3, Math.round(box.row * 0.2));
    layers.forEach((layer, place) => {
      const { view } = layer;
      const buckets = Array.from({ length: 2 * LEVELS }, () => []);
      for (const { side, at } of active) {
        if (side) this.collect(buckets, layer, 0, view.q, at);
        else this.collect(buckets, layer, at, at + 1);
      }
      const colour = headColour(scene.theme, layer.head);
      this.stroke(pen, buckets, { colour, place }, box.label, box.width - box.label, offset);
      pen.fillStyle = css(colour);
      this.sumsOf(layer, active).forEach((values, side) => {
        const left = side ? box.width - box.label + 8 + place * cell : box.label - 8 - (layers.length - place) * cell;
        for (let at = Math.floor(offset / box.row); at < values.length && at * box.row < offset + box.seen; at++) {
          if (!values[at]) continue;
          pen.globalAlpha = Math.min(1, Math.sqrt(Math.abs(values[at]) / this.top));
          const [top, width] = [(at + 1) * box.row - offset - band - 1, cell - 1];
          // Below 0: only the lower half of the cell.
          if (values[at] > 0) pen.fillRect(left, top, width, band);
          else pen.fillRect(left, top + band / 2, width, band / 2);
        }
      });
      pen.globalAlpha = 1;
    });
  }

  /** Means of one head over the held tokens: by query, of the columns that are held; by key, of the rows. */
  sumsOf({ view }, active) {
    const sums = [new Float64Array(view.q), new Float64Array(view.k)];
    for (const { side, at } of active) {
      if (side) for (let i = 0; i < view.q; i++) sums[0][i] += at < view.open[i] ? view.values[i * view.k + at] / active.length : 0;
      else for (let j = 0; j < view.open[at]; j++) sums[1][j] += view.values[at * view.k + j] / active.length;
    }
    return sums;
  }

  cutLabel(pen, label) {
    const key = `${this.box.label}|${pen.font}`;
    if (this.cutKey !== key) [this.cutKey, this.cutTexts] = [key, new Map()];
    if (!this.cutTexts.has(label)) this.cutTexts.set(label, cut(pen, label, this.box.label - 14));
    return this.cutTexts.get(label);
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
