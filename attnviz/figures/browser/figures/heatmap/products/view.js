// The form "qk": how one query token's weights come about, key by key: q and k, their product per dimension, its sum,
// the scaled and masked score, the softmax. Vectors are strips of colour, every step is a column of numbers.

import { choice } from "../../../core/controls.js";
import { element } from "../../../core/dom.js";
import { decimals } from "../../../core/numbers.js";
import { quoted } from "../../../core/text.js";
import { css, divergingScale } from "../../../paint/colours.js";
import { colourOf, signedScale } from "../../../paint/scales.js";

const FIRST_KEYS = 24;

export class ProductsView {
  /** `listen`: row(index) is told which query token the reader chose. */
  constructor(listen) {
    this.listen = listen;
    this.order = "weight";
    this.all = false;
    this.rowChoice = choice("Query token", [], (value) => {
      if (Number(value) === this.scene.qk.row) return;
      this.waiting = Number(value);
      listen.row(Number(value));
      this.busy(`Loading the vectors of token ${value} …`);
    });
    this.orderChoice = choice("Keys", [["weight", "largest weight first"], ["text", "in text order"]], (value) => {
      this.order = value;
      this.refresh();
    });
    this.status = element("p", { class: "av-readout", role: "status", "data-testid": "qk-status" });
    this.readout = element("p", { class: "av-readout", "data-testid": "qk-readout" });
    this.steps = element("ol", { class: "av-steps", "data-testid": "qk-steps" });
    this.legend = element("div", { class: "av-shades" });
    this.table = element("table", { class: "av-products", "data-testid": "qk-table" });
    this.scroller = element("div", { class: "av-productscroll", tabindex: "0", role: "region", "aria-label": "Keys, step by step" }, [this.table]);
    this.more = element("button", { type: "button", class: "av-button", on: { click: () => this.showMore() } });
    this.content = element("div", {}, [this.steps, this.legend, this.readout, this.scroller, this.more]);
    this.node = element("div", { class: "av-productsview" }, [
      element("div", { class: "av-linetools" }, [this.rowChoice.node, this.orderChoice.node]), this.status, this.content,
    ]);
    this.table.addEventListener("pointermove", (event) => this.point(event));
    this.table.addEventListener("pointerdown", (event) => this.point(event));
    this.table.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && this.point(null));
  }

  hold() {}

  showMore() {
    this.all = !this.all;
    this.refresh();
  }

  busy(text) {
    this.status.textContent = text;
    this.status.hidden = !text;
    this.content.hidden = Boolean(text);
  }

  /** Shows {theme, wanted, qk}: qk is what came last, of whatever head and row. */
  show(scene) {
    this.scene = scene;
    this.refresh();
  }

  refresh() {
    const { qk, wanted } = this.scene;
    const ready = qk && qk.layer === wanted.layer && qk.head === wanted.head && (this.waiting === undefined || qk.row === this.waiting);
    for (const { node } of [this.rowChoice, this.orderChoice]) node.hidden = !qk || Boolean(qk.problem);
    if (!ready) return this.busy(`Loading the vectors of layer ${wanted.layer}, head ${wanted.head} …`);
    this.waiting = undefined;
    this.busy(qk.problem);
    if (qk.problem) return;
    this.rowChoice.set(qk.row, qk.queries.map((label, index) => [String(index), `${index}: ${label}`]));
    this.compute();
    this.showSteps();
    this.showLegend();
    this.showTable();
    this.point(null);
  }

  /** The products and their sums, from the vectors that came. */
  compute() {
    const { qkQuery: q, qkKeys: k } = this.scene.qk.arrays;
    const size = q.shape[0];
    this.size = size;
    this.products = Float32Array.from(k.data, (value, at) => value * q.data[at % size]);
    this.sums = Array.from({ length: k.shape[0] }, (_, j) => {
      let sum = 0;
      for (let d = 0; d < size; d++) sum += q.data[d] * k.data[j * size + d];
      return sum;
    });
    const colours = divergingScale(this.scene.theme);
    const top = (arrays) => arrays.reduce((most, array) => array.reduce((high, value) => Math.max(high, Math.abs(value)), most), 0);
    this.vectors = signedScale(colours, null, top([q.data, k.data]));
    this.produced = signedScale(colours, null, top([this.products]));
  }

  showSteps() {
    const { qk } = this.scene;
    const name = `${quoted(qk.queries[qk.row])} (${qk.row})`;
    const score = [`s = ${decimals(qk.scale)} · Σ`];
    if (qk.softcap !== null) score.push(`bounded: ${decimals(qk.softcap, 1)} · tanh(s / ${decimals(qk.softcap, 1)})`);
    if (qk.arrays.qkBias) score.push("plus the bias of the position");
    if (qk.arrays.qkAllowed.data.includes(0)) score.push("−∞ where the mask forbids to look");
    const sink = qk.sink === null ? "" : ` The sum holds a sink, too: exp(${decimals(qk.sink)}), a logit without a token, so the weights add up to less than 1.`;
    this.steps.replaceChildren(
      ...[
        `Vectors: q of ${name} and k of every key, ${this.size} numbers each, as they are compared (after rotary embedding, where the model has it).`,
        "Product, dimension by dimension: q ∘ k.",
        "Sum: Σ = q · k.",
        `Score: ${score.join("; ")}.`,
        `Softmax: weight = exp(s) / sum of exp(s) over all keys.${sink}`,
      ].map((text) => element("li", { text })),
    );
  }

  showLegend() {
    const ramp = `linear-gradient(90deg,${this.vectors.colours.filter((_, i) => i % 18 === 1).map(css).join()})`;
    const key = (text, { top }) => element("span", { class: "av-shadekey" }, [
      element("span", { text: `−${decimals(top, 2)}` }), element("span", { class: "av-ramp", style: `background:${ramp}`, "aria-hidden": "true" }),
      element("span", { text: `+${decimals(top, 2)} ${text}` }),
    ]);
    this.legend.replaceChildren(key("q and k", this.vectors), key("q ∘ k", this.produced), element("span", { text: "Orange is negative, blue positive; square-root scale." }));
  }

  showTable() {
    const { qk } = this.scene;
    const { qkQuery, qkKeys, qkWeights } = qk.arrays;
    const { titles: steps, numbersOf } = this.columns();
    const most = qkWeights.data.reduce((high, value) => Math.max(high, value), 0) || 1;
    const titles = [["key token", null], ["key k", "key"], ["product q ∘ k", "product"], ...steps];
    const head = element("tr", {}, titles.map(([text, term]) => element("th", { scope: "col" }, [element("span", { "data-term": term, text })])));
    const query = element("tr", { class: "av-queryrow" }, [
      element("th", { scope: "row", dir: "auto" }, ["query ", element("span", { class: qk.queryUnknown?.[qk.row] ? "av-unknown" : null, text: quoted(qk.queries[qk.row]) })]),
      element("td", {}, [this.strip(qkQuery.data, 0, this.vectors, "q")]), element("td", { colspan: titles.length - 2 }),
    ]);
    const number = (value) => element("td", { class: "av-number", "data-value": value, text: value === -Infinity ? "−∞" : decimals(value) });
    const rows = this.shownKeys().map((j) => {
      const fill = element("span", { class: "av-bar-fill av-softmax", style: `width:${(100 * qkWeights.data[j]) / most}%` });
      const numbers = numbersOf(j).map(number);
      numbers.at(-1).prepend(element("span", { class: "av-bar-track", "aria-hidden": "true" }, [fill]));
      return element("tr", { "data-key": j }, [
        element("th", { scope: "row", dir: "auto", title: `position ${j}` }, [element("span", { class: qk.keyUnknown?.[j] ? "av-unknown" : null, text: qk.keys[j] })]),
        element("td", {}, [this.strip(qkKeys.data, j, this.vectors, "k")]),
        element("td", {}, [this.strip(this.products, j, this.produced, "q ∘ k")]),
        ...numbers,
      ]);
    });
    this.table.replaceChildren(element("thead", {}, [head]), element("tbody", {}, [query, ...rows]));
    this.more.hidden = qk.keys.length <= FIRST_KEYS;
    this.more.textContent = this.all ? `Show the first ${FIRST_KEYS} keys` : `Show all ${qk.keys.length} keys`;
  }

  /** The keys in the chosen order, all or the first ones. */
  shownKeys() {
    const { qk } = this.scene;
    const { data } = qk.arrays.qkWeights;
    const places = Array.from(qk.keys, (_, j) => j);
    if (this.order === "weight") places.sort((a, b) => data[b] - data[a] || a - b);
    return this.all ? places : places.slice(0, FIRST_KEYS);
  }

  /** The numbers of a key, step by step, and what they are called, each with its term. */
  columns() {
    const { qk } = this.scene;
    const { qkLogits, qkWeights, qkBias } = qk.arrays;
    const titles = [["sum Σ", "score"], [`scaled × ${decimals(qk.scale)}`, "score"], ...(qkBias ? [["bias", "score"]] : []), ["score s", "score"], ["softmax weight", "softmax"]];
    const numbersOf = (j) => [this.sums[j], this.sums[j] * qk.scale, ...(qkBias ? [qkBias.data[j]] : []), qkLogits.data[j], qkWeights.data[j]];
    return { titles, numbersOf };
  }

  /** One vector as a strip: a pixel a dimension, enlarged by the style sheet. */
  strip(data, row, scale, name) {
    const canvas = element("canvas", { class: "av-strip", role: "img", width: this.size, height: 1, "data-vector": name, "aria-label": `${name}, ${this.size} numbers` });
    const pen = canvas.getContext("2d");
    const image = pen.createImageData(this.size, 1);
    for (let d = 0; d < this.size; d++) image.data.set([...colourOf(scale, data[row * this.size + d]), 255], 4 * d);
    pen.putImageData(image, 0, 0);
    return canvas;
  }

  /** Says the numbers of the dimension under the pointer. */
  point(event) {
    const strip = event?.target.closest?.(".av-strip");
    if (!strip) {
      this.readout.textContent = "Point at a strip to read the numbers of a dimension.";
      return;
    }
    const box = strip.getBoundingClientRect();
    const d = Math.min(this.size - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * this.size)));
    const { qkQuery, qkKeys } = this.scene.qk.arrays;
    const j = strip.closest("[data-key]")?.dataset.key;
    const q = qkQuery.data[d];
    const k = qkKeys.data[j * this.size + d];
    this.readout.textContent = j === undefined ? `Dimension ${d}: q ${decimals(q)}` : `Dimension ${d}: q ${decimals(q)} × k ${decimals(k)} = ${decimals(q * k)}`;
  }
}
