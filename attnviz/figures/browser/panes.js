// Figure "panes": one head on two texts, each over its own tokens, on one scale; and the difference where the tokens
// of one text have a counterpart in the other. A table says how much every head changed.

import { Shared, clamp, debounced, decimals, element, figureState, shortest, unpack } from "./base.js";
import { BAR_HEIGHT, paintBar } from "./bar.js";
import { divergingScale, pixelsOf, sequentialScale, themeOf } from "./colors.js";
import { menu, stepper, toggle } from "./controls.js";
import { HeadTable } from "./headtable.js";
import { quoted } from "./labels.js";
import { CanvasPen } from "./pens.js";
import { pngOf, svgOf } from "./picture.js";
import { Plot } from "./plot.js";
import { csvText, fileName, saveCanvas, saveText } from "./save.js";
import { keyOf, plainScale, queryOf, rootScale, signedScale, viewOf } from "./view.js";

const BETWEEN = 24;
const SIDES = [0, 1];
const KEYS_HELP = "Arrow keys move a cell cursor through all three maps; Escape ends it.";

/** Draws the figure in `root`. callbacks.selection({layer, head}) is told what the reader steps to. */
export function draw(root, bytes, callbacks = {}) {
  const state = figureState(root, "panes", build);
  const { header, arrays } = unpack(bytes);
  if (state.header?.identity !== header.identity) {
    Object.assign(state, { maps: new Map(), held: null, cell: null, selection: new Shared() });
    state.quantity = "attention weight";
  }
  Object.assign(state, { header, callbacks, change: arrays.change.data });
  state.pairs = { query: pairsOf(arrays.queryPairs.data), key: pairsOf(arrays.keyPairs.data) };
  const sizes = header.panes.map((pane) => pane.queries.length * pane.keys.length);
  header.at.forEach((place, n) =>
    state.maps.set(place.join(), SIDES.map((side) => arrays[`maps${side}`].data.slice(n * sizes[side], (n + 1) * sizes[side]))),
  );
  state.selection.offer({ layer: header.layer, head: header.head });
  refresh(state);
}

/** The positions of each side, and for each position of a side its pair, or undefined. */
function pairsOf(flat) {
  const sides = SIDES.map((side) => Array.from({ length: flat.length / 2 }, (_, p) => flat[2 * p + side]));
  return { sides, of: sides.map((positions) => new Map(positions.map((position, p) => [position, p]))) };
}

function build(state) {
  Object.assign(state, { hide: false, held: null, cell: null, maps: new Map() });
  state.resize = () => refresh(state);
  state.recolour = () => {
    state.theme = null;
    refresh(state);
  };
  state.report = debounced((value) => state.callbacks.selection?.(value), 120);
  const select = (change) => (value) => step(state, { ...state.selection.value, [change]: value });
  state.layerStep = stepper("Layer", select("layer"));
  state.headStep = stepper("Head", select("head"));
  state.hideToggle = toggle("Hide special tokens", (hide) => {
    state.hide = hide;
    refresh(state);
  });
  const download = menu("Download", [
    ["PNG picture", () => saveCanvas(pngOf(scenesOf(state)), nameOf(state, "png"))],
    ["SVG drawing", () => saveText(svgOf(scenesOf(state), describe(state)), "image/svg+xml", nameOf(state, "svg"))],
    ["CSV of the difference", () => saveText(tableText(state), "text/csv", nameOf(state, "csv"))],
  ]);
  state.toolbar = element("div", { class: "av-toolbar" }, [
    state.layerStep.node, state.headStep.node, state.hideToggle.node, element("div", { class: "av-tools" }, [download]),
  ]);
  state.notice = element("p", { class: "av-notice", role: "status", "data-testid": "notice" });
  state.readout = element("div", { class: "av-readout av-facts", "data-testid": "readout", "aria-live": "off" });
  state.stage = element("div", { class: "av-side", tabindex: "0", role: "application", "aria-roledescription": "attention maps", "data-testid": "stage" });
  state.stage.addEventListener("keydown", (event) => keydown(state, event));
  state.plots = [0, 1, 2].map((pane) => plotOf(state, pane));
  state.stage.append(...state.plots.map(({ node }) => node));
  state.bars = [element("canvas", { class: "av-legend-bar" }), element("canvas", { class: "av-legend-bar" })];
  state.legends = [element("p", { class: "av-legend-text" }), element("p", { class: "av-legend-text" })];
  state.grid = new HeadTable({ pick: (layer, head) => step(state, { layer, head }), testid: "change" });
  state.note = element("p", { class: "av-note" });
  const legends = state.bars.map((bar, n) => element("div", { class: "av-legend" }, [bar, state.legends[n]]));
  const about = element("p", { class: "av-note", text: "Change: the mean Jensen–Shannon distance of a head’s rows on the two texts, over the tokens with a counterpart; 0: the same, 1: no token in common. Click a head to see it." });
  state.host.append(
    state.toolbar, state.notice, state.readout, state.stage, ...legends, element("p", { class: "av-help", text: KEYS_HELP }),
    element("div", { class: "av-change" }, [state.grid.node, about]), state.note,
  );
  document.fonts?.ready.then(() => state.header && refresh(state));
}

