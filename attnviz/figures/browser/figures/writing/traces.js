// Of the figure "writing": where in a passage the answer was read, and two branches side by side.

import { element } from "../../core/dom.js";
import { decimals, percent } from "../../core/numbers.js";

/** @import {WritingHeader, WritingState} from "./message.js" */

/**
 * Where the token that was written as number `n` was read: [position, share, sure], or undefined.
 * @param {WritingHeader} header
 * @param {number} n
 */
export const sourceOf = (header, n) => header.sources?.links[n];

/**
 * The same in words.
 * @param {WritingHeader} header
 * @param {number} n
 * @param {(key: number) => string} named
 */
export function sourceText(header, n, named) {
  const source = sourceOf(header, n);
  if (!source) return "";
  const [key, share, sure] = source;
  const shares = `${percent(share)} of what the passage gets; even spread ${percent(header.sources.chance)}`;
  return sure ? `read from ${named(key)} (${shares})` : `no clear place in the passage: most from ${named(key)} (${shares})`;
}

/**
 * Marks the place in the prompt where a written token was read, and no other.
 * @param {WritingState} state
 * @param {number} n
 */
export function markSource({ header, prose }, n) {
  for (const node of prose.querySelectorAll(".av-source")) node.classList.remove("av-source", "av-unsure-source");
  const source = sourceOf(header, n);
  if (!source) return;
  for (const node of prose.querySelectorAll(`[data-at="${source[0]}"]`)) node.classList.add("av-source", ...(source[2] ? [] : ["av-unsure-source"]));
}

/**
 * The links as a table: every token of the answer with its place; a click looks at the step.
 * @param {WritingHeader} header
 * @param {(key: number) => string} named
 * @param {(name: string, value: any, text: string, more?: object) => HTMLElement} teller
 */
export function sourceNodes(header, named, teller) {
  const { sources, written, step } = header;
  if (!sources) return [];
  const rows = sources.links.flatMap(([key, share, sure], n) => written[n].special ? [] : [
    element("tr", { class: [n === step && "av-on", !sure && "av-cut"].filter(Boolean).join(" ") || null }, [
      element("th", { scope: "row" }, [teller("step", n, written[n].name, { "aria-pressed": String(n === step) })]),
      element("td", { dir: "auto", class: "av-label", text: sure ? named(key) : "no clear place" }),
      element("td", { class: "av-number", text: percent(share) }),
    ]),
  ]);
  const head = element("tr", {}, ["written", "read from", `share (even: ${percent(sources.chance)})`].map((text) => element("th", { scope: "col", text })));
  return [
    element("h4", { class: "av-panel-title", text: "The answer, traced to the passage" }),
    element("div", { class: "av-headbox" }, [element("table", { class: "av-sources", "data-testid": "sources" }, [element("thead", {}, [head]), element("tbody", {}, rows)])]),
    element("p", { class: "av-note", text: `${sources.note} What is read is not yet what it was written for: see “Why this token”.` }),
  ];
}

/**
 * Two branches side by side.
 * @param {WritingHeader} header
 */
export function comparedNodes({ compared, beside }) {
  if (!compared) return [];
  const { at, sides, reads } = compared;
  const text = (value) => element("td", { class: "av-number", text: value });
  /** @type {[string, (side: import("./message.js").Side) => string][]} */
  const told = [
    ["first token", (side) => (side.tokens ? percent(side.probability) : "–")],
    ["all tokens from there on", (side) => String(side.tokens)],
    ["log-probability of these, nats", (side) => decimals(side.log_probability, 2)],
    ["for each token, nats", (side) => (side.tokens ? decimals(side.log_probability / side.tokens, 2) : "–")],
    ["mean entropy, nats", (side) => (side.tokens ? decimals(side.entropy, 2) : "–")],
  ];
  const numbers = element("table", { class: "av-compared", "data-testid": "compared" }, [
    element("thead", {}, [element("tr", {}, [element("th"), ...sides.map((side) => element("th", { scope: "col", dir: "auto", text: side.text || "␣" }))])]),
    element("tbody", {}, told.map(([name, value]) => element("tr", {}, [element("th", { scope: "row", text: name }), ...sides.map((side) => text(value(side)))]))),
  ]);
  const cell = (value) => text(value === null ? "–" : decimals(value, 3));
  const rows = element("table", { class: "av-compared av-compared-reads" }, [
    element("thead", {}, [element("tr", {}, ["token", "led to both", "next, shown", "next, other"].map((said) => element("th", { scope: "col", text: said })))]),
    element("tbody", {}, reads.map(([label, weights]) => element("tr", {}, [element("th", { scope: "row", dir: "auto", class: "av-label", text: label }), ...weights.map(cell)]))),
  ]);
  return [
    element("h4", { class: "av-panel-title", text: `Side by side, from step ${at + 1} on` }),
    element("div", { class: "av-writing-sides" }, [element("section", {}, [numbers]), element("section", {}, [rows])]),
    element("p", { class: "av-note", text: `Both part behind the same text, so one row of attention led to both: the first column. The next step of either reads its own token${beside ? "" : "; the first token is left out"}.` }),
  ];
}
