// Figure "compare": two to four heads over the same tokens on one scale, and the difference of two of them.

import { clamp, decimals, element, figureState, shortest, unpack } from "./base.js";
import { BAR_HEIGHT, paintBar } from "./bar.js";
import { divergingScale, pixelsOf, sequentialScale, themeOf } from "./colors.js";
import { choice, menu, toggle } from "./controls.js";
import { quoted } from "./labels.js";
import { CanvasPen } from "./pens.js";
import { pngOf, svgOf } from "./picture.js";
import { Plot } from "./plot.js";
import { csvText, fileName, saveCanvas, saveText } from "./save.js";
import { keyOf, queryOf, rootScale, signedScale, viewOf } from "./view.js";

const GAP = 24;
const HELP = "Arrow keys move a cell cursor through all maps at once; Escape ends it.";

/** Draws the figure in `root`; it reports nothing. */
export function draw(root, bytes) {
  const state = figureState(root, "compare", build);
  const { header, arrays } = unpack(bytes);
  const titles = header.titles.join("\n");
  if (state.titles !== titles) Object.assign(state, { titles, first: 0, second: 1, cell: null });
  Object.assign(state, { header, maps: arrays.maps });
  refresh(state);
}

function build(state) {
  Object.assign(state, { hide: false, cell: null, held: null, first: 0, second: 1 });
  state.resize = () => refresh(state);
  state.recolour = () => {
    state.theme = null;
    refresh(state);
  };
  const setting = (name, read) => (value) => {
    state[name] = read(value);
    refresh(state);
  };
  state.hideToggle = toggle("Hide special tokens", setting("hide", Boolean));
  state.firstChoice = choice("Difference of", [["0", ""]], setting("first", Number));
  state.secondChoice = choice("minus", [["1", ""]], setting("second", Number));
  const download = menu("Download", [
    ["PNG picture", () => saveCanvas(pngOf(scenesOf(state)), nameOf(state, "png"))],
    ["SVG drawing", () => saveText(svgOf(scenesOf(state), describe(state)), "image/svg+xml", nameOf(state, "svg"))],
    ["CSV table", () => saveText(tableText(state), "text/csv", nameOf(state, "csv"))],
  ]);
  state.toolbar = element("div", { class: "av-toolbar" }, [
    state.hideToggle.node, state.firstChoice.node, state.secondChoice.node, element("div", { class: "av-tools" }, [download]),
  ]);
  state.notice = element("p", { class: "av-notice", role: "status", "data-testid": "notice" });
  state.readout = element("div", { class: "av-readout av-facts", "data-testid": "readout", "aria-live": "off" });
  state.stage = element("div", { class: "av-side", tabindex: "0", role: "application", "aria-roledescription": "attention maps", "data-testid": "stage" });
  state.stage.addEventListener("keydown", (event) => keydown(state, event));
  state.bars = [element("canvas", { class: "av-legend-bar" }), element("canvas", { class: "av-legend-bar" })];
  state.legends = [element("p", { class: "av-legend-text" }), element("p", { class: "av-legend-text" })];
  state.note = element("p", { class: "av-note" });
  state.plots = [];
  const legends = state.bars.map((bar, n) => element("div", { class: "av-legend" }, [bar, state.legends[n]]));
  state.host.append(state.toolbar, state.notice, state.readout, state.stage, ...legends, element("p", { class: "av-help", text: HELP }), state.note);
  document.fonts?.ready.then(() => state.header && refresh(state));
}

/** As many plots as maps, and one for the difference; each in a figure with its title. */
function needPlots(state, count) {
  while (state.plots.length < count) {
    const plot = new Plot({
      hover: (cell) => point(state, cell),
      pin: (cell) => {
        const same = cell && state.held?.i === cell.i && state.held?.j === cell.j;
        state.held = same ? null : cell;
        point(state, cell);
      },
    });
    const title = element("figcaption", { class: "av-panel-title" });
    state.plots.push({ plot, title, node: element("figure", { class: "av-one" }, [title, plot.node]) });
  }
  state.plots.length = count;
  state.stage.replaceChildren(...state.plots.map(({ node }) => node));
}

function refresh(state) {
  const { header, host, maps } = state;
  if (!header || host.clientWidth === 0) return;
  if (!state.theme) {
    state.theme = themeOf(host);
    state.colours = [sequentialScale(state.theme), divergingScale(state.theme)];
    state.pixels = state.colours.map(pixelsOf);
  }
  showControls(state);
  const size = header.queries.length * header.keys.length;
  state.views = header.titles.map((_, n) => viewOf(maps.data.subarray(n * size, (n + 1) * size), header, state.hiding));
  state.difference = differenceOf(state.views[state.first], state.views[state.second]);
  const top = Math.max(...state.views.map((view) => view.top));
  state.shared = rootScale(state.colours[0], state.pixels[0], top);
  state.signed = signedScale(state.colours[1], state.pixels[1], state.difference.top);
  showPlots(state);
  showLegends(state);
  point(state, state.cell);
}

function showControls(state) {
  const { header } = state;
  const options = header.titles.map((title, n) => [String(n), title]);
  for (const [control, value] of [[state.firstChoice, state.first], [state.secondChoice, state.second]]) {
    control.set(value, options);
    control.node.hidden = header.titles.length < 3;
  }
  const canHide = [...header.querySpecial, ...header.keySpecial].includes(1) && header.querySpecial.includes(0) && header.keySpecial.includes(0);
  state.hiding = state.hide && canHide;
  state.hideToggle.set(state.hiding, !canHide);
  state.note.textContent = header.note;
  const hidden = header.rowsSumToOne ? ", and each row is renormalised: what is left of it sums to 1." : "; the other values are unchanged.";
  state.notice.textContent = state.hiding ? `Special tokens are hidden${hidden}` : "";
}

