// What of a map is shown, behind one button: its own choices and those that the host offers; what is set stands beside
// the button, each with a way to take it back.

import { choice, panel, textField } from "../../core/controls.js";
import { element } from "../../core/dom.js";

/**
 * @typedef {object} HostOption a choice that the host makes
 * @property {string} name
 * @property {string} label
 * @property {string} value
 * @property {string} usual what holds where nothing was chosen
 * @property {[value: string, title: string][]} choices empty: what is typed
 * @property {string} help
 */

export class Options {
  /** `own`: nodes of the figure's own choices. `change(name, value)` is told what the reader chose of the host's. */
  constructor(own, change) {
    this.change = change;
    this.own = own;
    this.host = element("div", { class: "av-options-host" });
    this.panel = panel("Options", [this.host, ...own]);
    this.chips = element("div", { class: "av-chips", role: "group", "aria-label": "What is set" });
    this.nodes = [this.panel, this.chips];
    this.controls = new Map();
  }

  /**
   * The host's choices.
   * @param {HostOption[]} options
   */
  offer(options) {
    this.options = options;
    const nodes = options.map((option) => {
      const { name, label, value, choices, help } = option;
      const known = this.controls.get(name);
      const control = known ?? (choices.length ? choice(label, choices, (news) => this.change(name, news)) : textField(label, (news) => this.change(name, news)));
      this.controls.set(name, control);
      control.set(value, choices.length ? choices : undefined);
      control.node.title = help;
      return control.node;
    });
    // A control that stays in its place keeps the focus.
    if (nodes.length !== this.host.children.length || nodes.some((node, i) => this.host.children[i] !== node)) this.host.replaceChildren(...nodes);
  }

  /** Shows what is set: of the host's choices, and `own` [[words, takeBack]]. */
  set(own) {
    this.panel.hidden = !this.options.length && this.own.every((node) => node.hidden);
    const host = this.options.filter(({ value, usual, choices }) => choices.length && value !== usual);
    const titled = host.map(({ name, value, usual, choices }) => [titleOf(choices, value), () => this.change(name, usual)]);
    const all = [...titled, ...own];
    const words = JSON.stringify(all.map(([text]) => text));
    if (this.words === words) return;
    this.words = words;
    this.chips.replaceChildren(...all.map(([text, back]) =>
      element("button", { type: "button", class: "av-set", "aria-label": `${text}: take back`, on: { click: back } }, [text, element("span", { "aria-hidden": "true", text: " ×" })])));
    this.chips.hidden = !all.length;
  }
}

/** @type {(choices: [string, string][], value: string) => string} */
const titleOf = (choices, value) => choices.find(([each]) => each === value)?.[1] ?? value;
