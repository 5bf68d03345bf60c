// Figure "edits": the words of a text as buttons; a click takes a word away, or asks for another one in its place.

import { button, segments } from "../../core/controls.js";
import { element } from "../../core/dom.js";
import { figureState } from "../../core/figure.js";
import { isRtl, modified, placeAfter, rove, taken } from "../../core/keyboard.js";
import { contentsOf, proseOf } from "../../core/prose.js";
import { Results } from "../../core/results.js";
import { Shared } from "../../core/shared.js";
import { quoted } from "../../core/text.js";
import { themeOf } from "../../paint/theme.js";
import { messageOf } from "./message.js";

/** @import {EditsState, Edit} from "./message.js" */

const HELP = "Click a word to change it, and again to put it back. Arrow keys move, Enter changes, Delete deletes, Ctrl + Z takes the last change back.";
const SWAP = "swap";

/**
 * Draws the figure in `root`. callbacks: edited([[place, way, text], ...]), all edits in the order in which they were
 * made; asking(place), of a word for which another one is asked, where the host knows what could stand there.
 */
export function draw(root, bytes, callbacks = {}) {
  const state = /** @type {EditsState} */ (figureState(root, "edits", build));
  const { header } = messageOf(bytes);
  const another = state.header?.identity !== header.identity;
  Object.assign(state, { header, callbacks });
  if (another) state.made = new Shared("edited");
  state.made.offer(header.made);
  if (another) rebuild(state);
  state.results.show(header.results);
  // Alone in a file there is no model to ask: the words are to be read.
  for (const each of [state.toolbar, state.help, state.said]) each.hidden = !callbacks.edited;
  state.prose.classList.toggle("av-fixed", !callbacks.edited);
  offer(state, (text) => say(state, text));
  refresh(state);
}

/** @param {EditsState} state */
function build(state) {
  Object.assign(state, { made: new Shared("edited"), nodes: new Map(), way: null, asking: null });
  state.resize = () => refresh(state);
  state.recolour = () => themeOf(state.host);
  state.tools = element("div", { class: "av-field" });
  state.undo = button("Undo", "Undo the last change", () => undo(state));
  state.reset = button("Put all words back", "Put all words back", () => change(state, [], "All words are back."));
  state.results = new Results();
  state.help = element("p", { class: "av-help", text: HELP });
  state.toolbar = element("div", { class: "av-toolbar" }, [state.tools, element("div", { class: "av-tools" }, [state.undo, state.reset])]);
  state.prose = proseOf([], null);
  state.said = element("p", { class: "av-readout", role: "status" });
  state.host.append(state.results.sentence, state.toolbar, state.prose, state.said, state.help, state.results.tables);
  listen(state);
}

/** @param {EditsState} state */
function listen(state) {
  state.prose.addEventListener("click", (event) => {
    const word = wordAt(state, event.target);
    if (word) pick(state, word, state.way);
  });
  state.prose.addEventListener("focusin", (event) => {
    const word = wordAt(state, event.target);
    if (word) rove(wordNodes(state), word.node);
  });
  state.host.addEventListener("keydown", (event) => {
    if (/** @type {Element} */ (event.target).matches("input[type='text']")) return;
    const word = wordAt(state, event.target);
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z") undo(state);
    else if (word && (event.key === "Enter" || event.key === " ")) pick(state, word, state.way);
    else if (word && event.key === "Delete" && state.header.ways.some(([name]) => name === "delete")) pick(state, word, "delete");
    else if (!word || !step(state, word, event)) return;
    taken(event);
  });
}

/**
 * The word that a node stands for or in.
 * @param {EditsState} state
 */
function wordAt(state, node) {
  const at = node.closest?.("[data-at]")?.dataset.at;
  return at === undefined ? null : state.nodes.get(Number(at));
}

/**
 * The nodes of the words that can be changed, in order.
 * @param {EditsState} state
 */
const wordNodes = (state) => Array.from(state.nodes.values(), ({ node }) => node);

/**
 * Goes to another word; whether the key was one that does.
 * @param {EditsState} state
 */
function step(state, word, event) {
  const nodes = wordNodes(state);
  const next = modified(event) ? null : placeAfter(event.key, nodes.indexOf(word.node), nodes.length, { rtl: isRtl(state.prose) });
  nodes[next]?.focus();
  return next !== null;
}

/** @param {EditsState} state */
const participle = (state, way) => state.header.ways.find(([name]) => name === way)?.[2] ?? way;

/**
 * What a click does: changes the word in this way, or puts it back.
 * @param {EditsState} state
 */
function pick(state, word, way) {
  if (!state.callbacks.edited) return;
  const others = state.made.value.filter(([place]) => place !== word.at);
  const name = quoted(word.label);
  if (others.length < state.made.value.length) change(state, others, `${name} is back.`);
  else if (others.length >= state.header.most) say(state, `No more than ${state.header.most} words can be changed at once.`);
  else if (way === SWAP) ask(state, word);
  else change(state, [...others, [word.at, way, ""]], `${name} is ${participle(state, way)}.`);
}

/** @param {EditsState} state */
function undo(state) {
  const last = state.made.value.at(-1);
  if (!last || !state.callbacks.edited) return;
  change(state, state.made.value.slice(0, -1), `${quoted(state.nodes.get(last[0])?.label ?? "")} is back.`);
}

