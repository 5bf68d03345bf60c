// Figure "alignment": source and target words with the links between them, as lines or as a matrix; links can be moved.

import { button, choice, segments, toggle } from "../../core/controls.js";
import { element } from "../../core/dom.js";
import { figureState } from "../../core/figure.js";
import { isRtl, modified, placeAfter, rove, taken } from "../../core/keyboard.js";
import { decimals, percent } from "../../core/numbers.js";
import { Shared } from "../../core/shared.js";
import { quoted } from "../../core/text.js";
import { css } from "../../paint/colours.js";
import { downloads } from "../../paint/download.js";
import { themeOf } from "../../paint/theme.js";
import { arrange, buildWords, drawLines, dressWords } from "./lines.js";
import { messageOf, partnersOf, placeName, uncertain } from "./message.js";
import { alignmentSheet, GOLD_HELP, goldColour, nameOf, tableText } from "./picture.js";
import { matrixTable } from "./table.js";

/** @import {AlignmentState, Word} from "./message.js" */

const HELP = "Point at a word to see its partners; click keeps it. Arrow keys move, Enter keeps, Escape lets go.";
const DRAG = " Drag a word of the translation onto another source word, and it is translated again, read from there.";
const NAMED = 3; // partners in a sentence
const MOVED = 6; // pixels that make a press a drag

/**
 * Draws the figure in `root`. callbacks: selection({layer, head}), head -1 for the mean of a layer; form("lines" |
 * "matrix"); linked([target, source]), words counted in this message; instead([place, id]), another token for a place.
 */
export function draw(root, bytes, callbacks = {}) {
  const state = /** @type {AlignmentState} */ (figureState(root, "alignment", build));
  const { header, arrays } = messageOf(bytes);
  const another = state.header?.identity !== header.identity;
  Object.assign(state, { header, callbacks: header.editable ? callbacks : { ...callbacks, linked: null, instead: null }, maps: arrays.maps.data, entropy: arrays.entropy.data, scores: arrays.scores.data, errors: arrays.errors.data });
  state.golden ??= true;
  state.goldChoice.node.hidden = !header.gold;
  if (another) Object.assign(state, { held: null, pointed: null, formed: new Shared("form"), placed: new Shared("selection") });
  state.formed.offer(header.form);
  state.placed.offer(header.places[header.shown]);
  state.help.textContent = HELP + (state.callbacks.linked ? DRAG : "") + (header.gold ? ` ${GOLD_HELP}` : "");
  state.heading.textContent = header.title;
  state.heading.hidden = !header.title;
  state.note.textContent = header.note;
  buildWords(state);
  refresh(state);
}

/** @param {AlignmentState} state */
function build(state) {
  state.resize = () => refresh(state);
  state.recolour = () => refresh(state);
  state.heading = element("h3", { class: "av-headline" });
  state.formChoice = segments("Form", [["lines", "Lines"], ["matrix", "Matrix"]], (form) => {
    state.formed.set(form);
    refresh(state);
    state.callbacks.form?.(form);
  });
  state.headChoice = choice("Head", [["0", ""]], (value) => {
    const place = state.header.places[Number(value)];
    state.placed.set(place);
    refresh(state);
    state.callbacks.selection?.({ layer: place[0], head: place[1] });
  });
  state.goldChoice = toggle("Gold links", (shown) => {
    state.golden = shown;
    refresh(state);
  });
  const download = downloads({
    sheet: () => alignmentSheet(state), table: () => tableText(state), name: (extension) => nameOf(state, extension),
    titles: ["PNG picture", "SVG drawing", "CSV table"],
  });
  state.readout = element("p", { class: "av-readout", "data-testid": "readout", "aria-live": "polite" });
  state.lists = ["Source", "Translation"].map((name) => element("div", { class: "av-allist", role: "group", "aria-label": name, dir: "auto" }));
  state.svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  state.svg.setAttribute("class", "av-allines");
  state.svg.setAttribute("aria-hidden", "true");
  state.board = element("div", { class: "av-board", "data-testid": "board" }, [state.svg, ...state.lists]);
  state.matrix = element("div", { class: "av-headbox" });
  state.panel = element("div", { class: "av-alpanel", "data-testid": "panel" });
  state.help = element("p", { class: "av-help" });
  state.note = element("p", { class: "av-note" });
  const toolbar = element("div", { class: "av-toolbar" }, [state.formChoice.node, state.headChoice.node, state.goldChoice.node, element("div", { class: "av-tools" }, [download])]);
  state.host.append(state.heading, toolbar, state.readout, state.board, state.matrix, state.panel, state.help, state.note);
  listen(state);
}

