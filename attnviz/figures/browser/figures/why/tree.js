// The traces of the figure "why": from the head in question at the left to the tokens at the right, each step a button.

import { element } from "../../core/dom.js";
import { isolated } from "../../core/text.js";
import { treePlaces } from "../../data/tree.js";
import { linkColour, linkStyle } from "../../paint/links.js";
import { CanvasPen } from "../../paint/pens.js";
import { nodeText } from "./words.js";

/** @import {Node, WhyState} from "./message.js" */

export const STEP = { width: 212, height: 82, gap: 40, apart: 12 };

/**
 * The lines from each step to those that it goes back to: as wide as their share of its score.
 * @param {import("../../paint/pens.js").Pen} pen
 * @param {WhyState} state
 * @param {import("../../data/tree.js").Spot[]} spots
 */
export function paintBranches(pen, { header, scale }, spots) {
  header.nodes.forEach(({ parent, share, value }, n) => {
    if (parent < 0) return;
    const [from, to] = [spots[parent], spots[n]];
    const style = linkStyle(Math.sign(value || 1) * Math.abs(share), 1);
    pen.lines([[from.x + STEP.width, from.y, to.x, to.y]], linkColour(scale, value || 1), { ...style, opacity: 0.8 });
  });
}

export class TreeView {
  /** @param {(step: {step: number}) => void} open */
  constructor(open) {
    this.open = open;
    this.canvas = element("canvas", { class: "av-whybranches", "aria-hidden": "true" });
    this.steps = element("ol", { class: "av-whysteps" });
    this.board = element("div", { class: "av-whyboard" }, [this.canvas, this.steps]);
    this.title = element("h4", { class: "av-panel-title", text: "Followed back, from left to right" });
    this.node = element("section", { class: "av-whytree", "data-testid": "traces" }, [this.title, element("div", { class: "av-headbox", tabindex: "0", role: "region", "aria-label": "The traces, from left to right" }, [this.board])]);
  }

  /** @param {WhyState} state */
  show(state) {
    const { nodes } = state.header;
    this.node.hidden = nodes.length < 2;
    if (this.node.hidden) return;
    const { spots, width, height } = treePlaces(nodes.map(({ parent }) => parent), STEP);
    Object.assign(this.board.style, { width: `${width}px`, height: `${height}px` });
    this.steps.replaceChildren(...nodes.map((node, n) => element("li", { style: `left:${spots[n].x}px;top:${spots[n].y - STEP.height / 2}px` }, [this.stepNode(state, node, n)])));
    const dpr = globalThis.devicePixelRatio || 1;
    Object.assign(this.canvas, { width: Math.round(width * dpr), height: Math.round(height * dpr) });
    Object.assign(this.canvas.style, { width: `${width}px`, height: `${height}px` });
    const context = this.canvas.getContext("2d");
    context.scale(dpr, dpr);
    paintBranches(new CanvasPen(context), state, spots);
  }

  /**
   * @param {WhyState} state
   * @param {Node} node
   */
  stepNode(state, node, n) {
    const goes = n > 0 && node.opens && Boolean(state.callbacks.open);
    const lines = [
      element("b", { dir: "auto", text: node.name }),
      ...(node.link ? [element("span", { dir: "auto", text: isolated(node.link) })] : []),
      ...[node.told, node.end].filter(Boolean).map((text) => element("small", { text })),
    ];
    return element(goes ? "button" : "div", {
      class: `av-whystep${node.opens ? "" : " av-whyleaf"}`, type: goes ? "button" : null, title: nodeText(node), "data-step": n,
      on: goes ? { click: () => this.open({ step: n }) } : {},
    }, lines);
  }
}
