// What a component of the app mounts itself with: its module and style sheet come from beside this module, once, and
// what the browser holds of its messages is put to what was sent.

import { endFigures } from "../../figures/browser/core/figure.js";
import { Parts } from "../../figures/browser/core/parts.js";

/** @import {Mount} from "../../figures/browser/core/streamlit.js" */

const KEPT = 64e6; // bytes; the server counts on fewer, see parts.py
const parts = new Parts(KEPT);
/** @type {Map<string, Promise<CSSStyleSheet>>} */
const sheets = new Map();

/** @type {WeakSet<ParentNode>} */
const built = new WeakSet(); // what has its HTML
/** @type {WeakMap<ParentNode, number>} */
const calls = new WeakMap(); // of each mounted component, the last one

/**
 * The component `name` shows what it was sent; says "lost" where a part is missing, and all of it comes again.
 *
 * Streamlit calls again with new data while an earlier call still waits for its files, and then ends the earlier one:
 * only the last call of a component draws and ends it.
 * @param {string} name
 * @param {Mount} mount
 */
export async function load(name, mount) {
  const place = mount.parentElement;
  const call = (calls.get(place) ?? 0) + 1;
  calls.set(place, call);
  const given = received(mount); // at once: what was sent before is what later messages count on
  if (!sheets.has(name)) sheets.set(name, sheetOf(name));
  const [module, sheet] = await Promise.all([import(`./${name}.js`), sheets.get(name)]);
  const root = /** @type {ShadowRoot} */ (place.getRootNode());
  if (!root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets.push(sheet);
  if (module.HTML && !built.has(place)) place.append(document.createRange().createContextualFragment(module.HTML));
  built.add(place);
  const last = () => calls.get(place) === call;
  if (!given) mount.setTriggerValue("lost", true);
  const end = given && last() ? module.default(given) : null;
  return () => {
    if (!last()) return;
    endFigures(place);
    end?.();
  };
}

/**
 * What a component was sent, its message whole; null where a part is missing.
 * @param {Mount} mount
 */
function received(mount) {
  if (!(mount.data instanceof Uint8Array)) return mount;
  const start = 4 + new DataView(mount.data.buffer, mount.data.byteOffset).getUint32(0, true);
  const { heard, read, figure } = JSON.parse(new TextDecoder().decode(mount.data.subarray(4, start)));
  if (read !== undefined) document.documentElement.dataset.attnvizRead = read; // for pictures, see made.js
  const data = parts.whole(mount.data.subarray(start));
  return data && { ...mount, data, heard, figure };
}

/** @param {string} name */
async function sheetOf(name) {
  const answer = await fetch(new URL(`./${name}.css`, import.meta.url));
  if (!answer.ok) throw new Error(`no styles of ${name}: ${answer.status}`);
  return new CSSStyleSheet().replace(await answer.text());
}
