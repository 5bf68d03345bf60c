// Lists of the figure "writing": candidates as bars, heads by what they read, branches as a tree.

import { element } from "../../core/dom.js";
import { decimals, percent } from "../../core/numbers.js";

/** @import {WritingHeader, WritingState} from "./message.js" */

/** A button that tells the host something when it is clicked. */
export const teller = (name, value, text, more = {}) =>
  element("button", { type: "button", class: "av-pick", dir: "auto", "data-told": JSON.stringify([name, value]), text, ...more });

const bar = (share, name) => element("span", { class: `av-bar ${name}`, "aria-hidden": "true", style: `width:${(100 * Math.min(1, Math.max(0, share))).toFixed(2)}%` });

/**
 * Head and rows of the table of candidates: before, and after temperature and cuts; what was cut stays, struck through.
 * @param {WritingHeader} header
 */
export function candidateRows(header) {
  const head = element("tr", {}, ["token", header.greedy ? "probability" : "before and after the cuts", ""].map((text) => element("th", { scope: "col", text })));
  const rows = header.candidates.map(([id, label, before, after, special]) => {
    const cut = after === 0 && !header.greedy;
    const name = teller("candidate", [header.step, id], label, { "aria-label": `Write ${label} here`, "aria-pressed": String(id === header.chosen) });
    return element("tr", { class: [id === header.chosen && "av-on", cut && "av-cut", special && "av-special"].filter(Boolean).join(" ") || null }, [
      element("th", { scope: "row" }, [name]),
      element("td", { class: "av-bars" }, header.greedy ? [bar(before, "av-alone")] : [bar(before, "av-before"), bar(after, "av-after")]),
      element("td", { class: "av-number", text: `${percent(before)}${header.greedy ? "" : ` → ${cut ? "cut" : percent(after)}`}` }),
    ]);
  });
  return [element("thead", {}, [head]), element("tbody", {}, rows)];
}

/**
 * Head and rows of the table of heads; the first is the mean of all.
 * @param {WritingState} state
 * @param {(state: WritingState, key: number) => string} labelAt
 */
export function headRows(state, labelAt) {
  const { header } = state;
  const shown = header.head ? header.head.join(".") : "";
  const mean = element("tr", { class: shown ? null : "av-on" }, [
    element("th", { scope: "row" }, [teller("head", [-1, -1], "mean of all", { "aria-pressed": String(!shown) })]), element("td"), element("td"),
  ]);
  const rows = header.heads.map(([layer, head, weight, key]) =>
    element("tr", { class: shown === `${layer}.${head}` ? "av-on" : null }, [
      element("th", { scope: "row" }, [teller("head", [layer, head], `layer ${layer}, head ${head}`, { "aria-pressed": String(shown === `${layer}.${head}`) })]),
      element("td", { dir: "auto", class: "av-label", text: labelAt(state, key) }),
      element("td", { class: "av-number", text: decimals(weight, 3) }),
    ]),
  );
  const head = element("tr", {}, ["head", "reads", "weight"].map((text) => element("th", { scope: "col", text })));
  return [element("thead", {}, [head]), element("tbody", {}, [mean, ...rows])];
}

/**
 * Branches as lines, each indented behind the one that it parts from.
 * @param {WritingHeader} header
 */
export function branchNodes({ forks, current, compared }) {
  const depth = (n) => (forks[n][0] < 0 ? 0 : 1 + depth(forks[n][0]));
  const order = [];
  const visit = (n) => {
    order.push(n);
    forks.forEach(([parent], child) => parent === n && visit(child));
  };
  if (forks.length) visit(0);
  const title = element("h4", { class: "av-panel-title", text: "Branches" });
  return [title, ...order.map((n) => {
    const [, at, text, probability] = forks[n];
    const said = `${n === 0 ? "trunk" : `parts at step ${at + 1}`}${probability === null ? "" : `, ${percent(probability)}`}`;
    return element("div", { class: "av-branch", style: `margin-inline-start:${18 * depth(n)}px` }, [
      teller("branch", n, text || "␣", { "aria-pressed": String(n === current) }),
      element("span", { class: "av-group-text", text: said }),
      ...(n === current ? [] : [teller("other", n, "beside", { class: "av-pick av-beside", "aria-label": `Put branch ${n} beside the one that is shown`, "aria-pressed": String(compared?.sides[1].number === n) })]),
    ]);
  })];
}
