// Figure "errors": for each task of a translator a wall of its heads, with the alignment error rate of each.

import { menu } from "../../core/controls.js";
import { csvText } from "../../core/csv.js";
import { element } from "../../core/dom.js";
import { figureState } from "../../core/figure.js";
import { decimals, shortest } from "../../core/numbers.js";
import { fileName, saveText } from "../../core/save.js";
import { css, inkOn, sequentialScale } from "../../paint/colours.js";
import { colourOf, plainScale } from "../../paint/scales.js";
import { themeOf } from "../../paint/theme.js";
import { errorsMessage, lowestOf, rateAt } from "./message.js";

/** @import {ErrorsState} from "./message.js" */

const WALL_HELP = "The stronger the colour, the nearer to gold; 0 is perfect. A star marks the best of each task. Click a head to look at it above.";

/** Draws the figure in `root`. callbacks.selection({layer, head}): the reader turns to this head, or mean. */
export function draw(root, bytes, callbacks = {}) {
  const state = /** @type {ErrorsState} */ (figureState(root, "errors", buildWalls));
  const { header, arrays } = errorsMessage(bytes);
  const [, layers, columns] = arrays.rates.shape;
  Object.assign(state, { header, callbacks, rates: arrays.rates.data, layers, columns });
  state.note.textContent = header.note;
  refreshWalls(state);
}

/** @param {ErrorsState} state */
function buildWalls(state) {
  state.resize = () => {};
  state.recolour = () => refreshWalls(state);
  const download = menu("Download", [["CSV table", () => saveText(errorsTable(state), "text/csv", fileName(["alignment errors", state.header.model], "csv"))]]);
  state.walls = element("div", { class: "av-errwalls", "data-testid": "walls" });
  state.note = element("p", { class: "av-note" });
  state.host.append(element("div", { class: "av-toolbar" }, [element("div", { class: "av-tools" }, [download])]), state.walls, element("p", { class: "av-help", text: WALL_HELP }), state.note);
}

/** @param {ErrorsState} state */
function refreshWalls(state) {
  if (!state.header) return;
  state.theme = themeOf(state.host);
  state.walls.replaceChildren(...state.header.tasks.map((_, task) => wall(state, task)));
}

const columnName = (state, column) => (column === state.columns - 1 ? "mean" : `head ${column}`);

/**
 * @param {ErrorsState} state
 * @param {number} task
 */
function wall(state, task) {
  const { title, sentences, diagonal } = state.header.tasks[task];
  const columns = Array.from({ length: state.columns }, (_, column) => column);
  const head = element("tr", {}, [element("td"), ...columns.map((column) => element("th", { scope: "col", text: columnName(state, column) }))]);
  const rows = Array.from({ length: state.layers }, (_, layer) =>
    element("tr", {}, [element("th", { scope: "row", text: `layer ${layer}` }), ...columns.map((column) => wallCell(state, task, layer, column))]),
  );
  const caption = element("caption", { class: "av-panel-title" }, [title, " ", element("small", { text: `${sentences} sentences · diagonal ${decimals(diagonal, 2)}` })]);
  return element("table", { class: "av-errwall" }, [caption, element("thead", {}, [head]), element("tbody", {}, rows)]);
}

/** @param {ErrorsState} state */
function wallCell(state, task, layer, column) {
  const { header, theme, callbacks } = state;
  const rate = rateAt(state, task, layer, column);
  const colour = colourOf(plainScale(sequentialScale(theme), 1, false), Math.max(0, 1 - rate));
  const place = [layer, column === state.columns - 1 ? header.mean : column];
  const text = decimals(rate, 2) + (rate === lowestOf(state, task) ? " ★" : "");
  const style = `background-color:${css(colour)};color:${css(inkOn(colour))}`;
  const shown = JSON.stringify(header.shown) === JSON.stringify(place);
  const name = `${header.tasks[task].title}, layer ${layer}, ${columnName(state, column)}: ${decimals(rate, 2)}`;
  const inner = callbacks.selection
    ? element("button", { type: "button", class: "av-errhead", style, "aria-label": name, "aria-pressed": String(shown), text, on: { click: () => callbacks.selection({ layer: place[0], head: place[1] }) } })
    : element("span", { class: "av-errhead", style, text });
  return element("td", {}, [inner]);
}

/** @param {ErrorsState} state */
function errorsTable(state) {
  /** @type {import("../../core/csv.js").Cell[][]} */
  const rows = [["task", "layer", "head", "alignment error rate"]];
  state.header.tasks.forEach(({ title }, task) => {
    for (let layer = 0; layer < state.layers; layer++) {
      for (let column = 0; column < state.columns; column++) rows.push([title, layer, column === state.columns - 1 ? "mean" : column, { numeric: shortest(rateAt(state, task, layer, column)) }]);
    }
  });
  return csvText(rows);
}
