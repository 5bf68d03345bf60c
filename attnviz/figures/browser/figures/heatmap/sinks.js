// Where a head mostly rests on one special token or on the first one: that is said, with the share that is left of it
// where each weight is multiplied by what it carries.

import { button } from "../../core/controls.js";
import { element } from "../../core/dom.js";
import { percent } from "../../core/numbers.js";
import { quoted } from "../../core/text.js";

const MUCH = 0.4; // of all that a map holds

export class Sinks {
  /** `weigh(quantity)` asks for the map of another quantity. */
  constructor(weigh) {
    this.words = element("span", { "data-term": "cls" });
    this.button = button("", "", () => weigh(this.other));
    this.node = element("p", { class: "av-sink", "data-testid": "sink" }, [this.words, " ", this.button]);
  }

  /**
   * Says so of the whole map, in attention weights or weighted by values.
   * @param {import("../../data/view.js").MapHeader} header
   * @param {Float32Array} values of the whole map, row after row
   * @param {string[]} quantities that the host can show
   */
  show(header, values, quantities) {
    const found = sinkOf(header, values);
    const weighted = header.quantity === "value-weighted norm";
    const shown = found !== null && (header.rowsSumToOne ? found.share > MUCH : weighted);
    this.node.hidden = !shown;
    if (!shown) return;
    const name = quoted(header.keys[found.key]);
    this.other = weighted ? "attention" : "norm";
    this.words.textContent = weighted
      ? `Weighted by what it carries, ${name} holds ${percent(found.share)} of this head.`
      : `${percent(found.share)} of this head rests on ${name}: often the place where a head looks when it has nothing to add.`;
    this.button.textContent = weighted ? "Show attention weights" : "Weight it by what it carries";
    this.button.setAttribute("aria-label", this.button.textContent);
    this.button.dataset.term = "value-weighted";
    this.button.hidden = !quantities.includes(this.other);
  }
}

/** The first or special key that holds the most of a map, with its share; null where there is no such key. */
export function sinkOf(header, values) {
  const k = header.keys.length;
  let [all, best] = [0, null];
  const sums = new Float64Array(k);
  for (let i = 0; i < values.length; i++) {
    sums[i % k] += values[i];
    all += values[i];
  }
  for (let j = 0; j < k; j++) {
    if (j > 0 && !header.keySpecial[j]) continue;
    if (all > 0 && (best === null || sums[j] / all > best.share)) best = { key: j, share: sums[j] / all };
  }
  return best;
}