/** @param {EditsState} state */
function change(state, made, told) {
  state.made.set(made);
  refresh(state);
  say(state, told);
  state.callbacks.edited?.(made);
}

/** @param {EditsState} state */
function say(state, text) {
  state.said.textContent = text;
}

/**
 * Asks, in the place of the word, what to put there. Enter or a click elsewhere takes it, Escape does not.
 * @param {EditsState} state
 */
function ask(state, word) {
  const box = element("input", {
    type: "text", class: "av-swap", dir: "auto", value: word.label, maxlength: state.header.longest, autocomplete: "off", spellcheck: "false",
    "aria-label": `Another word for ${quoted(word.label)}`, size: Math.min(24, Math.max(6, word.label.length + 2)),
  });
  const place = element("span", { class: "av-asked" }, [box]);
  const finish = (text, back) => {
    if (state.asking?.place !== place) return; // taking the box away makes it lose the focus once more
    state.asking = null;
    place.replaceWith(word.node);
    const other = text.trim();
    if (back) word.node.focus();
    if (other && other !== word.label) change(state, [...state.made.value, [word.at, SWAP, other]], `${quoted(word.label)} is swapped for ${quoted(other)}.`);
  };
  place.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.isComposing) return;
    if (event.key === "Enter" && event.target === box) finish(box.value, true);
    else if (event.key === "Escape") finish("", true);
  });
  place.addEventListener("focusout", (event) => place.contains(/** @type {Node | null} */ (event.relatedTarget)) || finish(box.value, false));
  state.asking = { place, at: word.at, take: (text) => finish(text, true) };
  word.node.replaceWith(place);
  box.focus();
  box.select();
  if (state.header.guesses) state.callbacks.asking?.(word.at);
}

/**
 * Offers what the model itself would put in the place that is asked about.
 * @param {EditsState} state
 */
function offer(state, said) {
  const { asking, header } = state;
  if (!asking || header.guesses?.at !== asking.at || asking.place.childElementCount > 1) return;
  const offers = header.guesses.words.map((text) =>
    element("button", {
      type: "button", class: "av-guess", dir: "auto", text,
      // The box keeps the focus, so that it does not take what stands in it first.
      on: { pointerdown: (event) => event.preventDefault(), click: () => asking.take(text) },
    }),
  );
  if (!offers.length) return;
  asking.place.append(element("span", { role: "group", "aria-label": "What the model would put here" }, offers));
  said(`The model would put: ${header.guesses.words.map(quoted).join(", ")}.`);
}

/**
 * The words of another text.
 * @param {EditsState} state
 */
function rebuild(state) {
  const { header } = state;
  state.asking = null;
  state.nodes = new Map();
  state.prose.replaceChildren(...contentsOf(header.runs, (piece, group) => wordNode(state, piece, header.words[group])));
  const first = state.nodes.values().next().value;
  if (first) first.node.tabIndex = 0;
  say(state, "");
  /** @type {import("../../core/controls.js").Option[]} */
  const ways = header.ways.map(([name, verb]) => [name, verb]);
  const choice = segments("What a click on a word does", ways, (way) => {
    state.way = way;
  });
  state.way = header.made.at(-1)?.[1] ?? state.way;
  if (!ways.some(([name]) => name === state.way)) state.way = ways[0][0];
  choice.set(state.way);
  state.tools.replaceChildren(element("span", { class: "av-name", text: "A click on a word", "aria-hidden": "true" }), choice.node);
  state.prose.setAttribute("aria-label", header.title);
}

/** @param {EditsState} state */
function wordNode(state, piece, { label, at }) {
  if (at < 0) return element("span", { class: "av-word av-kept", title: "This word is what the question is about", text: piece });
  const node = element("span", { class: "av-word av-chip", role: "button", tabindex: "-1", "data-at": at });
  state.nodes.set(at, { at, label, piece, node });
  return node;
}

/** @param {EditsState} state */
function refresh(state) {
  const { header, host } = state;
  if (!header || host.clientWidth === 0) return;
  themeOf(host);
  host.classList.toggle("av-compact", host.clientWidth < 560);
  const made = new Map(state.made.value.map((/** @type {Edit} */ edit) => [edit[0], edit]));
  for (const word of state.nodes.values()) {
    const [, way, other] = made.get(word.at) ?? [0, "", ""];
    dress(state, word, way, other);
  }
  const none = state.made.value.length === 0;
  for (const each of [state.undo, state.reset]) each.disabled = none;
}

/**
 * How a word looks and is read out: as it is, taken away, or with another one behind it.
 * @param {EditsState} state
 */
function dress(state, { piece, node }, way, other) {
  const worn = JSON.stringify([way, other]);
  if (node.dataset.worn === worn) return;
  Object.assign(node.dataset, { worn, way });
  node.setAttribute("aria-pressed", String(Boolean(way)));
  if (!way) node.textContent = piece;
  else if (way === SWAP) node.replaceChildren(element("del", { text: piece }), " → ", element("ins", { dir: "auto", text: other }));
  else node.replaceChildren(element("del", { text: piece }), " ", element("small", { dir: "ltr", text: participle(state, way) }));
}
