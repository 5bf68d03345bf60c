// Figure "panes": two to four heads, of any model on any text, each over its own tokens on one scale; and the signed
// difference of two of them where the tokens of one stand for tokens of the other.

import { choice, menu, stepper, toggle } from "../../core/controls.js";
import { element } from "../../core/dom.js";
import { figureState } from "../../core/figure.js";
import { ARROWS, modified, taken } from "../../core/keyboard.js";
import { clamp, decimals } from "../../core/numbers.js";
import { fileName, saveCanvas, saveText } from "../../core/save.js";
import { debounced, Shared } from "../../core/shared.js";
import { quoted } from "../../core/text.js";
import { differenceOf, Pairings, weightOf } from "../../data/pairing.js";
import { viewOf } from "../../data/view.js";
import { divergingScale, pixelsOf, sequentialScale } from "../../paint/colours.js";
import { HeadTable } from "../../paint/head_table.js";
import { legend } from "../../paint/legend.js";
import { pngOf, svgOf } from "../../paint/picture.js";
import { Plot } from "../../paint/plot.js";
import { plainScale, rootScale, signedScale } from "../../paint/scales.js";
import { themeOf } from "../../paint/theme.js";
import { follow, pairingOf, positionsOf, standing, standingApart } from "./cells.js";
import { messageOf } from "./message.js";
import { describe, headName, scenesOf, showLegends } from "./scenes.js";
import { differenceTable, panesTable, sayCell } from "./words.js";

/** @import {PanesState} from "./message.js" */

const BETWEEN = 12;
const KEYS_HELP = "Arrow keys move a cell cursor through the first map, and through the others where they have a counterpart; Escape ends it.";

/** Draws the figure in `root`. callbacks.places([[layer, head], ...]) is told what the reader steps to. */
export function draw(root, bytes, callbacks = {}) {
  const state = /** @type {PanesState} */ (figureState(root, "panes", build));
  const { header, arrays } = messageOf(bytes);
  const layout = JSON.stringify(header.panes.map(({ name, title, source }) => [name, title, header.sources[source].identity]));
  if (state.layout !== layout) {
    const places = header.panes.map(({ layer, head }) => `${layer},${head}`);
    Object.assign(state, { layout, held: null, cell: null, first: 0, second: 1, places: new Shared("places"), plots: [], linked: new Set(places).size === 1 });
  }
  Object.assign(state, { header, callbacks, change: arrays.change?.data ?? null, pairings: new Pairings(header, arrays) });
  keepMaps(state, arrays);
  state.places.offer(header.panes.map(({ layer, head }) => [layer, head]));
  refresh(state);
}

/**
 * Maps that were sent before are kept as long as their source is shown.
 * @param {PanesState} state
 */
function keepMaps(state, arrays) {
  const old = state.maps ?? new Map();
  state.maps = new Map(state.header.sources.map(({ identity }) => [identity, old.get(identity) ?? new Map()]));
  state.header.sources.forEach(({ identity, at, queries, keys }, s) => {
    const size = queries.length * keys.length;
    at.forEach((place, n) => state.maps.get(identity).set(place.join(), arrays[`maps${s}`].data.slice(n * size, (n + 1) * size)));
  });
}

