// The wall: all heads of a layer as small pictures, each a button that shows its head, or adds it to the mean.

import { element } from "../../core/dom.js";
import { modified, placeAfter, rove, taken } from "../../core/keyboard.js";
import { CanvasPen } from "../../paint/pens.js";
import { meanRow } from "./message.js";
import { paintPatches, patchPlace, patchScale } from "./picture.js";

/** @import {PatchesState} from "./message.js" */

const TILE = 104; // CSS pixels

/**
 * The wall; `pick(head)` and `turn(by)` are told which head, and which way among layers, the reader wants.
 * @param {(head: number) => void} pick
 * @param {(by: number) => void} turn
 */
export function patchWall(pick, turn) {
  const node = element("div", { class: "av-wall", role: "group", "data-testid": "wall" });
  const tiles = () => /** @type {HTMLButtonElement[]} */ ([...node.children]);
  node.addEventListener("click", (event) => {
    const tile = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-head]"));
    if (tile) pick(Number(tile.dataset.head));
  });
  node.addEventListener("keydown", (event) => {
    const at = tiles().indexOf(/** @type {HTMLButtonElement} */ (event.target));
    if (at < 0 || modified(event)) return;
    if (event.key === "ArrowUp" || event.key === "ArrowDown") return taken(event), turn(event.key === "ArrowUp" ? -1 : 1);
    const next = placeAfter(event.key, at, tiles().length);
    if (next === null) return;
    taken(event);
    rove(tiles(), tiles()[next]);
    tiles()[next].focus();
  });
  const show = (/** @type {PatchesState} */ state) => {
    const { header, layer, chosen } = state;
    node.hidden = header.heads < 2;
    if (node.hidden) return;
    node.setAttribute("aria-label", `All heads of ${header.view.places[layer]}, each on its own scale`);
    if (tiles().length !== header.heads) node.replaceChildren(...Array.from({ length: header.heads }, tileOf));
    tiles().forEach((tile, head) => fillTile(state, tile, head));
    if (!tiles().some((tile) => tile.tabIndex === 0)) rove(tiles(), tiles()[chosen[0]]);
  };
  return { node, show };
}

/** @type {(_: unknown, head: number) => HTMLElement} */
const tileOf = (_, head) =>
  element("button", { type: "button", class: "av-tile", "data-head": head, tabindex: "-1" }, [element("canvas", { "aria-hidden": "true" }), element("span", { text: String(head) })]);

/** @param {PatchesState} state */
function fillTile(state, tile, head) {
  const { layer, chosen, header } = state;
  const row = meanRow(state, layer, [head]);
  const place = patchPlace(state, 0, 0, TILE, TILE);
  const canvas = tile.firstElementChild;
  const dpr = globalThis.devicePixelRatio || 1;
  Object.assign(canvas, { width: Math.round(place.width * dpr), height: Math.round(place.height * dpr) });
  Object.assign(canvas.style, { width: `${place.width}px`, height: `${place.height}px` });
  const context = canvas.getContext("2d");
  context.scale(dpr, dpr);
  paintPatches(new CanvasPen(context), state, row, patchScale(state, row), place);
  tile.setAttribute("aria-pressed", String(chosen.includes(head)));
  tile.setAttribute("aria-label", `Head ${head}, ${header.view.places[layer]}`);
}
