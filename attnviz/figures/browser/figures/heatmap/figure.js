// Figure "heatmap": one head's map, in the forms of forms.js; steppers through layers and heads; the exact value under
// pointer or cursor.

import { button, choice, menu, stepper } from "../../core/controls.js";
import { element } from "../../core/dom.js";
import { figureState } from "../../core/figure.js";
import { ARROWS, modified, taken } from "../../core/keyboard.js";
import { clamp } from "../../core/numbers.js";
import { saveCanvas, saveText } from "../../core/save.js";
import { debounced, Shared } from "../../core/shared.js";
import { cutsOf } from "../../data/mass.js";
import { hiddenWords, nameOfMap } from "../../data/shown.js";
import { viewOf } from "../../data/view.js";
import { divergingScale, mix, pixelsOf, sequentialScale } from "../../paint/colours.js";
import { legend } from "../../paint/legend.js";
import { pngOf, svgOf, tableOf } from "../../paint/picture.js";
import { Plot } from "../../paint/plot.js";
import { rootScale, signedScale } from "../../paint/scales.js";
import { sheetPng, sheetSvg } from "../../paint/sheet.js";
import { themeOf } from "../../paint/theme.js";
import { Forms } from "./forms.js";
import { offerHeld, reportHeld, takeHeld } from "./held.js";
import { Shown } from "./hiding.js";
import { messageOf } from "./message.js";
import { Options } from "./options.js";
import { Panel } from "./panel.js";
import { cellOf, mark, moveCursor, pin, pinWord, point, release, say } from "./pointing.js";
import { describe, nameOf, scaleWords, sceneOf } from "./scene.js";
import { Sentence } from "./sentence.js";
import { Sinks } from "./sinks.js";

/** @import {HeatmapState} from "./message.js" */

const CACHE_BYTES = 96e6;
const PANEL_WIDTH = 300;
const WIDE = 860;
const HOST_ABOVE = 150; // what a page has above the figure, the labels of the columns, and a margin below
const FADED = 0.16; // how much of its colour is left of a cell outside what is kept
const CURSOR_HELP = "Shift + arrows, or Enter and then arrows, move a cell cursor; Escape ends it.";

/**
 * Draws the figure in `root`. callbacks.selection({layer, head}) is told what the reader steps to,
 * callbacks.form(name) which form was chosen, callbacks.setting({hide, keep}) what of the map is shown,
 * callbacks.held([[side, index]]) which queries (side 0) and keys (1) are held; "qk" shows the vectors of a held query;
 * callbacks.option({name, value}) which of the host's choices was changed.
 */
export function draw(root, bytes, callbacks = {}) {
  const state = /** @type {HeatmapState} */ (figureState(root, "heatmap", build));
  state.callbacks = callbacks;
  const { header, arrays } = messageOf(bytes);
  if (state.header?.identity !== header.identity) {
    state.maps = new Map();
    state.selection = new Shared("selection");
    state.held = new Shared("held");
    state.pinned = null;
    state.hovered = null;
    state.forms.pins = [];
    state.qk = null;
  }
  state.header = header;
  if (header.qk) state.qk = { ...header.qk, arrays };
  state.forms.offer(header.form, Boolean(callbacks.held));
  state.options.offer(header.options ?? []);
  offerHeld(state, header.held);
  state.shown.offer(header);
  keepMaps(state, header, arrays.maps);
  state.selection.offer({ layer: header.layer, head: header.head });
  refresh(state);
}

/**
 * Adds the message's maps to those known, and forgets the oldest ones when there are too many.
 * @param {HeatmapState} state
 */
function keepMaps(state, header, { data, shape }) {
  const size = shape[1] * shape[2];
  header.at.forEach(([layer, head], n) => {
    state.maps.delete(`${layer},${head}`);
    state.maps.set(`${layer},${head}`, data.subarray(n * size, (n + 1) * size));
  });
  const most = Math.max(header.at.length, Math.floor(CACHE_BYTES / (4 * size || 1)));
  for (const key of [...state.maps.keys()].slice(0, Math.max(0, state.maps.size - most))) state.maps.delete(key);
}

