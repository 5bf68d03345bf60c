// A figure keeps one lasting state for each element that holds it, whatever number of messages come.

import { element } from "./dom.js";

/** @typedef {Record<string, any> & {name: string, host: HTMLElement, ending: (() => void)[]}} State what a figure keeps between messages */

/**
 * The lasting state of a figure in `root`, an element or shadow root. Hosts call draw() again with every new
 * message, so the first call builds the elements and later ones find them.
 * @param {ParentNode} root
 * @param {string} name
 * @param {(state: any) => void} build makes the elements; it also sets state.resize and state.recolour
 * @returns {any} the state, whose kind the figure knows
 */
export function figureState(root, name, build) {
  const known = /** @type {any[]} */ ([...root.children]).find((child) => child.attnviz?.name === name);
  if (known) return known.attnviz;
  const host = element("div", { class: `av av-${name}` });
  root.append(host);
  const state = { name, host, ending: /** @type {(() => void)[]} */ ([]) };
  Object.assign(host, { attnviz: state });
  build(state);
  watch(state);
  return state;
}

/**
 * Calls state.resize() when the width changes and state.recolour() when the host's theme does.
 * @param {State} state
 */
function watch(state) {
  let width = state.host.clientWidth;
  const observer = new ResizeObserver(() => {
    if (state.host.clientWidth === width || state.host.clientWidth === 0) return;
    width = state.host.clientWidth;
    state.resize();
  });
  observer.observe(state.host);
  state.ending.push(() => observer.disconnect());
  // The style sheet gives the host a transition of its colours: its end tells that the theme was switched.
  state.host.addEventListener("transitionend", (event) => {
    if (event.target === state.host) state.recolour();
  });
}

/**
 * The host has taken the figures in `root` away: nothing of theirs stays behind at the window, and no canvas keeps its
 * pixels.
 * @param {ParentNode} root
 */
export function endFigures(root) {
  for (const child of /** @type {any[]} */ ([...root.children]).filter((each) => each.attnviz)) {
    for (const end of child.attnviz.ending) end();
    for (const canvas of child.querySelectorAll("canvas")) canvas.width = canvas.height = 0;
    child.remove();
  }
}
