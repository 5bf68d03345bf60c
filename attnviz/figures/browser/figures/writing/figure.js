// Figure "writing": a text as a model writes it; each token a step with its candidates and the attention that led there.

import { toggle } from "../../core/controls.js";
import { csvText } from "../../core/csv.js";
import { element } from "../../core/dom.js";
import { figureState } from "../../core/figure.js";
import { isRtl, modified, placeAfter, rove, taken } from "../../core/keyboard.js";
import { decimals, percent, shortest } from "../../core/numbers.js";
import { contentsOf, proseOf } from "../../core/prose.js";
import { fileName } from "../../core/save.js";
import { quoted } from "../../core/text.js";
import { css, inkOn, sequentialScale } from "../../paint/colours.js";
import { downloads } from "../../paint/download.js";
import { legend } from "../../paint/legend.js";
import { colourOf, rootScale } from "../../paint/scales.js";
import { SHEET_MARGIN, paintProse, sheetSvg } from "../../paint/sheet.js";
import { themeOf } from "../../paint/theme.js";
import { branchNodes, candidateRows, headRows, teller } from "./lists.js";
import { messageOf } from "./message.js";
import { comparedNodes, markSource, sourceNodes, sourceText } from "./traces.js";

/** @import {WritingState, Token} from "./message.js" */

const HELP = "Click a token to see how it came about, another candidate to go that way, a head to see what it read. Arrow keys move in the text, Space writes on and stops, s is one step, Backspace one back.";
const WALKS = { " ": 0, s: 1, Backspace: -1 }; // play or stop, one step, one step back
const UNSURE = 3.5; // nats from which on the underline has its full strength
const WIDTH = 720;

/**
 * Draws the figure in `root`. callbacks: step(number) a token is looked at; candidate([step, id]) it is to stand there;
 * head([layer, head] or [-1, -1] for the mean of all); branch(number) is looked at; other(number) is put beside it; walk(0) plays or stops, walk(1) is a step, walk(-1) one back.
 */
export function draw(root, bytes, callbacks = {}) {
  const state = /** @type {WritingState} */ (figureState(root, "writing", build));
  const { header, arrays } = messageOf(bytes);
  if (state.header?.identity !== header.identity) state.withoutFirst = true;
  Object.assign(state, { header, callbacks, row: arrays.row.data });
  state.host.classList.toggle("av-live", Boolean(callbacks.step));
  refresh(state);
}

/** @param {WritingState} state */
function build(state) {
  state.withoutFirst = true;
  state.resize = () => refresh(state);
  state.recolour = () => {
    state.theme = null;
    refresh(state);
  };
  state.drawing = () => sheetSvg(sheetOf(state));
  state.firstToggle = toggle("Hide the first token", (checked) => {
    state.withoutFirst = checked;
    refresh(state);
  });
  const download = downloads({
    sheet: () => sheetOf(state), table: () => tableText(state), name: (extension) => fileName(["writing", state.header.model, `step-${state.header.step}`], extension),
    titles: ["PNG of the text", "SVG of the text", "CSV of the candidates"],
  });
  state.legend = legend({ widest: 240, more: [element("div", { class: "av-tools" }, [download])] });
  state.prose = proseOf([], null);
  state.readout = element("p", { class: "av-readout", "data-testid": "readout", "aria-live": "polite" });
  state.heading = element("h3", { class: "av-headline", dir: "auto", "data-testid": "sentence" });
  state.candidates = element("table", { class: "av-candidates", "data-testid": "candidates" });
  state.heads = element("table", { class: "av-readers", "data-testid": "readers" });
  state.note = element("p", { class: "av-note" });
  state.compared = element("div", { class: "av-side-by-side" });
  state.sources = element("section", { class: "av-tracing" });
  state.branches = element("div", { class: "av-branches", role: "group", "aria-label": "Branches of the text" });
  state.help = element("p", { class: "av-help", text: HELP });
  state.sides = element("div", { class: "av-writing-sides" }, [
    element("section", {}, [state.heading, element("div", { class: "av-headbox" }, [state.candidates])]),
    element("section", {}, [element("h4", { class: "av-panel-title", text: "Heads, by what they read here" }), element("div", { class: "av-headbox" }, [state.heads]), state.note]),
  ]);
  state.host.append(element("div", { class: "av-toolbar" }, [state.firstToggle.node]), state.legend.node, state.prose, state.readout, state.branches, state.compared, state.sources, state.sides, state.help);
  listen(state);
}