/** @param {AlignmentState} state */
function listen(state) {
  for (const part of [state.board, state.matrix]) {
    part.addEventListener("pointerover", (event) => event.pointerType === "mouse" && point(state, wordAt(event.target)));
    part.addEventListener("pointerleave", () => point(state, null));
    part.addEventListener("click", (event) => hold(state, wordAt(event.target)));
  }
  state.board.addEventListener("focusin", (event) => point(state, wordAt(event.target)));
  state.board.addEventListener("focusout", () => point(state, null));
  state.host.addEventListener("keydown", (event) => keydown(state, event));
  state.board.addEventListener("pointerdown", (event) => drag(state, event));
}

/** @returns {Word | null} */
function wordAt(node) {
  const found = node?.closest?.("[data-at]")?.dataset;
  return found ? { side: Number(found.side), at: Number(found.at) } : null;
}

const same = (a, b) => a?.side === b?.side && a?.at === b?.at;

/** @param {AlignmentState} state */
function point(state, word) {
  if (same(word, state.pointed)) return;
  state.pointed = word;
  show(state);
}

/** @param {AlignmentState} state */
function hold(state, word) {
  if (!word || state.dragged) return;
  state.held = same(word, state.held) ? null : word;
  show(state);
  showPanel(state);
}

/**
 * @param {AlignmentState} state
 * @param {KeyboardEvent} event
 */
function keydown(state, event) {
  if (event.key === "Escape" && state.held) {
    state.held = null;
    show(state);
    showPanel(state);
    return taken(event);
  }
  const word = wordAt(event.target);
  if (!word || modified(event) || !state.board.contains(/** @type {Node} */ (event.target))) return;
  const upright = state.board.classList.contains("av-upright");
  const across = upright ? { ArrowLeft: 0, ArrowRight: 1 } : { ArrowUp: 0, ArrowDown: 1 };
  const side = across[event.key];
  let [there, at] = [word.side, word.at];
  if (side === undefined) at = placeAfter(event.key, word.at, state.nodes[word.side].length, { rtl: !upright && isRtl(state.lists[word.side]) });
  else if (side !== word.side) [there, at] = [side, partnersOf(state, word)[0]?.at ?? 0]; // over to its strongest partner
  if (at === null) return;
  taken(event);
  const node = state.nodes[there][at];
  rove(state.nodes.flat(), node);
  node?.focus();
}

/**
 * A word of the translation dragged onto a source word.
 * @param {AlignmentState} state
 * @param {PointerEvent} event
 */
function drag(state, event) {
  state.dragged = false;
  const word = wordAt(event.target);
  if (!word?.side || !state.callbacks.linked || event.button !== 0) return;
  const from = [event.clientX, event.clientY];
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  const move = (next) => {
    if (!state.dragged && Math.hypot(next.clientX - from[0], next.clientY - from[1]) < MOVED) return;
    if (!state.dragged) state.svg.append(line);
    state.dragged = true;
    const ground = state.board.getBoundingClientRect();
    line.setAttribute("class", "av-aldrag");
    line.setAttribute("d", `M${from[0] - ground.left} ${from[1] - ground.top}L${next.clientX - ground.left} ${next.clientY - ground.top}`);
    next.preventDefault();
  };
  const stop = (last) => {
    for (const [name, listener] of listeners) globalThis.removeEventListener(name, listener);
    line.remove();
    if (!state.dragged || last.type !== "pointerup") return;
    const root = /** @type {any} */ (state.host.getRootNode());
    const onto = wordAt((root.elementFromPoint ? root : document).elementFromPoint(last.clientX, last.clientY));
    if (onto && onto.side === 0) link(state, word.at, onto.at);
    setTimeout(() => (state.dragged = false)); // the click that ends the drag holds nothing
  };
  const listeners = /** @type {[string, (event: any) => void][]} */ ([["pointermove", move], ["pointerup", stop], ["pointercancel", stop]]);
  for (const [name, listener] of listeners) globalThis.addEventListener(name, listener);
}

/** @param {AlignmentState} state */
function link(state, target, source) {
  const { header } = state;
  state.readout.textContent = `Translating again: ${quoted(header.targets[target].label)} is read from ${quoted(header.sources[source])}…`;
  state.callbacks.linked?.([target, source]);
}

