// Figure "switches": every head as a switch, coloured by how far the result falls without it; layers are switches too.

import { csvText } from "../../core/csv.js";
import { element } from "../../core/dom.js";
import { figureState } from "../../core/figure.js";
import { decimals, shortest } from "../../core/numbers.js";
import { Results } from "../../core/results.js";
import { fileName } from "../../core/save.js";
import { Shared } from "../../core/shared.js";
import { css, divergingScale, inkOn } from "../../paint/colours.js";
import { downloads } from "../../paint/download.js";
import { HeadTable } from "../../paint/head_table.js";
import { legend } from "../../paint/legend.js";
import { colourOf, signedScale } from "../../paint/scales.js";
import { sheetSvg } from "../../paint/sheet.js";
import { themeOf } from "../../paint/theme.js";
import { messageOf } from "./message.js";

/** @import {SwitchesState} from "./message.js" */

const HELP_ALONE = "Point at a head to read its number; arrow keys move.";
const PICTURE = { cell: 52, height: 26, gap: 2, left: 70, top: 60, margin: 16 };

/** Draws the figure in `root`. callbacks: switched([[layer, head], ...]), all heads that are now off. */
export function draw(root, bytes, callbacks = {}) {
  const state = /** @type {SwitchesState} */ (figureState(root, "switches", build));
  const { header, arrays } = messageOf(bytes);
  const question = JSON.stringify([header.identity, header.layers, header.heads]);
  if (state.question !== question) Object.assign(state, { question, off: new Shared("switched") });
  Object.assign(state, { header, callbacks, values: arrays.values.data });
  state.off.offer(header.off);
  state.results.show(header.results);
  state.host.dataset.marked = header.marked;
  state.help.textContent = callbacks.switched ? header.help : HELP_ALONE;
  refresh(state);
}

/** @param {SwitchesState} state */
function build(state) {
  state.off = new Shared("switched");
  state.resize = () => refresh(state);
  state.recolour = () => {
    state.theme = null;
    refresh(state);
  };
  state.drawing = () => sheetSvg(sheetOf(state));
  const download = downloads({
    sheet: () => sheetOf(state), table: () => tableText(state), name: (extension) => nameOf(state, extension),
    titles: ["PNG picture", "SVG drawing", "CSV of all heads"],
  });
  state.legend = legend({ widest: 260, more: [element("div", { class: "av-tools" }, [download])] });
  state.readout = element("p", { class: "av-readout", "data-testid": "readout" });
  state.grid = new HeadTable({
    pick: (layer, head) => flip(state, [[layer, head]]),
    pickLayer: (layer) => flip(state, headsOf(state, layer)),
    point: (layer, head) => read(state, layer, head),
    testid: "switches",
  });
  state.results = new Results();
  state.help = element("p", { class: "av-help" });
  state.host.append(state.results.sentence, state.grid.node, state.readout, state.legend.node, state.help, state.results.tables);
}

/**
 * What the colours mean, and how far they reach.
 * @param {SwitchesState} state
 */
const legendText = ({ header, scale }) => `${header.legend} Colour: square root of the size, up to ±${decimals(scale.top, 3)}.`;

/** Three decimals; what rounds to nothing has no sign. */
const thousandths = (value) => decimals(Math.abs(value) < 0.0005 ? 0 : value, 3);

const headKey = (place) => place.join(",");

/** The heads of a layer that the model has. */
function headsOf({ header, values }, layer) {
  const heads = Array.from({ length: header.heads }, (_, head) => [layer, head]);
  return heads.filter(([, head]) => Number.isFinite(values[layer * header.heads + head]));
}

/**
 * Switches these heads on if all of them are off, else off; alone in a file there is no model to ask.
 * @param {SwitchesState} state
 */
function flip(state, places) {
  if (!state.callbacks.switched) return;
  const keys = new Set(places.map(headKey));
  const kept = state.off.value.filter((place) => !keys.has(headKey(place)));
  const allOff = state.off.value.length - kept.length === places.length;
  state.off.set(allOff ? kept : [...kept, ...places].sort((a, b) => a[0] - b[0] || a[1] - b[1]));
  refresh(state);
  state.callbacks.switched?.(state.off.value);
}

