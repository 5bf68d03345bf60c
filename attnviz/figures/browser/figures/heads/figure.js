// Figure "heads": a thumbnail of every head, its statistics on hover and focus, opened in place, marked to compare.

import { choice, menu, toggle } from "../../core/controls.js";
import { element } from "../../core/dom.js";
import { figureState } from "../../core/figure.js";
import { modified, placeAfter, rove, taken } from "../../core/keyboard.js";
import { fileName, saveCanvas, saveText } from "../../core/save.js";
import { Shared } from "../../core/shared.js";
import { pixelsOf, sequentialScale } from "../../paint/colours.js";
import { CanvasPen } from "../../paint/pens.js";
import { sheetPng, sheetSvg } from "../../paint/sheet.js";
import { themeOf } from "../../paint/theme.js";
import { Detail } from "./detail.js";
import { legendText, pairOf, showFacts, tableText, tintOf, valuesOf } from "./facts.js";
import { atlasOf, gapped, gridOf, ordered, paintGridOf } from "./grid.js";
import { messageOf } from "./message.js";

/** @import {HeadsState} from "./message.js" */

const MOST_CHOSEN = 4;
const HELP = "Arrow keys move from head to head; Enter opens one here, Escape closes it; c marks one for comparison.";

/**
 * Draws the figure in `root`. callbacks: detail({layer, head} | null) is told which head is opened in place, open({layer,
 * head}) which one to show on a page of its own, chosen([[layer, head], ...]) which ones are marked.
 */
export function draw(root, bytes, callbacks = {}) {
  const state = /** @type {HeadsState} */ (figureState(root, "heads", build));
  state.callbacks = callbacks;
  const { header, arrays } = messageOf(bytes);
  if (!state.header) Object.assign(state, { orderBy: header.orderBy ? `${header.orderBy}:down` : "", colourBy: header.colourBy });
  Object.assign(state, { header, ...arrays });
  offerDetail(state, header.detail);
  state.chosen.offer(header.chosen);
  refresh(state);
}

/** @param {HeadsState} state */
function build(state) {
  Object.assign(state, { marking: false, same: false, asValues: false, chosen: new Shared(), active: null, at: "0,0" });
  state.resize = () => refresh(state);
  state.recolour = () => {
    state.theme = null;
    refresh(state);
  };
  const setting = (name, read = (value) => value) => (value) => {
    state[name] = read(value);
    refresh(state);
  };
  state.orderChoice = choice("Order by", [["", "layer and head"]], setting("orderBy"));
  state.colourChoice = choice("Statistic", [["", "none"]], setting("colourBy"));
  state.showChoice = choice("Show", [["maps", "maps"], ["values", "statistic"]], setting("asValues", (value) => value === "values"));
  state.scaleChoice = choice("Colours up to", [["own", "each head’s maximum"], ["same", "one maximum for all"]], setting("same", (value) => value === "same"));
  state.markToggle = toggle("Mark heads to compare", setting("marking"));
  state.drawing = () => sheetSvg(gridSheet(state));
  const download = menu("Download", [
    ["PNG picture", () => saveCanvas(sheetPng(gridSheet(state)), nameOf(state, "png"))],
    ["SVG drawing", () => saveText(state.drawing(), "image/svg+xml", nameOf(state, "svg"))],
    ["CSV of the statistics", () => saveText(tableText(state), "text/csv", nameOf(state, "csv"))],
  ]);
  state.toolbar = element("div", { class: "av-toolbar" }, [
    state.orderChoice.node, state.colourChoice.node, state.showChoice.node, state.scaleChoice.node, state.markToggle.node,
    element("div", { class: "av-tools" }, [download]),
  ]);
  state.marked = element("div", { class: "av-marked", role: "status", "data-testid": "marked" });
  state.readout = element("div", { class: "av-readout av-facts", "data-testid": "readout", "aria-live": "off" });
  state.canvas = element("canvas", { class: "av-canvas", role: "img" });
  state.atlas = element("canvas");
  state.buttons = element("div", { class: "av-thumbs", role: "group", "aria-label": "Heads" });
  state.detail = new Detail({ close: () => closeDetail(state), open: () => openPage(state) });
  state.stage = element("div", { class: "av-grid" }, [state.canvas, state.buttons, state.detail.node]);
  state.legend = element("p", { class: "av-note" });
  state.note = element("p", { class: "av-note" });
  state.host.append(state.toolbar, state.marked, state.readout, state.stage, state.legend, element("p", { class: "av-help", text: HELP }), state.note);
  listen(state);
  document.fonts?.ready.then(() => state.header && refresh(state));
}

