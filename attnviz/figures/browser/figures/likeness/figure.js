// Figure "likeness": how alike all heads are, as a clustered matrix and as a map, and the heads by what they do.

import { element } from "../../core/dom.js";
import { figureState } from "../../core/figure.js";
import { ARROWS, modified, taken } from "../../core/keyboard.js";
import { clamp, decimals, percent } from "../../core/numbers.js";
import { css, sequentialScale } from "../../paint/colours.js";
import { downloads } from "../../paint/download.js";
import { CanvasPen } from "../../paint/pens.js";
import { themeOf } from "../../paint/theme.js";
import { distance, headName, hueOf, kindOf, placeOf } from "./heads.js";
import { messageOf } from "./message.js";
import { bothText, mapSheet, nameOf, paintMap, STRIP, tableText } from "./picture.js";

/** @import {LikenessState} from "./message.js" */

const NEAREST = 3;
const REACH = 24; // pixels around a point of the map
const MATRIX_HELP = "Matrix: arrow keys move from pair to pair, Enter pins one.";
const OPEN_HELP = " Heads below: click one to open its map.";

/** Draws the figure in `root`. callbacks: open({layer, head}) or open({layer, head, other: {layer, head}}). */
export function draw(root, bytes, callbacks = {}) {
  const state = /** @type {LikenessState} */ (figureState(root, "likeness", build));
  const { header, arrays } = messageOf(bytes);
  const data = Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, array.data]));
  Object.assign(state, { header, callbacks, ...data, count: data.order.length, pinned: null, shown: null });
  state.help.textContent = MATRIX_HELP + (callbacks.open ? OPEN_HELP : "");
  refresh(state);
}

/** @param {LikenessState} state */
function build(state) {
  state.resize = () => refresh(state);
  state.recolour = () => {
    state.theme = null;
    refresh(state);
  };
  state.drawing = () => bothText(state);
  const download = downloads({
    sheet: () => mapSheet(state), table: () => tableText(state), name: (extension) => nameOf(state, extension),
    titles: ["PNG of the map", "SVG of the map", "CSV of the distances"],
  });
  state.readout = element("div", { class: "av-readout av-facts", "data-testid": "readout", "aria-live": "polite" });
  const toolbar = element("div", { class: "av-toolbar" }, [element("div", { class: "av-tools" }, [download])]);
  state.matrix = element("canvas", { class: "av-pairs", tabindex: "0", role: "application", "aria-roledescription": "matrix of distances", "data-testid": "matrix" });
  state.map = element("canvas", { class: "av-pairs", role: "img", "data-testid": "map" });
  const figure = (title, canvas) => element("figure", { class: "av-one" }, [element("figcaption", { class: "av-panel-title", text: title }), canvas]);
  state.stage = element("div", { class: "av-side" }, [figure("Every head against every head, like ones together", state.matrix), figure("The same as a map: near heads are alike", state.map)]);
  state.legend = element("p", { class: "av-note" });
  state.help = element("p", { class: "av-help" });
  state.kinds = element("div", { class: "av-kinds", "data-testid": "kinds" });
  state.note = element("p", { class: "av-note" });
  state.host.append(toolbar, state.readout, state.stage, state.legend, state.help, state.kinds, state.note);
  for (const [canvas, at] of [[state.matrix, pairAt], [state.map, headAt]]) {
    canvas.addEventListener("pointermove", (event) => show(state, at(state, event)));
    canvas.addEventListener("pointerleave", () => show(state, null));
    // A finger does not point before it taps: what is under it counts, not what was shown.
    canvas.addEventListener("click", (event) => pin(state, at(state, event)));
  }
  state.matrix.addEventListener("keydown", (event) => keydown(state, event));
}

/** @param {LikenessState} state */
function refresh(state) {
  const { header, host } = state;
  if (!header || host.clientWidth === 0) return;
  state.theme ??= themeOf(host);
  const width = host.clientWidth;
  host.classList.toggle("av-compact", width < 560);
  state.side = Math.floor(Math.min(560, width < 700 ? width : (width - 24) / 2));
  state.most = state.distances.reduce((most, value) => Math.max(most, value), 0) || 1;
  state.image = imageOf(state);
  state.legend.textContent = `Matrix: the stronger the colour, the more alike; distances from 0 (the same attention) to ${decimals(state.most, 2)}; the edge shows what each head does.`;
  state.note.textContent = header.note;
  state.matrix.setAttribute("aria-label", `Distances of ${state.count} heads`);
  state.map.setAttribute("aria-label", `Map of ${state.count} heads; the list below names them`);
  state.spots = spotsOf(state);
  showKinds(state);
  show(state, null);
}