/** @param {PanesState} state */
function build(state) {
  Object.assign(state, { hide: false, held: null, cell: null, panes: [], plots: [] });
  state.resize = () => refresh(state);
  state.recolour = () => {
    state.theme = null;
    refresh(state);
  };
  state.report = debounced((value) => state.callbacks.places?.(value), 120);
  const setting = (name, read) => (value) => {
    state[name] = read(value);
    refresh(state);
  };
  state.linkToggle = toggle("Step all panes together", setting("linked", Boolean));
  state.hideToggle = toggle("Hide special tokens", setting("hide", Boolean));
  state.firstChoice = choice("Difference of", [["0", ""]], setting("first", Number));
  state.secondChoice = choice("minus", [["1", ""]], setting("second", Number));
  state.drawing = () => svgOf(scenesOf(state), describe(state));
  const download = menu("Download", [
    ["PNG picture", () => saveCanvas(pngOf(scenesOf(state)), nameOf(state, "png"))],
    ["SVG drawing", () => saveText(state.drawing(), "image/svg+xml", nameOf(state, "svg"))],
    ["CSV of all panes", () => saveText(panesTable(state), "text/csv", nameOf(state, "csv"))],
    ["CSV of the difference", () => saveText(differenceTable(state), "text/csv", nameOf(state, "csv"))],
  ]);
  state.toolbar = element("div", { class: "av-toolbar" }, [
    state.linkToggle.node, state.hideToggle.node, state.firstChoice.node, state.secondChoice.node,
  ]);
  state.notice = element("p", { class: "av-notice", role: "status", "data-testid": "notice" });
  state.readout = element("div", { class: "av-readout av-facts", "data-testid": "readout", "aria-live": "off" });
  state.toolbar.append(state.readout, element("div", { class: "av-tools" }, [download]));
  state.stage = element("div", { class: "av-side", tabindex: "0", role: "application", "aria-roledescription": "attention maps", "data-testid": "stage" });
  state.stage.addEventListener("keydown", (event) => keydown(state, event));
  state.legends = [legend(), legend()];
  state.grid = new HeadTable({ pick: (layer, head) => stepTo(state, [0, 1], [layer, head]), testid: "change" });
  state.note = element("p", { class: "av-note" });
  state.about = element("p", { class: "av-note" });
  state.changed = element("div", { class: "av-change" }, [state.grid.node, state.about]);
  state.host.append(state.toolbar, state.notice, state.stage, ...state.legends.map(({ node }) => node), element("p", { class: "av-help", text: KEYS_HELP }), state.note, state.changed);
  document.fonts?.ready.then(() => state.header && refresh(state));
}

/**
 * A plot with its title and, for a pane, the steppers of its head; the last one shows the difference.
 * @param {PanesState} state
 */
function plotOf(state, n) {
  const plot = new Plot({
    hover: (cell) => point(state, cell && state.views ? positionsOf(state, n, cell) : null),
    pin: (cell) => {
      const found = cell && state.views ? positionsOf(state, n, cell) : null;
      state.held = JSON.stringify(found) === JSON.stringify(state.held) ? null : found;
      point(state, found);
    },
  });
  plot.scroller.addEventListener("scroll", () => follow(state, n));
  const title = element("figcaption", { class: "av-panel-title av-pane-title" });
  const steppers = ["Layer", "Head"].map((what, at) =>
    stepper(what, (value) => {
      const place = [...state.places.value[n]];
      place[at] = value;
      stepTo(state, state.linked ? state.header.panes.keys() : [n], place);
    }, ` of ${state.header.panes[n]?.name ?? "the difference"}`),
  );
  const steps = element("div", { class: "av-pane-steps" }, steppers.map(({ node }) => node));
  return { plot, title, steppers, steps, node: element("figure", { class: "av-one" }, [title, steps, plot.node]) };
}

/**
 * Shows another head in some panes: at once where its map is here, else when the host has sent it.
 * @param {PanesState} state
 * @param {Iterable<number>} panes
 * @param {number[]} place
 */
function stepTo(state, panes, [layer, head]) {
  const places = state.places.value.map((place) => [...place]);
  for (const n of panes) {
    const { layers, heads } = sourceOf(state, n);
    places[n] = [clamp(layer, 0, layers - 1), clamp(head, 0, heads - 1)];
  }
  state.places.set(places);
  refresh(state);
  state.report(places);
}

const sourceOf = ({ header }, n) => header.sources[header.panes[n].source];