/**
 * One set of listeners for all heads.
 * @param {HeadsState} state
 */
function listen(state) {
  const headAt = (event) => event.target.closest?.("[data-head]")?.dataset.head;
  state.buttons.addEventListener("pointerover", (event) => headAt(event) && activate(state, headAt(event)));
  state.buttons.addEventListener("pointerleave", () => activate(state, null));
  state.buttons.addEventListener("focusin", (event) => {
    if (!headAt(event)) return;
    rest(state, headAt(event));
    activate(state, state.at);
  });
  state.buttons.addEventListener("click", (event) => {
    if (!headAt(event)) return;
    if (state.marking || event.shiftKey) markHead(state, headAt(event));
    else openHead(state, headAt(event));
  });
  state.buttons.addEventListener("keydown", (event) => keydown(state, event));
}

/**
 * Opens a head in place, or, where the message has no labels for that, on its page; the one that is open closes.
 * @param {HeadsState} state
 */
function openHead(state, key) {
  if (!state.header.detail) {
    const [layer, head] = pairOf(key);
    return state.callbacks.open?.({ layer, head });
  }
  if (state.opened.value?.join() === key) return closeDetail(state);
  state.opened.set(pairOf(key));
  state.revealing = key;
  refresh(state);
  state.detail.stage.focus({ preventScroll: true });
  const [layer, head] = state.opened.value;
  return state.callbacks.detail?.({ layer, head });
}

/**
 * The focus goes back to the thumbnail.
 * @param {HeadsState} state
 */
function closeDetail(state) {
  const key = state.opened.value.join();
  state.opened.set(null);
  refresh(state);
  state.nodes.get(key)?.focus();
  state.callbacks.detail?.(null);
}

/** @param {HeadsState} state */
function openPage(state) {
  const [layer, head] = state.opened.value;
  state.callbacks.open?.({ layer, head });
}

/**
 * The host says which head is open, and brings maps; those of one question are kept.
 * @param {HeadsState} state
 */
function offerDetail(state, detail) {
  const identity = detail?.identity ?? "";
  if (state.known !== identity) Object.assign(state, { known: identity, opened: new Shared(), maps: new Map() });
  state.opened.offer(detail?.opened ?? null);
  if (!detail) return;
  const size = detail.queries.length * detail.keys.length;
  detail.at.forEach((place, n) => state.maps.set(place.join(), state.details.data.subarray(n * size, (n + 1) * size)));
}

/**
 * Shows the opened head below its row of the grid, which makes room for it.
 * @param {HeadsState} state
 */
function placeDetail(state) {
  const { header, detail, grid, theme, colours, pixels } = state;
  const place = state.opened.value;
  const cell = place && grid.cells.find(({ layer, head }) => layer === place[0] && head === place[1]);
  if (!cell || !header.detail) return detail.hide();
  const named = { ...header.detail, causal: header.causal, rowsSumToOne: true };
  const top = cell.y + grid.thumb.height + grid.caption + 8;
  const live = Boolean(state.callbacks.detail);
  const height = detail.show({ header: named, map: state.maps.get(place.join()), place, width: state.host.clientWidth, theme, colours, pixels, live });
  detail.node.style.top = `${top}px`;
  return gapped(grid, cell.y, height + 16);
}

/**
 * Marks a head for comparison, or takes the mark off.
 * @param {HeadsState} state
 */