function plotOf(state, pane) {
  const plot = new Plot({
    hover: (cell) => point(state, pairedCell(state, pane, cell)),
    pin: (cell) => {
      const found = pairedCell(state, pane, cell);
      state.held = found && JSON.stringify(found) === JSON.stringify(state.held) ? null : found;
      point(state, found);
    },
  });
  plot.scroller.addEventListener("scroll", () => {
    for (const other of state.plots ?? [])
      if (other.plot !== plot && other.plot.scroller.style.overflow === "auto") other.plot.scroller.scrollTo(plot.scroller.scrollLeft, plot.scroller.scrollTop);
  });
  const title = element("figcaption", { class: "av-panel-title av-pane-title" });
  return { plot, title, node: element("figure", { class: "av-one" }, [title, plot.node]) };
}

/** Shows another head: at once where its maps are here, else when the host has sent them. */
function step(state, value) {
  const { layers, heads } = state.header;
  if (!(value.layer >= 0 && value.layer < layers && value.head >= 0 && value.head < heads)) return;
  state.selection.set(value);
  refresh(state);
  state.report(value);
}

function refresh(state) {
  const { header, host } = state;
  if (!header || host.clientWidth === 0) return;
  if (!state.theme) {
    state.theme = themeOf(host);
    state.colours = [sequentialScale(state.theme), divergingScale(state.theme)];
    state.pixels = state.colours.map(pixelsOf);
  }
  const { layer, head } = state.selection.value;
  state.layerStep.set(layer, header.layers);
  state.headStep.set(head, header.heads);
  state.note.textContent = header.note;
  showGrid(state);
  const canHide = header.panes.every((pane) => ["querySpecial", "keySpecial"].every((axis) => pane[axis].includes(0)));
  const some = header.panes.some((pane) => [...pane.querySpecial, ...pane.keySpecial].includes(1));
  const hiding = state.hide && canHide && some;
  state.hideToggle.set(hiding, !(canHide && some));
  state.notice.textContent = hiding ? "Special tokens are hidden, and each row is renormalised: what is left of it sums to 1." : "";
  const maps = state.maps.get(`${layer},${head}`);
  state.stage.setAttribute("aria-busy", String(!maps));
  state.stage.classList.toggle("av-waiting", !maps);
  if (!maps) return;
  state.views = SIDES.map((side) => viewOf(maps[side], { ...header.panes[side], causal: header.causal, rowsSumToOne: true }, hiding));
  state.difference = differenceOf(state);
  state.shared = rootScale(state.colours[0], state.pixels[0], Math.max(...state.views.map((view) => view.top)));
  state.signed = signedScale(state.colours[1], state.pixels[1], state.difference.top);
  showMaps(state);
  showLegends(state);
  point(state, state.cell);
}

function showGrid(state) {
  const { header, change, theme } = state;
  const top = change.reduce((most, value) => (value > most ? value : most), 0);
  const { layer, head } = state.selection.value;
  state.grid.show({
    layers: header.layers, heads: header.heads, values: change, scale: plainScale(sequentialScale(theme), top || 1, false), theme,
    title: "How much each head changed", name: "change", current: [layer, head],
  });
}

/** Where each kept position of a view stands in it. */
const placesIn = (kept) => new Map(Array.from(kept, (position, at) => [position, at]));