/** The matrix in the order of the clusters, one pixel a pair. */
function imageOf({ theme, order, count, distances, most }) {
  const canvas = element("canvas");
  Object.assign(canvas, { width: count, height: count });
  const pen = canvas.getContext("2d");
  const image = pen.createImageData(count, count);
  const colours = sequentialScale(theme);
  for (let i = 0; i < count; i++)
    for (let j = 0; j < count; j++) {
      const near = 1 - distances[order[i] * count + order[j]] / most;
      image.data.set([...colours[clamp(Math.round(near * 255), 0, 255)], 255], 4 * (i * count + j));
    }
  pen.putImageData(image, 0, 0);
  return canvas;
}

/** Where each head stands on the map, in pixels. */
function spotsOf({ points, count, side }) {
  const axis = (which) => Array.from({ length: count }, (_, n) => points[2 * n + which]);
  const middle = [0, 1].map((which) => (Math.min(...axis(which)) + Math.max(...axis(which))) / 2);
  const extent = Math.max(...[0, 1].map((which) => Math.max(...axis(which)) - Math.min(...axis(which)))) || 1;
  const scale = (side - 48) / extent;
  return Array.from({ length: count }, (_, n) => [0, 1].map((which) => side / 2 + (points[2 * n + which] - middle[which]) * scale));
}

function fit(canvas, side) {
  const dpr = globalThis.devicePixelRatio || 1;
  const pixels = Math.round(side * dpr);
  if (canvas.width !== pixels) Object.assign(canvas, { width: pixels, height: pixels });
  Object.assign(canvas.style, { width: `${side}px`, height: `${side}px` });
  const pen = canvas.getContext("2d");
  pen.setTransform(dpr, 0, 0, dpr, 0, 0);
  pen.clearRect(0, 0, side, side);
  return pen;
}

/** @param {LikenessState} state */
function paintPairs(state) {
  const { side, count, order, theme, image } = state;
  const pen = fit(state.matrix, side);
  const cell = (side - STRIP) / count;
  pen.imageSmoothingEnabled = false;
  pen.drawImage(image, STRIP, STRIP, side - STRIP, side - STRIP);
  for (let n = 0; n < count; n++) {
    pen.fillStyle = css(hueOf(state, order[n]));
    pen.fillRect(STRIP + n * cell, 0, cell + 0.5, STRIP - 2);
    pen.fillRect(0, STRIP + n * cell, STRIP - 2, cell + 0.5);
  }
  const shown = state.shown ?? state.pinned;
  if (!shown) return;
  pen.strokeStyle = css(theme.text);
  const at = (head) => STRIP + order.indexOf(head) * cell;
  pen.strokeRect(STRIP, at(shown[0]), side - STRIP, cell);
  if (shown[1] !== null) pen.strokeRect(at(shown[1]), STRIP, cell, side - STRIP);
}

/**
 * Shows a pair [a, b], one head [a, null], or what is pinned.
 * @param {LikenessState} state
 */
function show(state, heads) {
  state.shown = heads;
  paintPairs(state);
  const shown = heads ?? state.pinned;
  paintMap(new CanvasPen(fit(state.map, state.side)), state, shown);
  say(state, shown);
  for (const chip of state.kinds.querySelectorAll("[data-head]")) chip.classList.toggle("av-on", Boolean(shown?.includes(Number(chip.dataset.head))));
}

/** @param {LikenessState} state */
function pin(state, heads) {
  state.pinned = heads;
  show(state, heads);
}

/** @param {LikenessState} state */
function say(state, shown) {
  const { readout } = state;
  delete readout.dataset.shown;
  if (!shown) return readout.replaceChildren("Point at a pair of heads or at a head of the map; click to keep it.");
  readout.dataset.shown = JSON.stringify(shown);
  const [a, b] = shown;
  const fact = (head) => element("span", { class: "av-fact", title: kindOf(state, head).definition }, [element("b", { text: headName(state, head) }), ` ${kindOf(state, head).title}`]);
  // A page on disk has no other page to open.
  const open = (text, value) => (state.callbacks.open ? [element("button", { type: "button", class: "av-chip", text, on: { click: () => state.callbacks.open(value) } })] : []);
  if (b === null || a === b) return readout.replaceChildren(fact(a), ...sharesOf(state, a), ...nearestOf(state, a), ...open("Open", placeOf(state, a)));
  const apart = element("span", { class: "av-fact" }, ["distance ", element("b", { text: decimals(distance(state, a, b), 3) })]);
  return readout.replaceChildren(fact(a), fact(b), apart, ...open("Side by side", { ...placeOf(state, a), other: placeOf(state, b) }));
}