/** @param {WritingState} state */
function listen(state) {
  const { prose, host } = state;
  const nodes = () => /** @type {HTMLElement[]} */ ([...prose.querySelectorAll("[data-at]")]);
  const at = (event) => /** @type {HTMLElement | null} */ (event.target.closest?.("[data-at]"));
  const pick = (node) => node.dataset.step && state.callbacks.step?.(Number(node.dataset.step));
  prose.addEventListener("pointerover", (event) => read(state, at(event)));
  prose.addEventListener("pointerleave", () => read(state, null));
  prose.addEventListener("focusin", (event) => read(state, at(event)));
  prose.addEventListener("click", (event) => at(event) && pick(at(event)));
  prose.addEventListener("keydown", (event) => {
    const node = at(event);
    if (!node || modified(event)) return;
    if (event.key === "Enter") {
      pick(node);
      return taken(event);
    }
    if (event.key in WALKS) {
      state.callbacks.walk?.(WALKS[event.key]);
      return taken(event);
    }
    const all = nodes();
    const next = placeAfter(event.key, all.indexOf(node), all.length, { rtl: isRtl(prose) });
    if (next === null) return;
    taken(event);
    rove(all, all[next]);
    all[next].focus();
  });
  host.addEventListener("click", (event) => {
    const node = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("button[data-told]"));
    if (!node) return;
    const [name, value] = JSON.parse(node.dataset.told);
    state.callbacks[name]?.(value);
  });
}

/** The weights of the row by position, without the first token where it is hidden. */
function weightsOf({ row, withoutFirst }) {
  return Array.from(row, (weight, key) => (withoutFirst && key === 0 ? 0 : weight));
}

/** @param {WritingState} state */
function refresh(state) {
  const { header, host } = state;
  if (!header || host.clientWidth === 0) return;
  state.theme ??= themeOf(host);
  host.classList.toggle("av-compact", host.clientWidth < 560);
  host.classList.toggle("av-wide", host.clientWidth >= 760);
  state.firstToggle.set(state.withoutFirst);
  const weights = weightsOf(state);
  state.scale = rootScale(sequentialScale(state.theme), null, Math.max(...weights, 1e-6));
  state.legend.show(state.scale, state.theme, host.clientWidth, legendText(state));
  state.prose.replaceChildren(...contentsOf(header.prompt.runs, (piece, key) => promptNode(state, piece, key)), ...header.written.map((token, n) => tokenNode(state, token, n)), nextNode(state));
  state.prose.setAttribute("aria-label", "The prompt and what was written");
  const all = /** @type {HTMLElement[]} */ ([...state.prose.querySelectorAll("[data-at]")]);
  rove(all, all.find((node) => node.classList.contains("av-chosen")) ?? all[0]);
  state.heading.textContent = headingOf(header);
  state.candidates.replaceChildren(...candidateRows(header));
  state.heads.replaceChildren(...headRows(state, labelAt));
  state.note.textContent = noteOf(state);
  state.branches.hidden = header.forks.length < 2;
  state.branches.replaceChildren(...branchNodes(header));
  state.compared.replaceChildren(...comparedNodes(header));
  state.sources.replaceChildren(...sourceNodes(header, (key) => labelAt(state, key), teller));
  state.help.hidden = !state.callbacks.step;
  read(state, null);
}

/** How a position of the row is called: of the prompt, or of what was written behind it. */
export function labelAt({ header }, key) {
  const { labels } = header.prompt;
  return key < labels.length ? labels[key] : (header.written[key - labels.length]?.name ?? "");
}

/** The step in words: which token, how probable it was, how sure the model. */
function headingOf(header) {
  const sure = header.entropy === null ? "" : ` Entropy ${decimals(header.entropy, 2)} nats.`;
  const token = header.written[header.step];
  if (token) return `Step ${header.step + 1}: ${quoted(token.name)}, ${percent(token.probability)}.${sure}`;
  if (header.entropy === null) return header.ended ? "The model has ended the text." : "There is no room for another token.";
  return `Step ${header.step + 1}, to come.${sure}${header.ended ? " The model has ended the text." : ""}`;
}

function legendText({ header, row, withoutFirst }) {
  const whose = header.head ? `layer ${header.head[0]}, head ${header.head[1]}` : "mean of all heads";
  const first = withoutFirst && row.length ? ` The first token, which takes ${percent(row[0])}, is hidden.` : "";
  return `Shaded: what ${header.beside ? "of the source" : "before it"} this step read, ${whose}.${first} Underlined: how unsure each step was.`;
}

const noteOf = ({ header }) =>
  header.heads.length ? `Of each head the token that it reads most${header.beside ? "" : ", apart from the first"}, and the weight it gives to it. What a head reads is not yet what it does.` : "";