/** @param {HeatmapState} state */
function build(state) {
  Object.assign(state, { scaleMode: "own", pinned: null, hovered: null, cursor: false });
  state.resize = () => refresh(state);
  state.recolour = () => {
    state.theme = null;
    refresh(state);
  };
  state.report = debounced((value) => state.callbacks.selection?.(value), 120);
  state.plot = new Plot({
    hover: (cell) => point(state, cell),
    pin: (cell) => pin(state, cell),
  });
  state.panel = new Panel((cell) => point(state, cell));
  state.forms = new Forms({ choose: (form, former) => chooseForm(state, form, former), held: () => reportHeld(state) });
  state.tellHeld = debounced((value) => state.callbacks.held?.(value), 300);
  buildToolbar(state);
  state.notice = element("p", { class: "av-notice", role: "status", "data-testid": "notice" });
  state.readout = element("p", { class: "av-readout", "data-testid": "readout", "aria-live": "off" });
  state.loading = element("p", { class: "av-loading", role: "status" });
  state.stage = element("div", { class: "av-stage", tabindex: "0", role: "application", "aria-roledescription": "attention map", "data-testid": "stage" }, [state.plot.node, state.loading]);
  state.stage.addEventListener("keydown", (event) => keydown(state, event));
  state.legend = legend();
  state.note = element("p", { class: "av-note" });
  state.main = element("div", { class: "av-main" }, [state.readout, state.stage]);
  const body = element("div", { class: "av-body" }, [state.main, state.panel.node]);
  state.help = element("p", { class: "av-help" });
  state.ofHeatmap.push(body, state.legend.node, state.help);
  state.sentence = new Sentence({
    hover: (place) => point(state, cellOf(state, place)),
    pick: (place) => pinWord(state, place),
    clear: () => release(state),
  });
  state.sinks = new Sinks((quantity) => state.callbacks.option?.({ name: "quantity", value: quantity }));
  state.panel.node.prepend(state.sinks.node);
  state.ofHeatmap.push(state.sentence.node);
  state.host.append(state.sentence.node, state.toolbar, state.notice, body, state.forms.node, state.legend.node, state.foot, state.help, state.note);
  document.fonts?.ready.then(() => state.header && refresh(state));
}

/** @param {HeatmapState} state */
function buildToolbar(state) {
  const select = (change) => (value) => step(state, { ...state.selection.value, [change]: value });
  state.layerStepper = stepper("Layer", select("layer"));
  state.headStepper = stepper("Head", select("head"));
  state.shown = new Shown((value) => {
    refresh(state);
    state.callbacks.setting?.(value);
  });
  state.scaleChoice = choice("Colours up to", [["own", "this map’s maximum"], ["one", "1, for all heads"]], (mode) => chooseScale(state, mode));
  const zoom = (by) => () => {
    state.plot.zoomBy(by);
    setZoom(state);
  };
  state.zoomOut = button("−", "Zoom out", zoom(-1));
  state.zoomIn = button("+", "Zoom in", zoom(1));
  const zooms = element("div", { class: "av-field av-zoom", role: "group", "aria-label": "Zoom" }, [state.zoomOut, state.zoomIn]);
  state.drawing = () => {
    if (!state.view || !state.forms.ready) return ""; // a map or vectors that did not come
    return state.forms.picture ? sheetSvg(state.forms.picture.sheet()) : svgOf([sceneOf(state)], describe(state));
  };
  const download = menu("Download", [
    ["PNG picture", () => saveCanvas(state.forms.picture ? sheetPng(state.forms.picture.sheet()) : pngOf([sceneOf(state)]), nameOf(state, "png"))],
    ["SVG drawing", () => saveText(state.drawing(), "image/svg+xml", nameOf(state, "svg"))],
    ["CSV table", () => saveText(state.forms.picture ? state.forms.picture.table() : tableOf(state.view), "text/csv", nameOf(state, "csv"))],
  ]);
  state.download = download;
  state.options = new Options([...state.shown.nodes, state.scaleChoice.node], (name, value) => state.callbacks.option?.({ name, value }));
  state.tools = element("div", { class: "av-tools" }, [zooms, download]);
  state.foot = element("div", { class: "av-foot" });
  state.ofHeatmap = [zooms];
  state.toolbar = element("div", { class: "av-toolbar" }, [
    state.forms.choice.node, state.layerStepper.node, state.headStepper.node, ...state.options.nodes, state.tools,
  ]);
}

