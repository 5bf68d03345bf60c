// What a component of the app mounts itself with: its module and style sheet come from beside this module, once, and
// what the browser holds of its messages is put to what was sent.

import { endFigures } from "../../figures/browser/core/figure.js";
import { Parts } from "../../figures/browser/core/parts.js";

/** @import {Mount} from "../../figures/browser/core/streamlit.js" */

const KEPT = 64e6; // bytes; the server counts on fewer, see parts.py
const parts = new Parts(KEPT);
/** @type {Map<string, Promise<CSSStyleSheet>>} */
const sheets = new Map();

/**
 * The component `name` shows what it was sent; says "lost" where a part is missing, and all of it comes again.
 * @param {string} name
 * @param {Mount} mount
 */
export async function load(name, mount) {
  if (!sheets.has(name)) sheets.set(name, sheetOf(name));
  const [module, sheet] = await Promise.all([import(`./${name}.js`), sheets.get(name)]);
  const root = /** @type {ShadowRoot} */ (mount.parentElement.getRootNode());
  if (!root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets.push(sheet);
  if (!(mount.data instanceof Uint8Array)) return module.default(mount);
  const start = 4 + new DataView(mount.data.buffer, mount.data.byteOffset).getUint32(0, true);
  const heard = JSON.parse(new TextDecoder().decode(mount.data.subarray(4, start)));
  const data = parts.whole(mount.data.subarray(start));
  if (data) module.default({ ...mount, data, heard });
  else mount.setTriggerValue("lost", true);
  return () => endFigures(mount.parentElement);
}

/** @param {string} name */
async function sheetOf(name) {
  const answer = await fetch(new URL(`./${name}.css`, import.meta.url));
  if (!answer.ok) throw new Error(`no styles of ${name}: ${answer.status}`);
  return new CSSStyleSheet().replace(await answer.text());
}
