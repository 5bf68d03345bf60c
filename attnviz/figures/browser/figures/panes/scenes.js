// What the figure "panes" paints: a scene for each pane and for the difference, and what their colours mean.

import { decimals } from "../../core/numbers.js";

/** @import {PanesState} from "./message.js" */

const TITLES = { query: "query token: looks from", key: "key token: looked at" };
export const headName = ([layer, head]) => `layer ${layer}, head ${head}`;
const differenceName = ({ header, first, second }) => `${header.panes[first].name} minus ${header.panes[second].name}`;

/** @param {PanesState} state */
export function scenesOf(state) {
  const { header, theme, views, difference, shared, signed, places } = state;
  const scene = (view, scale, title) => ({ view, scale, theme, titles: TITLES, title, label: `attention weight: ${title}`, notes: [] });
  const title = ({ name, title: text }, n) => [header.fixed ? name : `${name}: ${headName(places.value[n])}`, text].filter(Boolean).join(" · ");
  return [
    ...views.map((view, n) => scene(view, shared, title(header.panes[n], n))),
    { ...scene(difference, signed, `Difference: ${differenceName(state)}`), notes: [state.notice.textContent, header.note].filter(Boolean) },
  ];
}

/** @param {PanesState} state */
export const describe = (state) => {
  const names = scenesOf(state).map(({ title }) => title);
  return `${names.length - 1} attention maps side by side: ${names.slice(0, -1).join("; ")}; and their ${names.at(-1).replace("Difference", "difference")}.`;
};

/** @param {PanesState} state */
export function showLegends(state) {
  const { header, shared, signed, theme, host } = state;
  const ahead = header.sources.some(({ causal }) => causal) ? " Hatched: cannot look ahead." : "";
  const [first, second] = [state.first, state.second].map((n) => header.panes[n].name);
  const words = [
    `Colour: square root of the attention weight, one scale for all panes, up to ${decimals(shared.top)}.${ahead}`,
    `Difference: blue where ${first} has the larger weight, orange where ${second} has; square root of its size, up to ${decimals(signed.top)}.`,
  ];
  [shared, signed].forEach((scale, n) => state.legends[n].show(scale, theme, host.clientWidth, words[n]));
}
