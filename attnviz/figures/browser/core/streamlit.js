// Adapter for Streamlit's Custom Components v2: what a figure reports becomes component state or a trigger, numbered.

import { reports } from "./shared.js";

/**
 * @typedef {(name: string, value: unknown) => void} Report
 * @typedef {{data: unknown, heard?: Record<string, number>, parentElement: ParentNode, setStateValue: Report, setTriggerValue: Report}} Mount
 * @typedef {Record<string, (value: any) => void>} Callbacks by what they are told
 */

// State that lasts, and what happens once.
const STATES = ["selection", "places", "form", "setting", "held", "detail", "chosen", "granularity"];
const TRIGGERS = ["asking", "option", "position", "edited", "switched", "open", "linked", "instead", "step", "candidate", "head", "branch", "other", "walk"];

/**
 * The default export of a component that draws with `draw`.
 * @param {(root: ParentNode, bytes: Uint8Array, callbacks: Callbacks) => void} draw
 */
export function streamlit(draw) {
  return (/** @type {Mount} */ { data, heard, parentElement, setStateValue, setTriggerValue }) => {
    if (!(data instanceof Uint8Array)) return;
    const telling = (/** @type {string[]} */ names, /** @type {Report} */ report) =>
      Object.fromEntries(names.map((name) => [name, (/** @type {unknown} */ value) => report(name, { number: ++reports.latest, value })]));
    reports.heard = heard ?? {};
    draw(parentElement, data, { ...telling(STATES, setStateValue), ...telling(TRIGGERS, setTriggerValue) });
  };
}