/**
 * Goes to a head: shows it at once where its map is known, and always reports it.
 * @param {HeatmapState} state
 */
function step(state, { layer, head }) {
  const { layers, heads, pool } = state.header;
  const old = state.selection.value;
  // Of many heads shown as one there is no next one, and a layer only where they are its heads.
  const value = { layer: pool && !pool.layers ? old.layer : clamp(layer, 0, layers - 1), head: pool ? old.head : clamp(head, 0, heads - 1) };
  if (value.layer === old.layer && value.head === old.head) return;
  state.selection.set(value);
  refresh(state);
  state.report(value);
}

/**
 * Brings everything on screen in line with the state.
 * @param {HeatmapState} state
 */
function refresh(state) {
  const { header, host } = state;
  // Read once, before anything is written: each later reading would lay out the page again.
  state.width = host.clientWidth;
  if (!header || state.width === 0) return;
  host.classList.toggle("av-wide", state.width >= WIDE);
  const compact = state.width < 560;
  host.classList.toggle("av-compact", compact);
  // On a narrow screen the picture goes first.
  if (compact === (state.tools.parentElement === state.toolbar)) (compact ? state.foot : state.toolbar).append(state.tools);
  if (!state.theme || state.signed !== header.signed) {
    state.theme = themeOf(host);
    state.signed = header.signed;
    state.colours = header.signed ? divergingScale(state.theme) : sequentialScale(state.theme);
    state.pixels = pixelsOf(state.colours);
    const faded = state.colours.map((colour) => mix(state.theme.bg, colour, FADED));
    state.faded = { colours: faded, pixels: pixelsOf(faded) };
  }
  const { layer, head } = state.selection.value;
  state.layerStepper.set(layer, header.layers);
  state.headStepper.set(head, header.heads);
  const { form } = state.forms;
  state.shown.show(header, form);
  state.scaleChoice.node.hidden = !header.rowsSumToOne || ["lines", "qk"].includes(form);
  state.note.textContent = header.note;
  state.options.set([
    ...state.shown.chips(header, form),
    ...(state.scaleMode === "one" && header.rowsSumToOne ? [["colours up to 1", () => chooseScale(state, "own")]] : []),
  ]);
  const arrows = header.pool ? (header.pool.layers ? "Arrow keys: ↑ ↓ layer. " : "") : "Arrow keys: ← → head, ↑ ↓ layer. ";
  state.help.textContent = arrows + CURSOR_HELP;
  const map = state.maps.get(`${layer},${head}`);
  const awaited = !map && Boolean(state.callbacks.selection); // a page on disk has nobody to ask for more
  state.stage.setAttribute("aria-busy", String(awaited));
  state.stage.classList.toggle("av-waiting", !map);
  const name = nameOfMap(header, { layer, head });
  const missing = awaited ? `Loading ${name} …` : `${name[0].toUpperCase()}${name.slice(1)} is not in this file.`;
  state.loading.textContent = map ? "" : missing;
  for (const node of state.ofHeatmap) node.hidden = form !== "heatmap";
  state.download.hidden = !map;
  if (!map) {
    state.forms.show(null);
    return say(state);
  }
  state.view = viewOf(map, header, state.shown.hidden(header));
  state.share = state.shown.share(form);
  state.cuts = state.share < 1 ? cutsOf(state.view, state.share) : null;
  state.place = { layer, head };
  const top = state.scaleMode === "one" && header.rowsSumToOne ? 1 : state.view.top;
  state.scale = { ...(header.signed ? signedScale : rootScale)(state.colours, state.pixels, top), faded: state.faded };
  if (form === "heatmap") showPlot(state);
  state.notice.textContent = hiddenWords(state);
  state.forms.show({ ...sceneOf(state), maps: state.maps, share: state.share, shown: state.place, qk: state.qk, wanted: { layer, head } });
  state.download.hidden = !state.forms.ready;
  state.layerStepper.node.hidden = Boolean(header.pool && !header.pool.layers);
  state.headStepper.node.hidden = form === "lines" || Boolean(header.pool);
}