/** @param {WritingState} state */
function groundOf(state, key) {
  const weight = weightsOf(state)[key] ?? 0;
  if (weight <= 0) return "";
  const colour = colourOf(state.scale, weight);
  return `background-color:${css(colour)};color:${css(inkOn(colour))};`;
}

/** @param {WritingState} state */
function promptNode(state, piece, key) {
  const special = state.header.prompt.special[key];
  return element("span", {
    class: `av-word${special ? " av-special" : ""}`, "data-at": key, role: "note", tabindex: "-1", dir: special ? "ltr" : null, text: piece, style: groundOf(state, key),
    "aria-label": readingOf(state, key),
  });
}

/**
 * A written token: shaded by the row where it stands before the step, underlined by its entropy.
 * @param {WritingState} state
 * @param {Token} token
 */
function tokenNode(state, token, n) {
  const { header } = state;
  const key = header.prompt.labels.length + n;
  const unsure = Math.min(1, token.entropy / UNSURE);
  const classes = ["av-word", "av-written", token.special && "av-special", n === header.step && "av-chosen", n > header.step && "av-later"];
  return element("span", {
    class: classes.filter(Boolean).join(" "), "data-at": key, "data-step": n, role: "button", tabindex: "-1", text: token.label,
    style: `${!header.beside && n < header.step ? groundOf(state, key) : ""}--av-unsure:${unsure.toFixed(2)}`,
    "aria-label": `${token.name}: step ${n + 1}, probability ${percent(token.probability)}, entropy ${decimals(token.entropy, 2)}`,
    "aria-current": n === header.step ? "step" : null,
  });
}

/** @param {WritingState} state */
function nextNode({ header }) {
  const n = header.written.length;
  return element("span", {
    class: `av-word av-next${n === header.step ? " av-chosen" : ""}`, "data-at": header.prompt.labels.length + n, "data-step": n, role: "button", tabindex: "-1",
    text: header.ended ? "■" : "▍", "aria-label": "The token to come", "aria-current": n === header.step ? "step" : null,
  });
}

function readingOf(state, key) {
  const weight = state.row[key];
  return `${labelAt(state, key)}: ${weight === undefined ? "not read" : `attention ${decimals(weight)}`}`;
}

/**
 * Says what is known of a token that is pointed at.
 * @param {WritingState} state
 */
function read(state, node) {
  markSource(state, Number(node?.dataset.step ?? state.header.step));
  if (!node) {
    state.readout.textContent = "Point at a token to read its numbers.";
    return;
  }
  const key = Number(node.dataset.at);
  const token = state.header.written[Number(node.dataset.step ?? -1)];
  const weight = key < state.row.length ? `, attention ${decimals(state.row[key])}` : "";
  const about = token ? `, written with ${percent(token.probability)}, entropy ${decimals(token.entropy, 2)} nats` : "";
  const source = token ? sourceText(state.header, Number(node.dataset.step), (place) => quoted(labelAt(state, place))) : "";
  state.readout.textContent = node.classList.contains("av-next") ? "The token to come" : `${quoted(labelAt(state, key))}${weight}${about}${source && `; ${source}`}`;
}

function tableText({ header }) {
  const rows = [["candidate", "id", "probability", "after temperature and cuts", "chosen"]];
  for (const [id, label, before, after] of header.candidates)
    rows.push([label, { numeric: String(id) }, { numeric: shortest(before) }, { numeric: shortest(after) }, id === header.chosen ? "yes" : "no"]);
  return csvText(rows);
}

/**
 * The text with its shades as a picture.
 * @param {WritingState} state
 */
function sheetOf(state) {
  const { header, theme, scale } = state;
  const weights = weightsOf(state);
  const first = header.prompt.labels.length;
  /** @type {import("../../core/prose.js").Run[]} */
  const runs = [...header.prompt.runs, ...header.written.map(({ label }, n) => /** @type {[string, number]} */ ([label, first + n]))];
  const title = headingOf(header);
  const paint = (/** @type {any} */ pen) => {
    const ground = (/** @type {number} */ key, /** @type {number[]} */ ...box) => {
      const weight = key < first || (!header.beside && key - first < header.step) ? (weights[key] ?? 0) : 0;
      if (weight <= 0) return theme.text;
      const colour = colourOf(scale, weight);
      pen.rect(...box, css(colour));
      return inkOn(colour);
    };
    pen.font(`600 15px ${theme.font}`);
    pen.text(SHEET_MARGIN, SHEET_MARGIN + 6, title, { colour: css(theme.text) });
    return paintProse(pen, { theme, runs, rtl: isRtl(state.prose), ground }, SHEET_MARGIN + 34, WIDTH - 2 * SHEET_MARGIN) + SHEET_MARGIN;
  };
  return { width: WIDTH, theme, title, paint };
}
