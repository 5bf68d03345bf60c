// The form "text": prose whose tokens are shaded by the attention from the held token (upper half) and to it (lower
// half), with the strongest of each as bars. Shades are painted on a canvas behind the words: no layout on hover.

import { element } from "../../../core/dom.js";
import { isRtl, modified, placeAfter, rove, taken } from "../../../core/keyboard.js";
import { decimals } from "../../../core/numbers.js";
import { proseOf } from "../../../core/prose.js";
import { quoted, several } from "../../../core/text.js";
import { cutsOf } from "../../../data/mass.js";
import { css, mix } from "../../../paint/colours.js";
import { sizeOn } from "../../../paint/scales.js";
import { largest, strongestList } from "./strongest.js";

const STEPS = 64;
// Mixed into the background by at most this share, so that the words stay legible on every shade.
const DEEPEST = 0.62;
const HUES = {
  light: { from: [44, 116, 196], to: [226, 120, 22] },
  dark: { from: [58, 136, 222], to: [216, 118, 30] },
};
const HINT = "Point at a token, or move to one with Tab and the arrow keys. A click or Enter holds it, several add up; Escape lets go.";

export class TextView {
  /** `holds`: toggle({side, index}) and clear() change what is held. */
  constructor(holds) {
    this.holds = holds;
    this.hovered = null;
    this.readout = element("p", { class: "av-readout", "data-testid": "text-readout", "aria-live": "off" });
    this.canvas = element("canvas", { class: "av-shade", "aria-hidden": "true" });
    this.proses = element("div", { class: "av-proses" });
    this.page = element("div", { class: "av-page" }, [this.canvas, this.proses]);
    this.lists = { from: strongestList("from"), to: strongestList("to") };
    this.legend = element("div", { class: "av-shades" });
    const lists = element("div", { class: "av-lists" }, [this.lists.from.node, this.lists.to.node]);
    this.node = element("div", { class: "av-textview" }, [this.readout, element("div", { class: "av-reading" }, [this.page, lists]), this.legend]);
    this.listen();
  }

  listen() {
    const at = (event) => {
      const data = event.target.closest?.("[data-token]")?.dataset;
      return data ? { side: Number(data.side), index: Number(data.token) } : null;
    };
    const hover = (place, live) => {
      this.readout.setAttribute("aria-live", live);
      this.hovered = place;
      this.update();
    };
    this.proses.addEventListener("pointerover", (event) => hover(at(event), "off"));
    this.proses.addEventListener("pointerleave", () => hover(null, "off"));
    this.proses.addEventListener("focusin", (event) => hover(at(event), "polite"));
    this.proses.addEventListener("focusout", () => hover(null, "off"));
    this.proses.addEventListener("click", (event) => {
      // After a tap nothing points any more: what is held is shown, though the token keeps the focus.
      if (event.pointerType === "touch") this.hovered = null;
      if (at(event)) this.holds.toggle(at(event));
    });
    this.proses.addEventListener("keydown", (event) => this.keydown(event, at(event)));
  }

  keydown(event, place) {
    if (!place || modified(event)) return;
    const rtl = isRtl(event.currentTarget.querySelector(".av-prose"));
    const next = placeAfter(event.key, this.nodes.indexOf(event.target), this.nodes.length, { rtl });
    if (next !== null) this.move(this.nodes[next]);
    else if (event.key === "Enter" || event.key === " ") this.holds.toggle(place);
    else if (event.key === "Escape") this.holds.clear();
    else return;
    taken(event);
  }

  move(next) {
    rove(this.nodes, next);
    next.focus();
  }

  /** Shows {header, view, scale, theme, share, pins}. */
  show(scene) {
    const { header, view, theme } = scene;
    const build = [header.identity, view.hidden].join();
    const anew = this.built !== build;
    this.built = build;
    this.scene = scene;
    this.one = header.proses.length < 2;
    this.rowAt = placesOf(view.rows, header.queries.length);
    this.colAt = placesOf(view.cols, header.keys.length);
    if (anew) this.build();
    const hues = HUES[theme.dark ? "dark" : "light"];
    const [blue, orange] = [inksOf(theme, hues.from), inksOf(theme, hues.to)];
    // One colour for each direction; of values with a sign, one for each sign.
    this.inks = header.signed ? { from: blue, to: blue, minus: orange } : { from: blue, to: orange, minus: blue };
    this.measure();
    this.showLegend();
    this.update();
  }