function markHead(state, key) {
  const others = state.chosen.value.filter((pair) => pair.join() !== key);
  const adding = others.length === state.chosen.value.length;
  if (adding && others.length === MOST_CHOSEN) {
    state.marked.dataset.full = "";
    return showMarks(state);
  }
  state.chosen.set(adding ? [...others, pairOf(key)] : others);
  delete state.marked.dataset.full;
  showMarks(state);
  state.callbacks.chosen?.(state.chosen.value);
}

/** @param {HeadsState} state */
function keydown(state, event) {
  if (modified(event)) return;
  const keys = [...state.nodes.keys()];
  const at = keys.indexOf(state.at);
  const next = placeAfter(event.key, at, keys.length, { columns: state.grid.columns });
  if (event.key === "c" || event.key === "C") markHead(state, state.at);
  else if (event.key === "Escape" && state.opened.value) closeDetail(state);
  else if (next !== null) state.nodes.get(keys[next]).focus();
  else return;
  state.readout.setAttribute("aria-live", "polite");
  taken(event);
}

/**
 * Makes one head the one that the Tab key reaches.
 * @param {HeadsState} state
 */
function rest(state, key) {
  state.at = key;
  rove(state.nodes.values(), state.nodes.get(key));
}

/** @param {HeadsState} state */
function refresh(state) {
  const { header, host } = state;
  if (!header || host.clientWidth === 0) return;
  if (!state.theme) {
    state.theme = themeOf(host);
    state.colours = sequentialScale(state.theme);
    state.pixels = pixelsOf(state.colours);
    state.theme.bar = state.colours[state.theme.dark ? 170 : 150];
  }
  host.classList.toggle("av-compact", host.clientWidth < 560);
  showControls(state);
  atlasOf(state.atlas, state, state.pixels, pixelsOf([state.theme.faint])[0], state.same);
  state.grid = gridFor(state);
  placeDetail(state);
  paint(state);
  placeButtons(state);
  showMarks(state);
  showFacts(state);
  state.legend.textContent = legendText(state);
  state.note.textContent = header.note;
  if (!state.maps.has(state.revealing)) return;
  // Once its map is here, and with it its height.
  state.revealing = null;
  state.detail.node.scrollIntoView({ block: "nearest" });
}

/**
 * Where the heads stand, in the chosen order.
 * @param {HeadsState} state
 */
function gridFor(state) {
  const { header, host } = state;
  const [metric, direction] = state.orderBy.split(":");
  const order = metric ? ordered(valuesOf(state, metric), header.layers, header.heads, direction === "down") : null;
  return gridOf({
    width: host.clientWidth, layers: header.layers, heads: header.heads, order,
    shape: state.thumbs.shape.slice(2), captions: state.colourBy && !state.asValues ? 1 : 0, compact: host.clientWidth < 560,
  });
}

/** @param {HeadsState} state */
function showControls(state) {
  const { metrics } = state.header;
  const names = metrics.map(({ name }) => name);
  if (!names.includes(state.colourBy)) state.colourBy = "";
  if (!names.includes(state.orderBy.split(":")[0])) state.orderBy = "";
  const orders = names.flatMap((name) => [[`${name}:down`, `${name}, highest first`], [`${name}:up`, `${name}, lowest first`]]);
  state.orderChoice.set(state.orderBy, [["", "layer and head"], ...orders]);
  state.colourChoice.set(state.colourBy, [["", "none"], ...names.map((name) => [name, name])]);
  state.showChoice.set(state.asValues ? "values" : "maps");
  state.showChoice.node.hidden = !state.colourBy;
  state.scaleChoice.set(state.same ? "same" : "own");
  state.markToggle.set(state.marking);
}