/** The first text's weight minus the second's, over the pairs of tokens that both views show. */
function differenceOf({ views, pairs, header }) {
  const axis = (name, kept) => {
    const at = views.map((view) => placesIn(view[kept]));
    return pairs[name].sides[0].flatMap((first, p) => {
      const second = pairs[name].sides[1][p];
      return at[0].has(first) && at[1].has(second) ? [{ p, at: [at[0].get(first), at[1].get(second)], positions: [first, second] }] : [];
    });
  };
  const [rows, cols] = [axis("query", "rows"), axis("key", "cols")];
  const label = (names) => ({ positions: [i, j] }) => (header.panes[0][names][i].trim() === header.panes[1][names][j].trim() ? header.panes[0][names][i] : `${header.panes[0][names][i].trim()} ⇄ ${header.panes[1][names][j].trim()}`);
  const special = (name) => ({ positions: [i] }) => header.panes[0][name][i];
  const labels = {
    queries: rows.map(label("queries")), keys: cols.map(label("keys")), causal: header.causal,
    querySpecial: rows.map(special("querySpecial")), keySpecial: cols.map(special("keySpecial")),
  };
  const values = new Float32Array(rows.length * cols.length);
  let top = 0;
  const open = Int32Array.from(rows, (row, i) => {
    let seen = 0;
    for (const [j, col] of cols.entries()) {
      if (SIDES.some((side) => col.at[side] >= views[side].open[row.at[side]])) break;
      seen = j + 1;
      const [a, b] = SIDES.map((side) => views[side].values[row.at[side] * views[side].k + col.at[side]]);
      values[i * cols.length + j] = a - b;
      top = Math.max(top, Math.abs(a - b));
    }
    return seen;
  });
  const every = (list) => Int32Array.from(list, (_, at) => at);
  return { header: labels, rows: every(rows), cols: every(cols), q: rows.length, k: cols.length, values, raw: values, stride: cols.length, renormalised: false, open, top, pairedRows: rows, pairedCols: cols };
}

const TITLES = { query: "query token: looks from", key: "key token: looked at" };
const headName = ({ selection }) => `layer ${selection.value.layer}, head ${selection.value.head}`;

function scenesOf(state) {
  const { header, theme, views, difference, shared, signed } = state;
  const scene = (view, scale, title) => ({ view, scale, theme, titles: TITLES, title, label: `attention weight, ${headName(state)}: ${title}`, notes: [] });
  return [
    ...views.map((view, side) => scene(view, shared, header.panes[side].title)),
    { ...scene(difference, signed, "Difference: first minus second"), notes: [headName(state), state.notice.textContent].filter(Boolean) },
  ];
}

function showMaps(state) {
  const width = state.host.clientWidth;
  state.host.classList.toggle("av-compact", width < 560);
  // Beside each other as long as every row has room for its label.
  const longest = Math.max(...state.views.map((view) => Math.max(view.q, view.k)));
  const least = clamp(90 + 14 * longest, 290, 420);
  const columns = clamp(Math.floor((width + BETWEEN) / (least + BETWEEN)), 1, 3);
  const each = Math.floor((width - (columns - 1) * BETWEEN) / columns);
  scenesOf(state).forEach((scene, n) => {
    const { plot, title, node } = state.plots[n];
    title.textContent = scene.title;
    node.style.width = `${each}px`;
    plot.node.hidden = scene.view.q === 0 || scene.view.k === 0;
    if (!plot.node.hidden) plot.show(scene, { width: each, height: 460, compact: each < 400, largest: 36 });
    else title.textContent = `${scene.title}: no token has a counterpart`;
  });
  state.stage.setAttribute("aria-label", describe(state));
}

const describe = (state) => `Attention weights of ${headName(state)} on two texts, and their difference: ${state.header.panes.map((pane) => pane.title).join(" – ")}`;

function showLegends(state) {
  const width = Math.min(300, state.host.clientWidth - 20);
  const dpr = globalThis.devicePixelRatio || 1;
  [state.shared, state.signed].forEach((scale, n) => {
    const bar = state.bars[n];
    Object.assign(bar, { width: Math.round((width + 8) * dpr), height: Math.round(BAR_HEIGHT * dpr) });
    Object.assign(bar.style, { width: `${width + 8}px`, height: `${BAR_HEIGHT}px` });
    const context = bar.getContext("2d");
    context.scale(dpr, dpr);
    paintBar(new CanvasPen(context), scale, state.theme, 2, 2, width);
  });
  const ahead = state.header.causal ? " Hatched: cannot look ahead." : "";
  state.legends[0].textContent = `Colour: square root of the attention weight, one scale for both texts, up to ${decimals(state.shared.top)}.${ahead}`;
  state.legends[1].textContent = `Difference: blue where the first text’s weight is larger, orange where the second’s is; square root of its size, up to ${decimals(state.signed.top)}.`;
}

/** The cell {rows: [first, second], cols: [...]} of a pointed cell of pane 0, 1 or 2 (the difference); undefined without counterpart. */
function pairedCell(state, pane, cell) {
  if (!cell || !state.views) return null;
  const axis = (name, kept, at) => {
    if (at === null) return [null, null];
    if (pane === 2) return state.difference[name === "query" ? "pairedRows" : "pairedCols"][at].positions;
    const position = state.views[pane][kept][at];
    const p = state.pairs[name].of[pane].get(position);
    const found = [undefined, undefined];
    found[pane] = position;
    if (p !== undefined) found[1 - pane] = state.pairs[name].sides[1 - pane][p];
    return found;
  };
  return { rows: axis("query", "rows", cell.i), cols: axis("key", "cols", cell.j) };
}