/**
 * The largest shares of a head's attention.
 * @param {LikenessState} state
 */
function sharesOf(state, head) {
  const all = state.header.shares.map((title, n) => [title, state.shares[n * state.count + head]]).filter(([, value]) => value >= 0.1);
  return all.sort((a, b) => b[1] - a[1]).slice(0, 3).map(([title, value]) => element("span", { class: "av-fact" }, [`${title} `, element("b", { text: percent(value) })]));
}

/** @param {LikenessState} state */
function nearestOf(state, head) {
  const others = Array.from({ length: state.count }, (_, n) => n).filter((n) => n !== head);
  const near = others.sort((a, b) => distance(state, head, a) - distance(state, head, b)).slice(0, NEAREST);
  const names = near.map((n) => `${placeOf(state, n).layer}·${placeOf(state, n).head} (${decimals(distance(state, head, n), 2)})`);
  return names.length ? [element("span", { class: "av-fact", text: `most alike: ${names.join(", ")}` })] : [];
}

/** @param {LikenessState} state */
function pairAt(state, event) {
  const box = state.matrix.getBoundingClientRect();
  const at = (from, to) => clamp(Math.floor(((to - from) * (state.side / box.width) - STRIP) / ((state.side - STRIP) / state.count)), 0, state.count - 1);
  return [state.order[at(box.top, event.clientY)], state.order[at(box.left, event.clientX)]];
}

/** @param {LikenessState} state */
function headAt(state, event) {
  const box = state.map.getBoundingClientRect();
  const [x, y] = [event.clientX - box.left, event.clientY - box.top];
  let [best, least] = [null, REACH];
  state.spots.forEach((spot, n) => {
    const far = Math.hypot(spot[0] - x, spot[1] - y);
    if (far < least) [best, least] = [n, far];
  });
  return best === null ? null : [best, null];
}

/** @param {LikenessState} state */
function keydown(state, event) {
  if (modified(event)) return;
  const move = ARROWS[event.key];
  if (move) {
    const [a, b] = state.shown ?? state.pinned ?? [null, null];
    const at = a === null || b === null ? [-move[0], -move[1]] : [state.order.indexOf(a), state.order.indexOf(b)];
    show(state, at.map((place, n) => state.order[clamp(place + move[n], 0, state.count - 1)]));
  } else if (event.key === "Enter" && state.shown) pin(state, state.shown);
  else if (event.key === "Escape") pin(state, null);
  else return;
  taken(event);
}

/**
 * Each kind with its definition and its heads: the list that stands for matrix and map where there is no pointer.
 * @param {LikenessState} state
 */
function showKinds(state) {
  const { header, count } = state;
  const heads = Array.from({ length: count }, (_, n) => n);
  const parts = header.kinds.map((kind, at) => {
    const own = heads.filter((head) => state.kindOf[head] === at);
    if (!own.length) return null;
    const swatch = element("span", { class: "av-hue av-edged" });
    swatch.style.backgroundColor = css(hueOf(state, own[0]));
    const title = element("h4", { class: "av-kind-title" }, [swatch, `${kind.title} (${own.length})`]);
    const chips = own.map((head) => {
      const { layer, head: place } = placeOf(state, head);
      const chip = element("button", { type: "button", class: "av-chip", "data-head": head, "aria-label": `Layer ${layer}, head ${place}: ${kind.title}`, title: kind.definition, text: `${layer}·${place}` });
      chip.addEventListener("pointerenter", () => show(state, [head, null]));
      chip.addEventListener("pointerleave", () => show(state, null));
      chip.addEventListener("focus", () => show(state, [head, null]));
      chip.addEventListener("click", () => state.callbacks.open?.({ layer, head: place }));
      return chip;
    });
    return element("section", { class: "av-kind" }, [title, element("p", { class: "av-group-text", text: `${kind.definition}.` }), element("div", { class: "av-chips" }, chips)]);
  });
  state.kinds.replaceChildren(...parts.filter(Boolean));
}