/**
 * The reader chose a form. What is held goes along: a cell as its row's token, a token as its row or column.
 * @param {HeatmapState} state
 */
function chooseForm(state, form, former) {
  // A group of tokens has no vector of its own: "qk" counts tokens, whatever the others count.
  if ([form, former].includes("qk") && state.header.unit !== "token") takeHeld(state, []);
  const [first] = state.forms.pins;
  if (form === "heatmap") state.pinned = first ? { row: first.side ? null : first.index, col: first.side ? first.index : null } : null;
  else if (state.pinned) {
    const held = state.pinned.row === null ? { side: 1, index: state.pinned.col } : { side: 0, index: state.pinned.row };
    if (first?.side !== held.side || first.index !== held.index) state.forms.pins = [held];
    state.pinned = null;
  }
  refresh(state);
  state.callbacks.form?.(form);
  reportHeld(state);
}

/** @param {HeatmapState} state */
function showPlot(state) {
  const { width } = state;
  const beside = width >= WIDE;
  const scene = sceneOf(state);
  state.sentence.show({ ...scene, theme: state.theme });
  const box = { width: beside ? width - PANEL_WIDTH : width, height: heightFor(state), compact: width < 560 };
  if (Math.max(state.view.q, state.view.k) <= 12) box.largest = 58;
  state.plot.show(scene, box);
  // A fixed width: the panel beside must not move with the length of the readout.
  state.main.style.width = beside ? `${Math.max(440, state.plot.layout.width)}px` : "";
  state.stage.setAttribute("aria-label", describe(state));
  state.panel.show(state.view, nameOfMap(state.header, state.place));
  state.sinks.show(state.header, state.view.raw, (state.header.options ?? []).find((each) => each.name === "quantity")?.choices.map(([name]) => name) ?? []);
  setZoom(state);
  state.legend.show(state.scale, state.theme, width, scaleWords(state));
  mark(state);
}

/**
 * How high the map may be for all of it to be seen at once: what is left of the window below what stands above.
 * @param {HeatmapState} state
 */
function heightFor(state) {
  const key = [state.width, globalThis.innerHeight, state.sentence.built, state.notice.textContent, state.options.words].join();
  if (state.roomKey !== key) {
    state.roomKey = key;
    const zoom = state.host.currentCSSZoom ?? 1;
    const above = (state.stage.getBoundingClientRect().top - state.host.getBoundingClientRect().top) / zoom;
    state.room = clamp(globalThis.innerHeight / zoom - above - HOST_ABOVE, 320, 1200);
  }
  return state.room;
}

/** @param {HeatmapState} state */
function chooseScale(state, mode) {
  state.scaleMode = mode;
  state.scaleChoice.set(mode);
  refresh(state);
}

/** @param {HeatmapState} state */
function setZoom(state) {
  const limits = state.plot.zoomLimits;
  state.zoomOut.disabled = !limits.out;
  state.zoomIn.disabled = !limits.in;
}

/**
 * Arrows step through heads and layers, or move the cell cursor.
 * @param {HeatmapState} state
 */
function keydown(state, event) {
  if (modified(event)) return;
  const arrow = ARROWS[event.key];
  if (event.key === "Enter") {
    state.cursor = !state.cursor;
    if (state.cursor) moveCursor(state, 0, 0);
  } else if (event.key === "Escape" && (state.cursor || state.pinned)) release(state);
  else if (arrow && (event.shiftKey || state.cursor)) moveCursor(state, ...arrow);
  else if (arrow) {
    const { layer, head } = state.selection.value;
    step(state, { layer: layer + arrow[0], head: head + arrow[1] });
  } else return;
  state.stage.classList.toggle("av-cursor", state.cursor);
  taken(event);
}