/** @param {PanesState} state */
function refresh(state) {
  const { header, host } = state;
  if (!header || host.clientWidth === 0) return;
  if (!state.theme) {
    state.theme = themeOf(host);
    state.colours = [sequentialScale(state.theme), divergingScale(state.theme)];
    state.pixels = state.colours.map(pixelsOf);
  }
  needPlots(state, header.panes.length + 1);
  const hiding = showControls(state);
  const maps = header.panes.map((_, n) => state.maps.get(sourceOf(state, n).identity).get(state.places.value[n].join()));
  const waiting = maps.some((map) => !map);
  state.stage.setAttribute("aria-busy", String(waiting));
  state.stage.classList.toggle("av-waiting", waiting);
  if (waiting) return;
  state.views = maps.map((map, n) => viewOf(map, { ...sourceOf(state, n), rowsSumToOne: true }, hiding ? ["special"] : []));
  const [first, second] = [state.first, state.second];
  state.pairing = pairingOf(state, first, second);
  state.difference = differenceOf([state.views[first], state.views[second]], state.pairing);
  state.shared = rootScale(state.colours[0], state.pixels[0], Math.max(...state.views.map((view) => view.top)));
  state.signed = signedScale(state.colours[1], state.pixels[1], state.difference.top);
  showMaps(state);
  showLegends(state);
  point(state, state.cell);
}

/** @param {PanesState} state */
function needPlots(state, count) {
  if (state.plots.length === count) return;
  state.plots = Array.from({ length: count }, (_, n) => plotOf(state, n));
  state.stage.replaceChildren(...state.plots.map(({ node }) => node));
}

/**
 * Sets all controls; returns whether special tokens are hidden.
 * @param {PanesState} state
 */
function showControls(state) {
  const { header } = state;
  const options = header.panes.map(({ name }, n) => [String(n), name]);
  for (const [control, value] of [[state.firstChoice, state.first], [state.secondChoice, state.second]]) {
    control.set(value, options);
    control.node.hidden = options.length < 3;
  }
  header.panes.forEach((pane, n) => {
    const { title, steppers, steps } = state.plots[n];
    title.replaceChildren(element("b", { text: pane.name }), pane.title ? ` · ${pane.title}` : "");
    steps.hidden = header.fixed;
    const { layers, heads } = sourceOf(state, n);
    [layers, heads].forEach((count, at) => steppers[at].set(state.places.value[n][at], count));
  });
  state.plots.at(-1).steps.hidden = true;
  state.linkToggle.set(state.linked);
  state.linkToggle.node.hidden = header.fixed;
  state.note.textContent = header.note;
  const flags = header.sources.flatMap(({ querySpecial, keySpecial }) => [querySpecial, keySpecial]);
  const able = flags.every((axis) => axis.includes(0)) && flags.some((axis) => axis.includes(1));
  const hiding = state.hide && able;
  state.hideToggle.set(hiding, !able);
  state.notice.textContent = hiding ? "Special tokens are hidden, and each row is renormalised: what is left of it sums to 1." : "";
  showChanges(state);
  return hiding;
}

/** @param {PanesState} state */
function showChanges(state) {
  const { header, change, theme } = state;
  state.changed.hidden = !change;
  if (!change) return;
  const [first, second] = header.panes;
  const top = change.reduce((most, value) => (value > most ? value : most), 0);
  const { layers, heads } = sourceOf(state, 0);
  state.grid.show({
    layers, heads, values: change, scale: plainScale(sequentialScale(theme), top || 1, false), theme,
    title: `How much each head changed from ${first.name} to ${second.name}`, name: "change", current: state.places.value[0],
  });
  state.about.textContent = `Change: the mean Jensen–Shannon distance of a head’s rows in ${first.name} and ${second.name}, over what has a counterpart; 0: the same, 1: nothing in common. Colour: from 0 to ${decimals(top)}. Click a head to see it in both.`;
}