/** The view of a - b: same tokens, values of either sign. */
function differenceOf(a, b) {
  const values = a.values.map((value, at) => value - b.values[at]);
  const top = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return { ...a, values, raw: values, renormalised: false, top };
}

const differenceName = ({ header, first, second }) => `${header.titles[first]} minus ${header.titles[second]}`;

/** The scenes of all maps and of the difference, for the plots and for pictures. */
function scenesOf(state) {
  const { header, theme, views, difference, shared, signed } = state;
  const titles = { query: header.queryTitle, key: header.keyTitle };
  const scene = (view, scale, title) => ({ view, scale, theme, titles, title, label: `${header.quantity}: ${title}`, notes: [] });
  return [
    ...views.map((view, n) => scene(view, shared, header.titles[n])),
    { ...scene(difference, signed, differenceName(state)), notes: [state.notice.textContent, header.note].filter(Boolean) },
  ];
}

function showPlots(state) {
  const width = state.host.clientWidth;
  const compact = width < 560;
  state.host.classList.toggle("av-compact", compact);
  const scenes = scenesOf(state);
  needPlots(state, scenes.length);
  const columns = clamp(Math.floor((width + GAP) / (320 + GAP)), 1, scenes.length === 4 ? 2 : 3);
  const each = Math.floor((width - (columns - 1) * GAP) / columns);
  const small = Math.max(state.difference.q, state.difference.k) <= 12;
  scenes.forEach((scene, n) => {
    const { plot, title, node } = state.plots[n];
    title.textContent = n < scenes.length - 1 ? scene.title : `Difference: ${scene.title}`;
    node.style.width = `${each}px`;
    plot.show(scene, { width: each, height: 460, compact: each < 400, largest: small ? 44 : 36 });
  });
  state.stage.setAttribute("aria-label", describe(state));
}

const describe = (state) =>
  `${state.header.titles.length} maps of the ${state.header.quantity} side by side: ${state.header.titles.join("; ")}; and their difference: ${differenceName(state)}.`;

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
  const { header } = state;
  const ahead = header.causal ? " Hatched: cannot look ahead." : "";
  state.legends[0].textContent = `Colour: square root of the ${header.quantity}, one scale for all maps, up to ${decimals(state.shared.top)}.${ahead}`;
  const [first, second] = [header.titles[state.first], header.titles[state.second]];
  state.legends[1].textContent = `Difference: blue where ${first} is larger, orange where ${second} is; square root of its size, up to ${decimals(state.signed.top)}.`;
}

/** Marks the same cell in all maps and says all its values. */
function point(state, cell) {
  state.cell = cell;
  const { views, difference, header, readout } = state;
  const known = cell ?? state.held;
  const inside = known && (known.i ?? 0) < difference.q && (known.j ?? 0) < difference.k ? known : null;
  for (const { plot } of state.plots) plot.mark(inside);
  delete readout.dataset.values;
  if (!inside || inside.i === null || inside.j === null) {
    readout.replaceChildren(`Point at a cell to read its ${header.quantity} in all maps.`);
    return;
  }
  const { i, j } = inside;
  const [from, to] = [queryOf(difference, i), keyOf(difference, j)];
  const cellName = element("b", { class: "av-which", text: `${quoted(from.label)} (${from.position}) → ${quoted(to.label)} (${to.position})` });
  if (j >= difference.open[i]) return readout.replaceChildren(cellName, "cannot look ahead");
  const values = [...views, difference].map((view) => view.values[i * view.k + j]);
  readout.dataset.values = JSON.stringify(values);
  const names = [...header.titles, "difference"];
  const facts = values.map((value, n) => element("span", { class: "av-fact" }, [`${names[n]} `, element("b", { text: decimals(value) })]));
  readout.replaceChildren(cellName, ...facts);
}

const CURSOR = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

function keydown(state, event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const move = CURSOR[event.key];
  if (event.key === "Escape" && state.held) state.held = null;
  else if (move) {
    const from = state.held?.i === null || state.held?.j === null || !state.held ? { i: -move[0], j: -move[1] } : state.held;
    state.held = { i: clamp(from.i + move[0], 0, state.difference.q - 1), j: clamp(from.j + move[1], 0, state.difference.k - 1) };
    for (const { plot } of state.plots) plot.reveal(state.held);
  } else return;
  state.readout.setAttribute("aria-live", "polite");
  point(state, null);
  event.preventDefault();
  event.stopPropagation();
}

const nameOf = ({ header }, extension) => fileName(["compare", header.model, ...header.titles], extension);

/** One line a cell: both tokens with their positions, the value in each map, the difference. */
function tableText(state) {
  const { header, views, difference } = state;
  const rows = [["query position", "query", "key position", "key", ...header.titles, differenceName(state)]];
  for (let i = 0; i < difference.q; i++)
    for (let j = 0; j < difference.k; j++) {
      const [from, to] = [queryOf(difference, i), keyOf(difference, j)];
      const values = [...views, difference].map((view) => ({ numeric: shortest(view.values[i * view.k + j]) }));
      rows.push([from.position, from.label, to.position, to.label, ...values]);
    }
  return csvText(rows);
}