/** Marks the same cell in all maps and says its values. */
function point(state, cell) {
  state.cell = cell;
  const { views, difference, readout } = state;
  if (!views) return;
  const shown = cell ?? state.held;
  const cells = SIDES.map((side) => {
    if (!shown) return null;
    const place = (positions, kept) => (positions[side] === null ? null : views[side][kept].indexOf(positions[side] ?? -1));
    const found = { i: place(shown.rows, "rows"), j: place(shown.cols, "cols") };
    return found.i === -1 || found.j === -1 ? null : found;
  });
  SIDES.forEach((side) => state.plots[side].plot.mark(cells[side]));
  const within = (list, positions) => (positions[0] === null ? null : list.findIndex((each) => each.positions[0] === positions[0] && each.positions[1] === positions[1]));
  const both = shown && { i: within(difference.pairedRows, shown.rows), j: within(difference.pairedCols, shown.cols) };
  if (difference.q && difference.k) state.plots[2].plot.mark(both && both.i !== -1 && both.j !== -1 ? both : null);
  say(state, cells, readout);
}

function say(state, cells, readout) {
  delete readout.dataset.values;
  const whole = (cell) => cell && cell.i !== null && cell.j !== null;
  if (!cells.some(whole)) return readout.replaceChildren("Point at a cell to read its weight in both texts.");
  const values = SIDES.map((side) => (whole(cells[side]) ? state.views[side].values[cells[side].i * state.views[side].k + cells[side].j] : null));
  const change = values.includes(null) ? null : values[0] - values[1];
  readout.dataset.values = JSON.stringify([...values, change]);
  const facts = SIDES.map((side) => {
    const fact = element("span", { class: "av-fact" }, [`${side ? "second" : "first"} text: `]);
    if (!whole(cells[side])) fact.append("no counterpart");
    else {
      const [from, to] = [queryOf(state.views[side], cells[side].i), keyOf(state.views[side], cells[side].j)];
      fact.append(`${quoted(from.label)} (${from.position}) → ${quoted(to.label)} (${to.position}) `, element("b", { text: decimals(values[side]) }));
    }
    return fact;
  });
  if (change !== null) facts.push(element("span", { class: "av-fact" }, ["difference ", element("b", { text: decimals(change) })]));
  return readout.replaceChildren(...facts);
}

const CURSOR = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

function keydown(state, event) {
  if (event.ctrlKey || event.altKey || event.metaKey || !state.difference) return;
  const { pairedRows, pairedCols, q, k } = state.difference;
  const move = CURSOR[event.key];
  if (event.key === "Escape" && state.held) state.held = null;
  else if (move && q && k) {
    const old = [pairedRows.findIndex((row) => row.positions[0] === state.held?.rows[0]), pairedCols.findIndex((col) => col.positions[0] === state.held?.cols[0])];
    const started = old[0] >= 0 && old[1] >= 0;
    const [i, j] = started ? [clamp(old[0] + move[0], 0, q - 1), clamp(old[1] + move[1], 0, k - 1)] : [0, 0];
    state.held = { rows: pairedRows[i].positions, cols: pairedCols[j].positions };
    state.plots[2].plot.reveal({ i, j });
  } else return;
  state.readout.setAttribute("aria-live", "polite");
  point(state, null);
  event.preventDefault();
  event.stopPropagation();
}

const nameOf = (state, extension) => fileName(["compare", state.header.model, headName(state)], extension);

/** One line a cell of the difference: the tokens of both texts with their positions, both weights, the difference. */
function tableText({ header, views, difference }) {
  const rows = [["query position 1", "query 1", "query position 2", "query 2", "key position 1", "key 1", "key position 2", "key 2", "weight 1", "weight 2", "difference"]];
  for (const [i, row] of difference.pairedRows.entries())
    for (const [j, col] of difference.pairedCols.entries()) {
      const values = SIDES.map((side) => views[side].values[row.at[side] * views[side].k + col.at[side]]);
      const tokens = [["queries", row], ["keys", col]].flatMap(([names, each]) => SIDES.flatMap((side) => [each.positions[side], header.panes[side][names][each.positions[side]]]));
      rows.push([...tokens, ...[...values, difference.values[i * difference.k + j]].map((value) => ({ numeric: shortest(value) }))]);
    }
  return csvText(rows);
}