  hold(pins) {
    this.scene.pins = pins;
    this.update();
  }

  /** The words of each text; tokens that are hidden are left out. */
  build() {
    const { header } = this.scene;
    this.runs = header.proses.length ? header.proses : [header.queries.map((label, index) => [label, index])];
    const titles = this.one ? [""] : [`Text of the rows (${header.queryTitle})`, `Text of the columns (${header.keyTitle})`];
    this.nodes = [];
    this.pressed = null;
    this.proses.replaceChildren(...this.runs.map((prose, side) => {
      const kept = side ? this.colAt : this.rowAt;
      const special = side ? header.keySpecial : header.querySpecial;
      const nodeOf = (piece, index) => {
        if (kept[index] < 0) return null;
        const node = element("span", {
          class: special[index] ? "av-tok av-special" : piece === "↪" ? "av-tok av-more" : "av-tok", "data-token": index, "data-side": side, role: "button", text: piece,
          tabindex: this.nodes.length ? "-1" : "0", "aria-pressed": "false", "aria-label": `${(side ? header.keys : header.queries)[index]}, ${header.unit} ${index}`,
        });
        if (special[index]) node.dir = "ltr"; // with a direction of its own, it does not decide the prose's
        this.nodes.push(node);
        return node;
      };
      const words = proseOf(prose, nodeOf, { "aria-label": titles[side] || "Text" });
      return element("section", {}, titles[side] ? [element("h4", { class: "av-panel-title", text: titles[side] }), words] : [words]);
    }));
    this.hovered = null;
  }

  isRtl(side) {
    return this.proses.querySelectorAll(".av-prose")[side].matches(":dir(rtl)");
  }

  /** Where the words lie: read once for each layout. */
  measure() {
    const page = this.page.getBoundingClientRect();
    const dpr = globalThis.devicePixelRatio || 1;
    Object.assign(this.canvas, { width: Math.round(page.width * dpr), height: Math.round(page.height * dpr) });
    Object.assign(this.canvas.style, { width: `${page.width}px`, height: `${page.height}px` });
    this.dpr = dpr;
    this.boxes = this.nodes.flatMap((node) => {
      const place = { side: Number(node.dataset.side), index: Number(node.dataset.token) };
      return Array.from(node.getClientRects(), (box) => ({ ...place, x: box.left - page.left, y: box.top - page.top, width: box.width, height: box.height }));
    });
  }

  /** What is under the pointer or focus, else what is held. */
  update() {
    if (!this.scene) return;
    const active = this.hovered ? [this.hovered] : this.scene.pins;
    const shares = this.gather(active);
    this.paint(shares, active);
    this.say(shares);
    for (const way of ["from", "to"]) this.lists[way].show(shares, way, this.scene, this.inks);
    if (this.pressed === this.scene.pins) return;
    this.pressed = this.scene.pins;
    for (const node of this.nodes) {
      const pressed = String(this.holding({ side: Number(node.dataset.side), index: Number(node.dataset.token) }, this.scene.pins));
      if (node.getAttribute("aria-pressed") !== pressed) node.setAttribute("aria-pressed", pressed);
    }
  }

  holding(place, pins) {
    return pins.some((pin) => pin.index === place.index && (this.one || pin.side === place.side));
  }

  /** Means over the active tokens: of their rows, by key; and of their columns, by query. Links that are not kept count as 0. */
  gather(active) {
    const { view, header, share } = this.scene;
    const cuts = cutsOf(view, share);
    const rows = active.filter((place) => this.one || place.side === 0).map((place) => this.rowAt[place.index]).filter((i) => i >= 0);
    const cols = active.filter((place) => this.one || place.side === 1).map((place) => this.colAt[place.index]).filter((j) => j >= 0);
    const from = new Float64Array(header.keys.length);
    const to = new Float64Array(header.queries.length);
    const value = (i, j) => (Math.abs(view.values[i * view.k + j]) >= cuts[i] ? view.values[i * view.k + j] : 0);
    for (const i of rows) for (let j = 0; j < view.open[i]; j++) from[view.cols[j]] += value(i, j) / rows.length;
    for (const j of cols) for (let i = 0; i < view.q; i++) if (j < view.open[i]) to[view.rows[i]] += value(i, j) / cols.length;
    return { from, to, rows, cols };
  }