/** @param {SwitchesState} state */
function refresh(state) {
  const { header, host, values } = state;
  if (!header || host.clientWidth === 0) return;
  state.theme ??= themeOf(host);
  host.classList.toggle("av-compact", host.clientWidth < 560);
  const sizes = Array.from(values).filter(Number.isFinite).map(Math.abs);
  state.scale = signedScale(divergingScale(state.theme), null, Math.max(...sizes, 1e-6));
  state.grid.show({
    layers: header.layers, heads: header.heads, values, scale: state.scale, theme: state.theme, title: header.title,
    name: header.name, off: new Set(state.off.value.map(headKey)), text: thousandths,
  });
  state.legend.show(state.scale, state.theme, host.clientWidth, legendText(state));
  if (!state.readout.textContent) read(state, -1, -1);
}

/**
 * Says what is known of the head that is pointed at.
 * @param {SwitchesState} state
 */
function read(state, layer, head) {
  const { header, values } = state;
  if (head < 0) {
    state.readout.textContent = layer < 0 ? "Point at a head to read its number." : `Layer ${layer}: all of its heads`;
    return;
  }
  const off = state.off.value.some((place) => headKey(place) === headKey([layer, head])) ? `, ${header.marked}` : "";
  const value = values[layer * header.heads + head];
  state.readout.textContent = `Layer ${layer}, head ${head}${off}: ${header.name} ${thousandths(value)} ${header.unit}`;
}

const nameOf = ({ header }, extension) => fileName(["head-importance", header.model, header.target], extension);

function tableText({ header, values, off }) {
  const gone = new Set(off.value.map(headKey));
  const rows = [["layer", "head", `${header.name} (${header.unit})`, header.marked]];
  for (let layer = 0; layer < header.layers; layer++)
    for (let head = 0; head < header.heads; head++) {
      const value = values[layer * header.heads + head];
      if (Number.isFinite(value)) rows.push([layer, head, { numeric: shortest(value) }, gone.has(headKey([layer, head])) ? "yes" : "no"]);
    }
  return csvText(rows);
}

const pictureSize = ({ header }) => {
  const { cell, height, gap, left, top, margin } = PICTURE;
  return [Math.max(520, left + header.heads * (cell + gap) + margin), top + header.layers * (height + gap) + margin];
};

function paintPicture(pen, state) {
  const { header, theme, values, scale } = state;
  const { cell, height, gap, left, top, margin } = PICTURE;
  const gone = new Set(state.off.value.map(headKey));
  pen.font(`600 14px ${theme.font}`);
  pen.text(margin, margin + 6, header.title, { colour: css(theme.text) });
  pen.font(`12px ${theme.font}`);
  for (let head = 0; head < header.heads; head++) pen.text(left + head * (cell + gap) + cell / 2, top - 10, String(head), { align: "center", colour: css(theme.muted) });
  for (let layer = 0; layer < header.layers; layer++) {
    const y = top + layer * (height + gap);
    pen.text(left - 8, y + height / 2, `layer ${layer}`, { align: "right", colour: css(theme.muted) });
    for (let head = 0; head < header.heads; head++) {
      const value = values[layer * header.heads + head];
      if (!Number.isFinite(value)) continue;
      const off = gone.has(headKey([layer, head]));
      const ground = off ? theme.text : colourOf(scale, value);
      const x = left + head * (cell + gap);
      pen.rect(x, y, cell, height, css(ground));
      pen.text(x + cell / 2, y + height / 2, off ? header.marked.split(" ").at(-1) : thousandths(value), { align: "center", colour: css(inkOn(ground)) });
    }
  }
}

/**
 * The grid as a picture.
 * @param {SwitchesState} state
 */
function sheetOf(state) {
  const [width, height] = pictureSize(state);
  const paint = (/** @type {any} */ pen) => {
    paintPicture(pen, state);
    return height;
  };
  return { width, theme: state.theme, title: state.header.title, paint };
}
