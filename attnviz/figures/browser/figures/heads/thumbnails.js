// The thumbnails of all heads: painted on one canvas, with a button over each; and as a picture of their own.

import { element } from "../../core/dom.js";
import { rove } from "../../core/keyboard.js";
import { CanvasPen } from "../../paint/pens.js";
import { tintOf, valuesOf } from "./facts.js";
import { gridOf, ordered, paintGridOf } from "./grid.js";

/** @import {HeadsState} from "./message.js" */

/**
 * Makes one head the one that the Tab key reaches.
 * @param {HeadsState} state
 */
export function rest(state, key) {
  state.at = key;
  rove(state.nodes.values(), state.nodes.get(key));
}

/**
 * Where the heads stand, in the chosen order.
 * @param {HeadsState} state
 */
export function gridFor(state) {
  const { header, host } = state;
  const [metric, direction] = state.orderBy.split(":");
  const order = metric ? ordered(valuesOf(state, metric), header.layers, header.heads, direction === "down") : null;
  return gridOf({
    width: host.clientWidth, layers: header.layers, heads: header.heads, order,
    shape: state.thumbs.shape.slice(2), captions: state.colourBy && !state.asValues ? 1 : 0, compact: host.clientWidth < 560,
    folded: state.folded,
  });
}

/** @param {HeadsState} state */
export function paint(state) {
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
export function placeButtons(state) {
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
  if (wanted.length) rest(state, state.nodes.has(state.at) ? state.at : wanted[0]);
  placeFolds(state);
}

/**
 * A button above each group of layers, in a model of many.
 * @param {HeadsState} state
 */
function placeFolds(state) {
  const { folds } = state.grid;
  if (state.foldNodes?.length !== folds.length) {
    state.foldNodes = folds.map(({ number }) => element("button", { type: "button", class: "av-fold", "data-fold": String(number) }));
    state.folds.replaceChildren(...state.foldNodes);
  }
  folds.forEach(({ first, last, folded, y }, at) => {
    const node = state.foldNodes[at];
    node.style.top = `${y}px`;
    node.textContent = `${folded ? "▸" : "▾"} layers ${first} to ${last}`;
    node.setAttribute("aria-expanded", String(!folded));
  });
}

/**
 * The grid as a picture of its own, without the opened head.
 * @param {HeadsState} state
 */
export function gridSheet(state) {
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
