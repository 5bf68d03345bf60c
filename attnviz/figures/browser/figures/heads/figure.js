// Figure "heads": a thumbnail of every head, its statistics on hover and focus, opened in place, marked to compare.

import { choice, toggle } from "../../core/controls.js";
import { element } from "../../core/dom.js";
import { figureState } from "../../core/figure.js";
import { modified, placeAfter, taken } from "../../core/keyboard.js";
import { fileName } from "../../core/save.js";
import { Shared } from "../../core/shared.js";
import { divergingScale, pixelsOf, sequentialScale } from "../../paint/colours.js";
import { downloads } from "../../paint/download.js";
import { sheetSvg } from "../../paint/sheet.js";
import { themeOf } from "../../paint/theme.js";
import { Detail } from "./detail.js";
import { legendText, pairOf, showFacts, tableText } from "./facts.js";
import { atlasOf, gapped } from "./grid.js";
import { markHead, showMarks } from "./marks.js";
import { messageOf } from "./message.js";
import { gridFor, gridSheet, paint, placeButtons, rest } from "./thumbnails.js";

/** @import {HeadsState} from "./message.js" */

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
  Object.assign(state, { marking: false, same: false, asValues: false, chosen: new Shared("chosen"), active: null, at: "0,0" });
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
  const download = downloads({
    sheet: () => gridSheet(state), table: () => tableText(state), name: (extension) => nameOf(state, extension),
    titles: ["PNG picture", "SVG drawing", "CSV of the statistics"],
  });
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
  if (state.known !== identity) Object.assign(state, { known: identity, opened: new Shared("detail"), maps: new Map() });
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

/** @param {HeadsState} state */
function refresh(state) {
  const { header, host } = state;
  if (!header || host.clientWidth === 0) return;
  if (!state.theme) {
    state.theme = themeOf(host);
    state.colours = sequentialScale(state.theme);
    state.diverging = divergingScale(state.theme);
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
function activate(state, key) {
  state.active = key;
  if (key) state.readout.setAttribute("aria-live", "off");
  showFacts(state);
}

const nameOf = ({ header }, extension) => fileName(["heads", header.model], extension);
