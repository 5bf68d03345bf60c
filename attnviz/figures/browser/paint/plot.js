// A labelled matrix on screen: a base canvas that is painted when data or size change, an overlay for the row and
// column under the pointer, and a scroller above both, so that labels stay in sight when the matrix is larger.

import { element } from "../core/dom.js";
import { clamp } from "../core/numbers.js";
import { isolated } from "../core/text.js";
import { css } from "./colours.js";
import { layoutOf, paintMatrix } from "./matrix.js";
import { CanvasPen } from "./pens.js";
import { paintPixels } from "./pixels.js";

const ZOOMS = [1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24];

export class Plot {
  /** `listen`: hover(cell | null) for the pointer, pin(cell | null) for a click or tap. */
  constructor(listen) {
    this.listen = listen;
    this.zoom = 0;
    this.marked = null;
    this.scene = null;
    this.image = element("canvas");
    this.base = element("canvas", { class: "av-canvas", role: "img" });
    this.overlay = element("canvas", { class: "av-canvas av-overlay", "aria-hidden": "true" });
    this.sizer = element("div");
    this.scroller = element("div", { class: "av-scroll", tabindex: "-1" }, [this.sizer]);
    this.node = element("div", { class: "av-plot" }, [this.base, this.overlay, this.scroller]);
    this.scroller.addEventListener("scroll", () => this.paint());
    this.scroller.addEventListener("pointermove", (event) => listen.hover(this.cellAt(event)));
    this.scroller.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && listen.hover(null));
    this.scroller.addEventListener("click", (event) => listen.pin(this.cellAt(event)));
  }

  /** Shows {view, scale, theme, titles, label, cuts} in a box {width, height, compact, smallest, largest}. */
  show(scene, box) {
    this.scene = { ...scene, image: this.image };
    const { rows, cols } = scene.view;
    // What was marked in a longer text is nowhere in this one.
    if (this.marked && !(this.marked.i < rows.length && this.marked.j < cols.length)) this.marked = null;
    const dpr = globalThis.devicePixelRatio || 1;
    this.box = { smallest: 1 / dpr, largest: 46, ...box, dpr, zoom: ZOOMS[this.zoom] };
    paintPixels(this.image, scene);
    this.base.setAttribute("aria-label", scene.label);
    this.place();
  }

  place() {
    const pen = new CanvasPen(this.base.getContext("2d"));
    this.layout = layoutOf(pen, this.scene, this.box);
    const { width, height, overflowX, overflowY } = this.layout;
    for (const canvas of [this.base, this.overlay]) fitCanvas(canvas, width, height, this.box.dpr);
    this.node.style.width = `${width}px`;
    this.node.style.height = `${height}px`;
    // Where the matrix lies in the element, for whoever drives the figure from outside.
    Object.assign(this.node.dataset, { left: this.layout.left, top: this.layout.top, cell: this.layout.cell });
    this.sizer.style.width = `${width + overflowX}px`;
    this.sizer.style.height = `${height + overflowY}px`;
    this.scroller.style.overflow = overflowX > 0.5 || overflowY > 0.5 ? "auto" : "hidden";
    this.paint();
  }

  get scroll() {
    const { overflowX, overflowY } = this.layout;
    // Asking an element for its scroll position makes the browser lay out the page: not without need.
    if (overflowX <= 0.5 && overflowY <= 0.5) return { x: 0, y: 0 };
    return {
      x: clamp(this.scroller.scrollLeft, 0, Math.max(0, overflowX)),
      y: clamp(this.scroller.scrollTop, 0, Math.max(0, overflowY)),
    };
  }

  paint() {
    if (!this.scene) return;
    const pen = penOn(this.base, this.box.dpr);
    paintMatrix(pen, this.scene, this.layout, this.scroll);
    this.mark(this.marked);
  }

  /** The cell {i, j} under a pointer event; on a row's or column's label only that index is set. */
  cellAt(event) {
    if (!this.scene) return null;
    const { left, top, cell, plotWidth, plotHeight, width } = this.layout;
    const box = this.node.getBoundingClientRect();
    // The ratio undoes transforms of the page around the figure.
    const ratio = box.width / width || 1;
    const x = (event.clientX - box.left) / ratio - left;
    const y = (event.clientY - box.top) / ratio - top;
    if (x >= plotWidth || y >= plotHeight || (x < 0 && y < 0)) return null;
    const { view } = this.scene;
    const j = x < 0 ? null : Math.min(view.k - 1, Math.floor((x + this.scroll.x) / cell));
    const i = y < 0 ? null : Math.min(view.q - 1, Math.floor((y + this.scroll.y) / cell));
    return { i, j };
  }

  /**
   * Outlines the row and the column of {i, j}, and shows their labels in full. Only the overlay is painted. A cell may
   * be `rows` high and `cols` wide: tokens that are meant together.
   */
  mark(cell) {
    this.marked = cell;
    if (!this.scene) return;
    const pen = penOn(this.overlay, this.box.dpr);
    if (!cell) return;
    const { layout, scene } = this;
    const { left, top, plotWidth, plotHeight } = layout;
    const size = layout.cell;
    const [high, wide] = [size * (cell.rows ?? 1), size * (cell.cols ?? 1)];
    const { view, theme } = scene;
    const x = cell.j === null ? null : left + cell.j * size - this.scroll.x;
    const y = cell.i === null ? null : top + cell.i * size - this.scroll.y;
    pen.font(layout.font);
    pen.clip(left - 2, top - 2, plotWidth + 4, plotHeight + 4, () => {
      if (y !== null) outline(pen, left, y, plotWidth, high, theme);
      if (x !== null) outline(pen, x, top, wide, plotHeight, theme);
      if (x !== null && y !== null) frameCell(pen, x, y, wide, high, theme);
    });
    if (y !== null) rowChip(pen, layout, theme, view.header.queries[view.rows[cell.i]], clamp(y + high / 2, top, top + plotHeight));
    if (x !== null) columnChip(pen, layout, theme, view.header.keys[view.cols[cell.j]], clamp(x + wide / 2, left, left + plotWidth));
  }

  /** Scrolls so that the cell is in sight. */
  reveal({ i, j }) {
    const { cell, plotWidth, plotHeight } = this.layout;
    const near = (at, from, size) => (at * cell < from ? at * cell : (at + 1) * cell > from + size ? (at + 1) * cell - size : from);
    this.scroller.scrollTo(near(j ?? 0, this.scroll.x, plotWidth), near(i ?? 0, this.scroll.y, plotHeight));
  }

  /** Steps the zoom; the cell in the middle stays in the middle. Returns what is possible next. */
  zoomBy(step) {
    const old = this.layout;
    const middle = { x: (this.scroll.x + old.plotWidth / 2) / old.cell, y: (this.scroll.y + old.plotHeight / 2) / old.cell };
    this.zoom = clamp(this.zoom + step, 0, ZOOMS.length - 1);
    this.box.zoom = ZOOMS[this.zoom];
    this.place();
    const { cell, plotWidth, plotHeight } = this.layout;
    this.scroller.scrollTo(middle.x * cell - plotWidth / 2, middle.y * cell - plotHeight / 2);
    this.paint();
  }

  get zoomLimits() {
    return { out: this.zoom > 0, in: this.zoom < ZOOMS.length - 1 && this.layout.cell < this.box.largest - 0.01 };
  }
}

