// Figure "allocation": shares of attention as stacked bars over layers or heads, and one group's share by head.

import { choice } from "../../core/controls.js";
import { csvText } from "../../core/csv.js";
import { element } from "../../core/dom.js";
import { figureState } from "../../core/figure.js";
import { modified, placeAfter, rove, taken } from "../../core/keyboard.js";
import { percent, shortest } from "../../core/numbers.js";
import { fileName } from "../../core/save.js";
import { css, divergingScale, inkOn, mix, sequentialScale } from "../../paint/colours.js";
import { downloads } from "../../paint/download.js";
import { HeadTable } from "../../paint/head_table.js";
import { plainScale } from "../../paint/scales.js";
import { sheetSvg } from "../../paint/sheet.js";
import { themeOf } from "../../paint/theme.js";
import { messageOf } from "./message.js";

/** @import {AllocationState} from "./message.js" */

// Told apart with any of the usual colour deficiencies (after Okabe & Ito 2008), on light and on dark.
const HUES = [[138, 143, 152], [204, 121, 167], [230, 159, 0], [86, 180, 233], [0, 114, 178]];
const SHOWN = 0.07; // a narrower part of a bar has no room for its number
const FADED = 0.72; // the even spread, with which bars are compared, stands back behind them
const PICTURE = { width: 900, bar: 22, gap: 6, left: 130, margin: 20 };

/** Draws the figure in `root`. callbacks: open({layer, head}). */
export function draw(root, bytes, callbacks = {}) {
  const state = /** @type {AllocationState} */ (figureState(root, "allocation", build));
  const { header, arrays } = messageOf(bytes);
  const titles = header.titles.join("\n");
  if (state.titles !== titles) Object.assign(state, { titles, group: 0, chosen: header.chosen });
  if (state.layer >= header.layers) state.layer = -1;
  state.help.hidden = !callbacks.open; // a page on disk has no other to open
  Object.assign(state, { header, callbacks, shares: arrays.shares.data, even: arrays.even.data });
  refresh(state);
}

/** @param {AllocationState} state */
function build(state) {
  Object.assign(state, { layer: -1, group: 0, chosen: 0 });
  state.resize = () => refresh(state);
  state.recolour = () => {
    state.theme = null;
    refresh(state);
  };
  const setting = (name) => (value) => {
    state[name] = Number(value);
    refresh(state);
  };
  state.barsChoice = choice("Bars", [["-1", "layers"]], setting("layer"));
  state.groupChoice = choice("Who looks", [["0", ""]], setting("group"));
  state.drawing = () => sheetSvg(sheetOf(state));
  const download = downloads({
    sheet: () => sheetOf(state), table: () => tableText(state), name: (extension) => nameOf(state, extension),
    titles: ["PNG picture", "SVG drawing", "CSV of all heads"],
  });
  state.toolbar = element("div", { class: "av-toolbar" }, [state.barsChoice.node, state.groupChoice.node, element("div", { class: "av-tools" }, [download])]);
  state.legend = element("div", { class: "av-groups", role: "radiogroup", "aria-label": "Share shown head by head", "data-testid": "groups" });
  state.bars = element("table", { class: "av-stacks", "data-testid": "stacks" });
  state.grid = new HeadTable({ pick: (layer, head) => state.callbacks.open?.({ layer, head }), testid: "grid" });
  state.numbers = element("table", { class: "av-links av-numbers", "data-testid": "numbers" });
  state.note = element("p", { class: "av-note" });
  state.help = element("p", { class: "av-help", text: "Click a head to open its map; arrow keys move from head to head." });
  const unfold = element("details", { class: "av-unfold" }, [element("summary", { text: "The bars as numbers" }), element("div", { class: "av-headbox" }, [state.numbers])]);
  state.host.append(
    state.toolbar, state.bars, state.legend, state.grid.node,
    state.help, unfold, state.note,
  );
}

/**
 * The mean shares over some heads, for the chosen group of queries.
 * @param {AllocationState} state
 */
function meanOf(state, layers, heads) {
  const { header, shares, group } = state;
  const [G, C] = [header.rows.length, header.titles.length];
  const sums = new Float64Array(C);
  for (const layer of layers)
    for (const head of heads) {
      const from = ((layer * header.heads + head) * G + group) * C;
      for (let c = 0; c < C; c++) sums[c] += shares[from + c] / (layers.length * heads.length);
    }
  return sums;
}

const range = (count) => Array.from({ length: count }, (_, n) => n);