/** @param {AlignmentState} state */
function refresh(state) {
  const { header, host } = state;
  if (!header || host.clientWidth === 0) return;
  state.theme = themeOf(host);
  host.classList.toggle("av-compact", host.clientWidth < 560);
  const at = header.places.findIndex((place) => JSON.stringify(place) === JSON.stringify(state.placed.value));
  state.place = at < 0 ? header.shown : at;
  const form = state.formed.value;
  state.formChoice.set(form);
  state.headChoice.set(state.place, header.places.map((_, n) => [String(n), placeName(state, n)]));
  state.goldChoice.set(state.golden);
  host.style.setProperty("--av-gold", css(goldColour(state.theme)));
  state.board.hidden = form === "matrix";
  state.matrix.hidden = form !== "matrix";
  if (form === "matrix") state.matrix.replaceChildren(matrixTable(state));
  else arrange(state);
  show(state);
  showPanel(state);
}

/**
 * What is said of the word that is pointed at or held, and how words and lines look then.
 * @param {AlignmentState} state
 */
function show(state) {
  if (!state.board.hidden) {
    dressWords(state);
    drawLines(state);
  }
  const word = state.pointed ?? state.held;
  state.readout.textContent = word ? sentence(state, word) : summary(state);
  state.readout.dataset.word = word ? `${word.side}.${word.at}` : "";
}

/** @param {AlignmentState} state */
function summary(state) {
  const doubts = state.header.targets.filter((_, t) => uncertain(state, t)).length;
  const count = state.header.targets.length;
  const said = doubts ? `${doubts} of ${count} words are uncertain (dashed): their attention is spread out.` : `All ${count} words of the translation have a clear source.`;
  const error = state.header.gold ? ` Alignment error rate ${decimals(state.errors[state.place], 2)} against gold.` : "";
  return `${placeName(state, state.place).split(" · ")[0].replace("layer", "Layer")}. ${said}${error}`;
}

/**
 * @param {AlignmentState} state
 * @param {Word} word
 */
function sentence(state, word) {
  const { header } = state;
  const label = word.side ? header.targets[word.at].label : header.sources[word.at];
  const others = word.side ? header.sources : header.targets.map((each) => each.label);
  const found = partnersOf(state, word).filter(({ weight }, n) => n === 0 || weight >= 0.05).slice(0, NAMED);
  const named = found.map(({ at, weight }) => `${quoted(others[at])} ${percent(weight)}`).join(", ");
  if (!word.side) return `${quoted(label)} is read by ${named}`;
  const { logProb, forced } = header.targets[word.at];
  const doubt = forced ? " (forced)" : uncertain(state, word.at) ? " (uncertain: spread out)" : "";
  return `${quoted(label)} is read from ${named}${doubt} · probability ${percent(Math.exp(logProb))}`;
}

/**
 * What can be done with the target word that is held: another word in its place, or another source word.
 * @param {AlignmentState} state
 */
function showPanel(state) {
  const { header, held, callbacks } = state;
  const word = held?.side ? header.targets[held.at] : null;
  if (!word || !(callbacks.linked || callbacks.instead)) return state.panel.replaceChildren();
  const parts = [element("p", { class: "av-panel-title", text: `${word.label}: what could be otherwise` })];
  if (callbacks.instead && word.candidates.length) {
    const rivals = word.candidates.map(([id, label, logProb]) =>
      element("button", { type: "button", class: "av-alrival", title: "Go on with this word instead", on: { click: () => callbacks.instead([word.first, id]) } }, [
        element("span", { dir: "auto", text: label || "(end)" }), " ", element("small", { text: percent(Math.exp(logProb)) }),
      ]),
    );
    parts.push(element("div", { class: "av-alrow", role: "group", "aria-label": "Another word here" }, [element("span", { class: "av-name", text: "Another word here" }), ...rivals]));
  }
  if (callbacks.linked) {
    const sources = /** @type {[string, string][]} */ (header.sources.map((label, s) => [String(s), `${s + 1}: ${label}`]));
    let source = String(partnersOf(state, held)[0]?.at ?? 0);
    const pick = choice("Read it from", sources, (value) => {
      source = value;
    });
    pick.set(source);
    const go = button("Translate again", "Translate again, read from this word", () => link(state, held.at, Number(source)));
    parts.push(element("div", { class: "av-alrow" }, [pick.node, go]));
  }
  state.panel.replaceChildren(...parts);
}