  paint({ from, to, rows, cols }, active) {
    const pen = this.canvas.getContext("2d");
    const { theme } = this.scene;
    pen.setTransform(this.dpr, 0, 0, this.dpr, 0, 0);
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    if (!active.length) return;
    pen.strokeStyle = css(theme.text);
    pen.lineWidth = 2;
    for (const box of this.boxes) {
      const { x, y, width, height } = box;
      if (rows.length && (this.one || box.side === 1)) {
        pen.fillStyle = this.inkOf("from", from[box.index]);
        pen.fillRect(x, y, width, height / 2);
      }
      if (cols.length && (this.one || box.side === 0)) {
        pen.fillStyle = this.inkOf("to", to[box.index]);
        pen.fillRect(x, y + height / 2, width, height / 2);
      }
      if (this.holding(box, active)) pen.strokeRect(x, y, width, height);
    }
  }

  /** The shade of a value in one direction. */
  inkOf(way, value) {
    return this.inks[value < 0 ? "minus" : way][Math.round(sizeOn(this.scene.scale, value) * (STEPS - 1))];
  }

  say(shares) {
    this.readout.textContent = shares.rows.length || shares.cols.length ? this.sentence(shares) : HINT;
  }

  /** Where the active tokens look most, and who looks at them most. */
  sentence({ from, to, rows, cols }) {
    const { header, view } = this.scene;
    const tokens = rows.length ? rows.map((i) => nameAt(header.queries, view.rows[i])) : cols.map((j) => nameAt(header.keys, view.cols[j]));
    const many = tokens.length > 1;
    const shown = tokens.length > 4 ? `${tokens.slice(0, 4).join(", ")} and ${tokens.length - 4} more` : tokens.join(", ");
    const parts = [];
    const empty = rows.length > 0 && rows.every((i) => view.empty.includes(i));
    const [key] = largest(from, 1);
    const [query] = largest(to, 1);
    const [lookAt, lookedBy] = header.signed ? [many ? "are moved" : "is moved", many ? "move most" : "moves most"] : [many ? "look" : "looks", "most looked at by"];
    if (empty) parts.push(`${many ? "look" : "looks"} only at what is hidden`);
    if (key) parts.push(`${lookAt} most ${header.signed ? "by" : "at"} ${nameAt(header.keys, key.index)}: ${decimals(key.value)}`);
    if (query) parts.push(`${lookedBy} ${nameAt(header.queries, query.index)}: ${decimals(query.value)}`);
    return `${many ? `Mean of ${tokens.length} ${several(header.unit)}: ` : ""}${shown} ${parts.join(" · ")}`;
  }

  showLegend() {
    this.legend.replaceChildren(
      ...rampsOf(this.scene.header).map(([way, text]) => element("span", { class: "av-shadekey" }, [
        element("span", { class: "av-ramp", style: `background:linear-gradient(90deg,${this.inks[way].filter((_, i) => i % 9 === 0).join()})`, "aria-hidden": "true" }),
        element("span", { text }),
      ])),
      element("span", { text: shadeWords(this.scene) }),
    );
  }
}

/** The ramps of the legend: of which shades, and what they mean. */
export const rampsOf = (header) =>
  header.signed
    ? [["from", "adds to the output"], ["minus", "takes away from it"]]
    : [["from", "Upper half: attention from the held token"], ["to", "Lower half: attention to it"]];

/** What a shade means. */
export function shadeWords({ header, scale, share }) {
  const kept = share < 1 ? ` Shaded: only the strongest links of each token, which together hold ${Math.round(100 * share)} % of its mass.` : "";
  const halves = header.signed ? "Upper half: contributions to the held token; lower half: its own to the others. " : "";
  return `${halves}Shade: square root of the ${header.signed ? "size of the " : ""}${header.quantity}, 0 to ${decimals(scale.top, 3)}. Held tokens add up to their mean.${kept}`;
}

const nameAt = (labels, index) => `${quoted(labels[index])} (${index})`;

function placesOf(kept, count) {
  const places = new Int32Array(count).fill(-1);
  kept.forEach((index, place) => {
    places[index] = place;
  });
  return places;
}

const inksOf = (theme, hue) => Array.from({ length: STEPS }, (_, i) => css(mix(theme.bg, hue, (DEEPEST * i) / (STEPS - 1))));