/**
 * What the bars show: [name, shares] for the whole, its parts, and the even spread.
 * @param {AllocationState} state
 * @returns {[name: string, shares: ArrayLike<number>][]}
 */
function stacksOf(state) {
  const { header, layer, group, even } = state;
  const C = header.titles.length;
  const heads = range(header.heads);
  /** @type {[name: string, shares: ArrayLike<number>]} */
  const spread = ["evenly spread", even.subarray(group * C, (group + 1) * C)];
  /** @type {(name: string, layers: number[], some: number[]) => [name: string, shares: ArrayLike<number>]} */
  const stack = (name, layers, some) => [name, meanOf(state, layers, some)];
  if (layer >= 0) return [stack(`layer ${layer}`, [layer], heads), ...heads.map((h) => stack(`head ${h}`, [layer], [h])), spread];
  const every = range(header.layers);
  return [stack("whole model", every, heads), ...every.map((l) => stack(`layer ${l}`, [l], heads)), spread];
}

/** @param {AllocationState} state */
function refresh(state) {
  const { header, host } = state;
  if (!header || host.clientWidth === 0) return;
  state.theme ??= themeOf(host);
  host.classList.toggle("av-compact", host.clientWidth < 560);
  state.barsChoice.set(state.layer, [["-1", "layers"], ...range(header.layers).map((l) => [String(l), `heads of layer ${l}`])]);
  state.groupChoice.set(state.group, header.rows.map((row, n) => [String(n), row]));
  state.groupChoice.node.hidden = header.rows.length < 2;
  state.colours = coloursOf(state);
  state.stacks = stacksOf(state);
  state.note.textContent = header.note;
  showBars(state);
  showLegend(state);
  showGrid(state);
  showNumbers(state);
}

/** A colour for each group; distances run from orange (before) to blue (after) around grey. */
function coloursOf({ header, theme }) {
  if (header.hues) return header.hues.map((hue) => HUES[hue]);
  const scale = divergingScale(theme);
  const middle = header.titles.indexOf("itself");
  const most = Math.max(middle, header.titles.length - 1 - middle) + 1;
  return header.titles.map((_, n) => (n === middle ? mix(theme.bg, theme.text, 0.5) : scale[Math.round(127 + (127 * (n - middle + Math.sign(n - middle) * 0.5)) / most)]));
}

/** @param {AllocationState} state */
function showBars(state) {
  const { header, stacks, theme } = state;
  const faded = state.colours.map((colour) => mix(theme.bg, colour, FADED));
  const caption = element("caption", { class: "av-panel-title", text: `Where the attention of ${header.rows[state.group]} goes` });
  const rows = stacks.map(([name, values], at) => {
    const colours = at === stacks.length - 1 ? faded : state.colours;
    const parts = header.titles.map((title, c) => {
      const text = `${title}: ${percent(values[c])}`;
      const part = element("span", { class: "av-part", title: text, "data-value": String(values[c]), text: values[c] >= SHOWN && !state.host.classList.contains("av-compact") ? `${Math.round(100 * values[c])}` : "" });
      part.style.width = `${100 * values[c]}%`;
      part.style.backgroundColor = css(colours[c]);
      part.style.color = css(inkOn(colours[c]));
      return part;
    });
    const label = `${name}: ${header.titles.map((title, c) => `${title} ${percent(values[c])}`).join(", ")}`;
    const bar = element("div", { class: "av-stack", role: "img", "aria-label": label }, parts);
    const row = element("tr", {}, [element("th", { scope: "row", text: name }), element("td", {}, [bar])]);
    if (at === 0 || at === stacks.length - 1) row.className = at ? "av-spread" : "av-whole";
    return row;
  });
  state.bars.replaceChildren(caption, element("tbody", {}, rows));
}

/** @param {AllocationState} state */
function showLegend(state) {
  const { header, colours, stacks, chosen } = state;
  const known = state.legend.childElementCount === header.titles.length && state.shownTitles === state.titles;
  if (!known) {
    state.shownTitles = state.titles;
    state.legend.replaceChildren(...header.titles.map((title, c) => {
      const item = element("button", { type: "button", class: "av-group", role: "radio" }, [
        element("span", { class: "av-hue" }), element("b", { text: title }), element("span", { class: "av-group-share" }), element("span", { class: "av-group-text", text: header.definitions[c] }),
      ]);
      item.addEventListener("click", () => choose(state, c));
      item.addEventListener("keydown", (event) => {
        const next = modified(event) ? null : placeAfter(event.key, c, header.titles.length, { around: true });
        if (next === null) return;
        taken(event);
        choose(state, next);
        state.legend.children[state.chosen].focus();
      });
      return item;
    }));
  }
  rove(state.legend.children, state.legend.children[chosen]);
  [...state.legend.children].forEach((item, c) => {
    item.setAttribute("aria-checked", String(c === chosen));
    item.children[0].style.backgroundColor = css(colours[c]);
    item.children[2].textContent = percent(stacks[0][1][c]);
  });
}

