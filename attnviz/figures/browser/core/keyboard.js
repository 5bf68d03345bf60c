// Keys: which way an arrow key points, where it leads in a list or grid of items, and the one item that Tab reaches.

/**
 * Rows down and columns across that each arrow key means.
 * @type {Record<string, [down: number, across: number]>}
 */
export const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

/**
 * Whether the key belongs to the browser or the page: it is pressed together with another one.
 * @param {KeyboardEvent} event
 */
export const modified = (event) => event.ctrlKey || event.altKey || event.metaKey;

/**
 * The key has been used: nobody else acts on it.
 * @param {Event} event
 */
export function taken(event) {
  event.preventDefault();
  event.stopPropagation();
}

/**
 * The place among `count` items to which a key leads from place `at`, kept inside; null for a key that leads nowhere.
 * Without `columns` the items are a line, in which all arrows step by one; `rtl`: it runs to the left; `around`: from the
 * last to the first. With `columns` they are a grid, row after row; `apart`: a row ends at its last column.
 * @param {string} key
 * @param {number} at
 * @param {number} count
 */
export function placeAfter(key, at, count, { columns = 0, rtl = false, around = false, apart = false } = {}) {
  if (key === "Home" || key === "End") return key === "Home" ? 0 : count - 1;
  const arrow = ARROWS[key];
  if (!arrow) return null;
  const [down, across] = arrow;
  if (columns && apart && across && Math.floor((at + across) / columns) !== Math.floor(at / columns)) return at;
  const next = at + (columns ? down * columns : down) + (rtl ? -across : across);
  if (around) return (next + count) % count;
  return next >= 0 && next < count ? next : at;
}

/**
 * Makes `item` the one of `items` at which Tab stops.
 * @param {Iterable<HTMLElement>} items
 * @param {HTMLElement | undefined} item
 */
export function rove(items, item) {
  for (const each of items) {
    const tabIndex = each === item ? 0 : -1;
    if (each.tabIndex !== tabIndex) each.tabIndex = tabIndex;
  }
}

/**
 * Whether an element's text runs to the left.
 * @param {Element} node
 */
export const isRtl = (node) => getComputedStyle(node).direction === "rtl";
