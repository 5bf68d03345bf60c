// The words of both texts, one above or beside the other, and the lines between them.

import { element } from "../../core/dom.js";
import { percent } from "../../core/numbers.js";
import { css } from "../../paint/colours.js";
import { FAINTEST, goldOf, partnersOf, uncertain, weightAt } from "./message.js";
import { goldColour, lineColour } from "./picture.js";

/** @import {AlignmentState, Word} from "./message.js" */

const SVG = "http://www.w3.org/2000/svg";

/**
 * The buttons of both texts; word i of side s is state.nodes[s][i].
 * @param {AlignmentState} state
 */
export function buildWords(state) {
  const { header } = state;
  const labels = [header.sources, header.targets.map(({ label }) => label)];
  state.nodes = labels.map((side, which) =>
    side.map((label, at) => element("button", { type: "button", class: "av-alword", "data-side": which, "data-at": at, tabindex: at || which ? "-1" : "0", text: label })),
  );
  state.lists.forEach((list, side) => list.replaceChildren(...state.nodes[side]));
}

/**
 * Above each other where both fit in a line, else beside each other; whether they stand above each other.
 * @param {AlignmentState} state
 */
export function arrange(state) {
  const { board, lists } = state;
  board.classList.remove("av-upright");
  const wide = lists.every((list) => list.scrollWidth <= list.clientWidth + 1);
  board.classList.toggle("av-upright", !wide);
  return wide;
}

/**
 * Draws the lines anew, those of the word that is pointed at or held in front.
 * @param {AlignmentState} state
 */
export function drawLines(state) {
  const { header, board, svg, nodes, theme } = state;
  const upright = board.classList.contains("av-upright");
  const ground = board.getBoundingClientRect();
  const box = (node) => node.getBoundingClientRect();
  svg.setAttribute("viewBox", `0 0 ${ground.width} ${ground.height}`);
  const word = state.pointed ?? state.held;
  const paths = [];
  const ends = nodes.map((side, which) => side.map((node) => {
    const { left, right, top, bottom } = box(node);
    return upright ? [(which ? left : right) - ground.left, (top + bottom) / 2 - ground.top] : [(left + right) / 2 - ground.left, (which ? top : bottom) - ground.top];
  }));
  header.targets.forEach((_, t) => {
    header.sources.forEach((__, s) => {
      const weight = weightAt(state, t, s);
      const on = word && (word.side ? word.at === t : word.at === s);
      const gold = goldOf(state, t, s);
      if (gold) {
        const band = document.createElementNS(SVG, "path");
        band.setAttribute("d", curve(ends[0][s], ends[1][t], upright));
        band.setAttribute("class", `av-algold av-algold-${gold}`);
        band.setAttribute("stroke", css(goldColour(theme)));
        band.setAttribute("opacity", String(word && !on ? 0.15 : 0.75));
        paths.push([-1, band]);
      }
      if (weight < (on ? 0.01 : FAINTEST)) return;
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("d", curve(ends[0][s], ends[1][t], upright));
      path.setAttribute("stroke", css(on ? theme.text : lineColour(theme)));
      path.setAttribute("stroke-width", String(1 + 4 * weight));
      path.setAttribute("opacity", String(word && !on ? 0.1 : Math.min(1, 0.12 + 0.88 * weight)));
      if (uncertain(state, t)) path.setAttribute("stroke-dasharray", "5 4");
      paths.push([on ? 1 : 0, path]);
    });
  });
  svg.replaceChildren(...paths.sort(([a], [b]) => a - b).map(([, path]) => path));
}

/** A curve that leaves and arrives upright (or level, where the texts stand beside each other). */
function curve([x0, y0], [x1, y1], level) {
  const [mx, my] = [(x0 + x1) / 2, (y0 + y1) / 2];
  return level ? `M${x0} ${y0}C${mx} ${y0} ${mx} ${y1} ${x1} ${y1}` : `M${x0} ${y0}C${x0} ${my} ${x1} ${my} ${x1} ${y1}`;
}

/**
 * How the words look: which is pointed at or held, which are its partners, which are uncertain, forced or given.
 * @param {AlignmentState} state
 */
export function dressWords(state) {
  const { header, nodes } = state;
  const word = state.pointed ?? state.held;
  const partners = new Map(word ? partnersOf(state, word).filter(({ weight }) => weight >= 0.05).map(({ at, weight }) => [at, weight]) : []);
  nodes.forEach((side, which) =>
    side.forEach((node, at) => {
      const own = word && word.side === which && word.at === at;
      const weight = word && word.side !== which ? partners.get(at) : undefined;
      const doubt = Boolean(which) && uncertain(state, at);
      node.classList.toggle("av-on", Boolean(own));
      node.classList.toggle("av-partner", weight !== undefined);
      node.classList.toggle("av-doubt", doubt);
      node.classList.toggle("av-forcedword", Boolean(which) && header.targets[at].forced);
      node.setAttribute("aria-pressed", String(state.held?.side === which && state.held?.at === at));
      node.dataset.share = weight === undefined ? "" : percent(weight);
      node.setAttribute("aria-label", wordText(state, { side: which, at }));
    }),
  );
}

/**
 * A word as it is read out.
 * @param {AlignmentState} state
 * @param {Word} word
 */
export function wordText(state, word) {
  const { header } = state;
  const label = word.side ? header.targets[word.at].label : header.sources[word.at];
  const [first] = partnersOf(state, word);
  const others = word.side ? header.sources : header.targets.map((each) => each.label);
  if (!first) return label;
  const doubt = word.side && uncertain(state, word.at) ? ", uncertain" : "";
  const forced = word.side && header.targets[word.at].forced ? ", forced" : "";
  return `${label}: ${word.side ? "read from" : "read by"} ${others[first.at]} ${percent(first.weight)}${doubt}${forced}`;
}