function fitCanvas(canvas, width, height, dpr) {
  const [w, h] = [Math.round(width * dpr), Math.round(height * dpr)];
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
}

/** A clean pen in CSS pixels. */
function penOn(canvas, dpr) {
  const context = canvas.getContext("2d");
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.setTransform(dpr, 0, 0, dpr, 0, 0);
  return new CanvasPen(context);
}

/** A line that is seen on light and on dark cells: the text colour inside a halo of the background. */
function outline(pen, x, y, width, height, theme) {
  pen.frame(x - 1, y - 1, width + 2, height + 2, css(theme.bg), 1);
  pen.frame(x, y, width, height, css(theme.text), 1);
}

/** The cell itself: a thick frame with a thin inner one, so that it shows on any colour of the scale. */
function frameCell(pen, x, y, width, height, theme) {
  if (Math.min(width, height) < 16) return pen.frame(x, y, width, height, css(theme.text), 2);
  pen.frame(x + 3, y + 3, width - 6, height - 6, css(theme.bg), 1);
  return pen.frame(x + 1, y + 1, width - 2, height - 2, css(theme.text), 3);
}

function rowChip(pen, layout, theme, label, y) {
  const text = pen.cutTo(label, layout.left - 26);
  const width = pen.measureText(text).width + 10;
  pen.rect(layout.left - 3 - width, y - layout.pitch / 2 - 1, width, layout.pitch + 2, css(theme.text));
  pen.text(layout.left - 8, y + 0.5, isolated(text), { align: "right", colour: css(theme.bg) });
}

function columnChip(pen, layout, theme, label, x) {
  const text = pen.cutTo(label, 220);
  const half = pen.measureText(text).width / 2 + 5;
  const middle = clamp(x, half, Math.max(half, layout.width - half));
  pen.rect(middle - half, layout.top - layout.pitch - 4, 2 * half, layout.pitch + 2, css(theme.text));
  pen.text(middle, layout.top - layout.pitch / 2 - 2.5, isolated(text), { align: "center", colour: css(theme.bg) });
}