/** @param {HeadsState} state */
function paint(state) {
  const { canvas, grid, host } = state;
  const dpr = globalThis.devicePixelRatio || 1;
  const width = host.clientWidth;
  Object.assign(canvas, { width: Math.round(width * dpr), height: Math.round(grid.height * dpr) });
  Object.assign(canvas.style, { width: `${width}px`, height: `${grid.height}px` });
  state.stage.style.height = `${grid.height}px`;
  const { layers, heads, queries, keys } = state.header;
  canvas.setAttribute("aria-label", `Thumbnails of ${layers} layers x ${heads} heads: ${queries} queries by ${keys} keys each`);
  const context = canvas.getContext("2d");
  context.scale(dpr, dpr);
  paintGridOf(new CanvasPen(context), sceneOf(state, dpr));
}

/** @param {HeadsState} state */
const sceneOf = (state, dpr) => ({
  grid: state.grid, atlas: state.atlas, shape: state.thumbs.shape, theme: state.theme,
  tint: tintOf(state), asValues: state.asValues && Boolean(state.colourBy), dpr,
});

/**
 * A transparent button over each thumbnail: focus, click and name come from the browser.
 * @param {HeadsState} state
 */
function placeButtons(state) {
  const { cells, thumb, caption } = state.grid;
  const wanted = cells.map(({ layer, head }) => `${layer},${head}`);
  if (state.nodes && wanted.join(" ") === [...state.nodes.keys()].join(" ")) {
    // The same heads in the same order: only their places and names are new.
  } else {
    state.nodes = new Map(wanted.map((key) => [key, element("button", { type: "button", class: "av-thumb", tabindex: "-1", "data-head": key })]));
    state.buttons.replaceChildren(...state.nodes.values());
  }
  for (const { layer, head, x, y } of cells) {
    const node = state.nodes.get(`${layer},${head}`);
    node.style.cssText = `left:${x}px;top:${y}px;width:${thumb.width}px;height:${thumb.height + (caption ? caption : 0)}px`;
    node.setAttribute("aria-label", `Layer ${layer}, head ${head}`);
    node.setAttribute("aria-expanded", String(state.opened.value?.join() === `${layer},${head}`));
  }
  rest(state, state.nodes.has(state.at) ? state.at : wanted[0]);
}

/** @param {HeadsState} state */
function showMarks(state) {
  const chosen = state.chosen.value;
  const keys = chosen.map((pair) => pair.join());
  for (const [key, node] of state.nodes) {
    const number = keys.indexOf(key) + 1;
    node.setAttribute("aria-pressed", String(number > 0));
    node.dataset.number = number || "";
  }
  const chips = chosen.map(([layer, head]) =>
    element("button", {
      type: "button", class: "av-chip", "aria-label": `L${layer} H${head} ×: take the mark off layer ${layer}, head ${head}`,
      text: `L${layer} H${head} ×`, on: { click: () => markHead(state, `${layer},${head}`) },
    }),
  );
  const full = "full" in state.marked.dataset ? "Four heads at most: take one mark off first." : "";
  const hint = state.marking && !chosen.length ? "Click two to four heads to compare them." : "";
  const count = chosen.length ? `Marked to compare (${chosen.length} of ${MOST_CHOSEN} at most)` : "";
  state.marked.replaceChildren(...[count || hint].filter(Boolean), ...chips, ...[full].filter(Boolean));
  state.stage.classList.toggle("av-marking", state.marking);
}

/** @param {HeadsState} state */
function activate(state, key) {
  state.active = key;
  if (key) state.readout.setAttribute("aria-live", "off");
  showFacts(state);
}

const nameOf = ({ header }, extension) => fileName(["heads", header.model], extension);

/**
 * The grid as a picture of its own, without the opened head.
 * @param {HeadsState} state
 */
function gridSheet(state) {
  const grid = gridFor(state);
  const width = state.host.clientWidth + 24;
  const { layers, heads, model } = state.header;
  const title = `Attention of ${layers} layers x ${heads} heads${model ? ` · ${model}` : ""}`;
  const paintOn = (pen) => {
    pen.shift(12, 12, () => paintGridOf(pen, { ...sceneOf(state, 2), grid }));
    return grid.height + 24;
  };
  return { width, theme: state.theme, title, paint: paintOn };
}
