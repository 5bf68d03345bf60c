// Figure "beams": a beam search as a tree; branches that were given up stay, and any node can be gone on from.

import { menu } from "../../core/controls.js";
import { csvText } from "../../core/csv.js";
import { element } from "../../core/dom.js";
import { figureState } from "../../core/figure.js";
import { decimals, percent } from "../../core/numbers.js";
import { fileName, saveText } from "../../core/save.js";
import { themeOf } from "../../paint/theme.js";
import { FATES, messageOf, PRUNED, textTo } from "./message.js";

/** @import {BeamsState} from "./message.js" */

const HELP = "Branches stand below the words that they follow, the likeliest first. Click words to translate on from there.";

/** Draws the figure in `root`. callbacks.position(node): the reader wants to go on from there. */
export function draw(root, bytes, callbacks = {}) {
  const state = /** @type {BeamsState} */ (figureState(root, "beams", build));
  const { header, arrays } = messageOf(bytes);
  Object.assign(state, { header, callbacks, parents: arrays.parents.data, fates: arrays.fates.data, logProbs: arrays.logProbs.data, totals: arrays.totals.data });
  state.children = new Map();
  state.parents.forEach((parent, node) => state.children.set(parent, [...(state.children.get(parent) ?? []), node]));
  state.note.textContent = header.note;
  refresh(state);
}

/** @param {BeamsState} state */
function build(state) {
  state.resize = () => {};
  state.recolour = () => themeOf(state.host);
  const download = menu("Download", [["CSV of all nodes", () => saveText(tableText(state), "text/csv", fileName(["beams", state.header.model], "csv"))]]);
  state.best = element("ol", { class: "av-beambest", "aria-label": "Finished translations, best first" });
  state.tree = element("div", { class: "av-beamtree", "data-testid": "tree" });
  state.help = element("p", { class: "av-help", text: HELP });
  state.note = element("p", { class: "av-note" });
  state.host.append(element("div", { class: "av-toolbar" }, [element("div", { class: "av-tools" }, [download])]), state.best, state.tree, state.help, state.note);
}

/** @param {BeamsState} state */
function refresh(state) {
  themeOf(state.host);
  const { header } = state;
  state.best.replaceChildren(...header.hypotheses.map(([node, score]) => element("li", {}, [wordsButton(state, node, textTo(state, node)), " ", element("small", { text: `score ${decimals(score, 3)}` })])));
  const list = branches(state, -1);
  state.tree.replaceChildren(...(header.prefix ? [element("p", { class: "av-beamprefix", dir: "auto", text: header.prefix })] : []), ...(list ? [list] : []));
}

/**
 * A button that goes on from a node; plain words where nobody listens.
 * @param {BeamsState} state
 */
function wordsButton(state, node, text) {
  const shown = text.trim() || "(end)";
  if (!state.callbacks.position) return element("span", { dir: "auto", text: shown });
  return element("button", { type: "button", class: "av-beamword", dir: "auto", "data-node": node, title: `Go on from here · log-probability ${decimals(state.totals[node], 2)}`, text: shown, on: { click: () => state.callbacks.position(node) } });
}

/**
 * The children of a node as a list: each with the words up to where the search parts again.
 * @param {BeamsState} state
 * @returns {HTMLElement | null}
 */
function branches(state, parent) {
  const kept = (state.children.get(parent) ?? []).filter((node) => state.fates[node] !== PRUNED).sort((a, b) => bestBelow(state, b) - bestBelow(state, a));
  if (!kept.length) return null;
  return element("ul", { class: "av-beamlist" }, kept.map((node) => branch(state, node)));
}

/** @param {BeamsState} state */
function branch(state, first) {
  let [node, text] = [first, state.header.labels[first]];
  const dropped = [...prunedBeside(state, first)];
  for (;;) {
    const on = (state.children.get(node) ?? []).filter((each) => state.fates[each] !== PRUNED);
    if (on.length !== 1) break;
    node = on[0];
    text += state.header.labels[node];
    dropped.push(...prunedBeside(state, node));
  }
  const ended = FATES[state.fates[node]] === "finished";
  const more = branches(state, node);
  const dead = !ended && !more;
  const last = dead ? (state.children.get(node) ?? []) : []; // all that would have come next was given up
  const score = state.header.hypotheses.find(([each]) => each === node)?.[1];
  const told = score !== undefined ? `✓ ${decimals(score, 3)}` : ended ? "finished" : dead ? "given up" : "";
  const line = element("div", { class: dead ? "av-beamline av-beamdead" : "av-beamline" }, [wordsButton(state, node, text), " ", element("small", { text: told }), ...given(state, [...dropped, ...last])]);
  return element("li", {}, more ? [line, more] : [line]);
}

/**
 * The siblings of a node that were given up, told once for all of them: beside the likeliest sibling that was kept.
 * @param {BeamsState} state
 */
function prunedBeside(state, node) {
  const all = state.children.get(state.parents[node]) ?? [];
  const first = all.filter((each) => state.fates[each] !== PRUNED).sort((a, b) => bestBelow(state, b) - bestBelow(state, a))[0];
  return first === node ? all.filter((each) => state.fates[each] === PRUNED) : [];
}

/**
 * What was given up along a branch, folded.
 * @param {BeamsState} state
 */
function given(state, nodes) {
  if (!nodes.length) return [];
  const items = nodes.map((node) => {
    const before = state.parents[node] >= 0 ? state.header.labels[state.parents[node]] : "";
    return element("li", {}, [element("span", { class: "av-name", dir: "auto", text: `…${before} ` }), wordsButton(state, node, state.header.labels[node]), " ", element("small", { text: percent(Math.exp(state.logProbs[node])) })]);
  });
  return [element("details", { class: "av-beamgiven" }, [element("summary", { text: `${nodes.length} given up` }), element("ul", {}, items)])];
}

/**
 * The log-probability of the likeliest hypothesis below a node, per token: by it, branches are in order.
 * @param {BeamsState} state
 */
function bestBelow(state, node) {
  const scores = state.header.hypotheses.filter(([end]) => isBelow(state, end, node)).map(([, score]) => score);
  return scores.length ? Math.max(...scores) : -1000 + state.totals[node];
}

/** @param {BeamsState} state */
function isBelow(state, node, above) {
  for (let at = node; at >= 0; at = state.parents[at]) if (at === above) return true;
  return false;
}

/** @param {BeamsState} state */
function tableText(state) {
  /** @type {import("../../core/csv.js").Cell[][]} */
  const rows = [["node", "parent", "token", "log probability", "total", "fate", "text"]];
  state.header.labels.forEach((label, node) => {
    rows.push([node, state.parents[node], label, { numeric: String(state.logProbs[node]) }, { numeric: String(state.totals[node]) }, FATES[state.fates[node]], textTo(state, node)]);
  });
  return csvText(rows);
}