/** @param {AllocationState} state */
function choose(state, group) {
  state.chosen = group;
  showLegend(state);
  showGrid(state);
}

/** @param {AllocationState} state */
function showGrid(state) {
  const { header, shares, group, chosen, theme } = state;
  const [G, C] = [header.rows.length, header.titles.length];
  const values = Float32Array.from({ length: header.layers * header.heads }, (_, n) => shares[(n * G + group) * C + chosen]);
  const scale = plainScale(sequentialScale(theme), 1, false);
  const title = `Share on ${header.titles[chosen]}, head by head, in %`;
  state.grid.show({ layers: header.layers, heads: header.heads, values, scale, theme, title, name: `share on ${header.titles[chosen]}`, text: (value) => String(Math.round(100 * value)) });
}

/** @param {AllocationState} state */
function showNumbers(state) {
  const { header, stacks } = state;
  const head = element("tr", {}, ["", ...header.titles].map((text) => element("th", { scope: "col", text })));
  const rows = stacks.map(([name, values]) => element("tr", {}, [element("th", { scope: "row", text: name }), ...header.titles.map((_, c) => element("td", { class: "av-number", text: percent(values[c]) }))]));
  state.numbers.replaceChildren(element("thead", {}, [head]), element("tbody", {}, rows));
}

const nameOf = ({ header }, extension) => fileName(["allocation", header.model, header.titles[0]], extension);

/**
 * One line a head and a group of queries; then the means of the layers and of the whole, and the even spread.
 * @param {AllocationState} state
 */
function tableText(state) {
  const { header, shares, even } = state;
  const [G, C] = [header.rows.length, header.titles.length];
  const rows = [["layer", "head", "who looks", ...header.titles]];
  const line = (layer, head, g, values) => rows.push([layer, head, header.rows[g], ...Array.from(values, (value) => ({ numeric: shortest(value) }))]);
  for (let l = 0; l < header.layers; l++)
    for (let h = 0; h < header.heads; h++)
      for (let g = 0; g < G; g++) {
        const from = ((l * header.heads + h) * G + g) * C;
        line(l, h, g, shares.subarray(from, from + C));
      }
  for (let g = 0; g < G; g++) line("evenly spread", "", g, even.subarray(g * C, (g + 1) * C));
  return csvText(rows);
}

/** Strokes the bars and their legend with a pen; returns nothing, the size is `pictureSize`. */
function paintPicture(pen, state) {
  const { header, theme, colours, stacks } = state;
  const { width, bar, gap, left, margin } = PICTURE;
  pen.font(`600 15px ${theme.font}`);
  pen.text(margin, margin + 8, `Where the attention of ${header.rows[state.group]} goes`, { colour: css(theme.text) });
  pen.font(`12px ${theme.font}`);
  const room = width - left - margin;
  stacks.forEach(([name, values], n) => {
    const y = margin + 28 + n * (bar + gap);
    pen.text(left - 8, y + bar / 2, name, { align: "right", colour: css(theme.text) });
    let x = left;
    header.titles.forEach((_, c) => {
      pen.rect(x, y, room * values[c], bar, css(colours[c]));
      if (values[c] >= SHOWN) pen.text(x + (room * values[c]) / 2, y + bar / 2, `${Math.round(100 * values[c])}`, { align: "center", colour: css(inkOn(colours[c])) });
      x += room * values[c];
    });
  });
  header.titles.forEach((title, c) => {
    const y = margin + 36 + stacks.length * (bar + gap) + c * 18;
    pen.rect(left, y, 12, 12, css(colours[c]));
    pen.text(left + 18, y + 6, title, { colour: css(theme.text) });
  });
}

const pictureHeight = ({ stacks, header }) => 2 * PICTURE.margin + 36 + stacks.length * (PICTURE.bar + PICTURE.gap) + header.titles.length * 18;

/**
 * The bars as a picture.
 * @param {AllocationState} state
 */
function sheetOf(state) {
  const paint = (/** @type {any} */ pen) => {
    paintPicture(pen, state);
    return pictureHeight(state);
  };
  return { width: PICTURE.width, theme: state.theme, title: `Where the attention of ${state.header.rows[state.group]} goes`, paint };
}