/** @param {PanesState} state */
function showMaps(state) {
  const width = state.host.clientWidth;
  state.host.classList.toggle("av-compact", width < 560);
  state.host.classList.toggle("av-many", state.header.panes.length > 2);
  // Beside each other as long as every row has room for its label.
  const longest = Math.max(...state.views.map((view) => Math.max(view.q, view.k)));
  const least = clamp(88 + 13 * longest, 280, 420);
  const most = state.plots.length === 4 ? 2 : 3;
  const columns = clamp(Math.floor((width + BETWEEN) / (least + BETWEEN)), 1, most);
  const each = Math.floor((width - (columns - 1) * BETWEEN) / columns);
  scenesOf(state).forEach((scene, n) => {
    const { plot, title, node } = state.plots[n];
    const nothing = scene.view.q === 0 || scene.view.k === 0;
    if (n === state.plots.length - 1) title.textContent = nothing ? `${scene.title}: nothing has a counterpart` : scene.title;
    node.style.width = `${each}px`;
    plot.node.hidden = nothing;
    if (!nothing) plot.show(scene, { width: each, height: 460, compact: each < 400, largest: longest <= 12 ? 44 : 36 });
  });
  state.stage.setAttribute("aria-label", describe(state));
}

/**
 * Marks the same cell in all maps and says its values. `cell`: {pane, i, j} as positions, or null.
 * @param {PanesState} state
 */
function point(state, cell) {
  state.cell = cell;
  const { views, difference, header } = state;
  if (!views) return;
  const shown = cell ?? state.held;
  const found = header.panes.map((_, n) => shown && { rows: standing(state, n, shown, "rows"), cols: standing(state, n, shown, "cols") });
  const missing = (list) => list !== null && list.length === 0;
  found.forEach((each, n) => state.plots[n].plot.mark(each && !missing(each.rows) && !missing(each.cols) ? spanOf(each) : null));
  const apart = shown && { i: standingApart(state, shown, "rows"), j: standingApart(state, shown, "cols") };
  if (difference.q && difference.k) state.plots.at(-1).plot.mark(apart && apart.i !== -1 && apart.j !== -1 ? apart : null);
  const cells = found.map((each) => (each?.rows?.length && each.cols?.length ? each : null));
  const values = cells.map((each, n) => each && weightOf(views[n], each.rows, each.cols));
  const whole = apart?.i >= 0 && apart.j >= 0 && apart.i !== null && apart.j !== null && apart.j < difference.open[apart.i];
  values.push(whole ? difference.values[apart.i * difference.k + apart.j] : null);
  const units = whole ? [difference.pairedRows[apart.i], difference.pairedCols[apart.j]] : [];
  const several = units.some(({ at }) => at.some((side) => side.length > 1));
  sayCell(state.readout, { header, views, cells, values, unit: several ? units.map(({ label }) => quoted(label)).join(" → ") : "" });
}

/** The cell that a plot marks: the first row and column, and how many there are. */
const spanOf = ({ rows, cols }) => ({ i: rows ? rows[0] : null, j: cols ? cols[0] : null, rows: rows?.length ?? 1, cols: cols?.length ?? 1 });

/** @param {PanesState} state */
function keydown(state, event) {
  if (modified(event) || !state.views || event.target !== state.stage) return;
  const { rows, cols, q, k } = state.views[0];
  const move = ARROWS[event.key];
  if (event.key === "Escape" && state.held) state.held = null;
  else if (move) {
    const old = state.held?.pane === 0 ? [rows.indexOf(state.held.i), cols.indexOf(state.held.j)] : [-1, -1];
    const started = old[0] >= 0 && old[1] >= 0;
    const [i, j] = started ? [clamp(old[0] + move[0], 0, q - 1), clamp(old[1] + move[1], 0, k - 1)] : [0, 0];
    state.held = positionsOf(state, 0, { i, j });
    state.plots[0].plot.reveal({ i, j });
  } else return;
  state.readout.setAttribute("aria-live", "polite");
  point(state, null);
  taken(event);
}

/** @param {PanesState} state */
const nameOf = (state, extension) => fileName(["panes", state.header.model, ...state.places.value.map(headName)], extension);
