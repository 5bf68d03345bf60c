// Controls of what of a map is shown, the same in every form: the tokens that are left out, and how much of a token's
// mass its links must hold.

import { choice, toggle } from "../../core/controls.js";
import { Shared } from "../../core/shared.js";
import { keptAxes } from "../../data/view.js";

/** @type {(share: number) => import("../../core/controls.js").Option} */
const shareOption = (share) => [String(share), share < 100 ? `${share} % of a token’s mass` : "all of a token’s mass"];
const SHARES = [50, 75, 90, 95, 99, 100];

export class Shown {
  /** `change(value)` is told what the reader set: {hide: ["special", "first"], keep: percent or null}. */
  constructor(change) {
    this.shared = new Shared("setting");
    const set = (news) => {
      this.shared.set({ ...this.shared.value, ...news });
      change(this.shared.value);
    };
    const without = (name) => this.shared.value.hide.filter((each) => each !== name);
    const hiding = (name) => (on) => set({ hide: on ? [...without(name), name] : without(name) });
    this.toggles = { special: toggle("Hide special tokens", hiding("special")), first: toggle("Hide first token", hiding("first")) };
    this.keepChoice = choice("Links that hold", SHARES.map(shareOption), (value) => set({ keep: Number(value) }));
    this.nodes = [this.toggles.special.node, this.toggles.first.node, this.keepChoice.node];
  }

  /** The host says what to show. */
  offer({ hide, keep }) {
    this.shared.offer({ hide, keep });
  }

  /** What is hidden of these tokens: never so much that no row or no column is left. */
  hidden(header) {
    return this.shared.value.hide.reduce((names, name) => (this.possible(header, [...names, name]) ? [...names, name] : names), []);
  }

  possible(header, names) {
    const some = names.includes("first") ? Boolean(header.first) : [...header.querySpecial, ...header.keySpecial].includes(1);
    const { rows, cols } = keptAxes(header, names);
    return some && rows.length > 0 && cols.length > 0;
  }

  /** The share of each row's mass that is kept. Lines of everything would be a tangle: there it is 90 % to begin with. */
  share(form) {
    return (this.shared.value.keep ?? (form === "lines" ? 90 : 100)) / 100;
  }

  /** Brings the controls in line. */
  set(header, form) {
    const hidden = this.hidden(header);
    for (const [name, control] of Object.entries(this.toggles)) {
      control.set(hidden.includes(name), !hidden.includes(name) && !this.possible(header, [...hidden, name]));
      control.node.hidden = form === "qk";
    }
    this.keepChoice.set(String(Math.round(100 * this.share(form))));
    this.keepChoice.node.hidden = form === "qk";
  }
}
