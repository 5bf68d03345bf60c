// Which tokens of two panes stand for each other: units of one or more tokens on either side; the counterpart of a
// token, and the signed difference of two maps over the units that both show.

/**
 * @import {View} from "./view.js"
 * @typedef {{queries: string[], keys: string[]}} Source
 * @typedef {{sources: [number, number], queries: string[], keys: string[]}} Matching
 * @typedef {{queries: Units, keys: Units}} Pairing
 * @typedef {"rows" | "cols"} Axis
 * @typedef {{unit: number, label: string, at: number[][]}} Paired a unit, and where it stands in two views
 */

/** One axis of a pair of sources: the unit of each position on either side (-1: none), and the units' labels. */
class Units {
  /**
   * @param {ArrayLike<number>[]} of
   * @param {string[]} labels
   */
  constructor(of, labels) {
    this.of = of;
    this.labels = labels;
    /** @type {number[][][]} by side and unit */
    this.members = of.map((units) => {
      const lists = Array.from(labels, () => /** @type {number[]} */ ([]));
      Array.from(units).forEach((unit, position) => unit >= 0 && lists[unit].push(position));
      return lists;
    });
  }

  flipped() {
    return new Units([...this.of].reverse(), this.labels);
  }
}

const alike = (/** @type {string[]} */ labels) => {
  const every = Int32Array.from(labels, (_, at) => at);
  return new Units([every, every], labels);
};

/** All pairs of sources of a message: of(s, t) is {queries, keys}, each the `Units` from source s to source t. */
export class Pairings {
  /**
   * @param {{sources: Source[], matchings: Matching[]}} header
   * @param {Record<string, {data: Int32Array}>} arrays
   */
  constructor(header, arrays) {
    /** @type {Map<string, Pairing>} */
    this.known = new Map();
    header.sources.forEach((source, s) => {
      const queries = alike(source.queries);
      this.known.set(`${s},${s}`, { queries, keys: alike(source.keys) });
    });
    header.matchings.forEach(({ sources: [s, t], queries, keys }, m) => {
      const units = (/** @type {string} */ axis, /** @type {string[]} */ labels) => new Units([arrays[`${axis}${m}a`].data, arrays[`${axis}${m}b`].data], labels);
      const there = { queries: units("queries", queries), keys: units("keys", keys) };
      this.known.set(`${s},${t}`, there);
      this.known.set(`${t},${s}`, { queries: there.queries.flipped(), keys: there.keys.flipped() });
    });
  }

  /**
   * @param {number} s
   * @param {number} t
   */
  of(s, t) {
    return this.known.get(`${s},${t}`);
  }
}

/**
 * The positions of the other side that stand for `position`; none where it has no counterpart.
 * @param {Units} units
 * @param {number} position
 */
export function counterparts(units, position) {
  const unit = units.of[0][position];
  return unit >= 0 ? units.members[1][unit] : [];
}

/**
 * Where each kept position of a view stands in it.
 * @type {(kept: Int32Array) => Map<number, number>}
 */
const placesIn = (kept) => new Map(Array.from(kept, (position, at) => [position, at]));

/**
 * What the view shows of some positions: places in it, in order.
 * @param {View} view
 * @param {Axis} axis
 * @param {number[]} positions
 */
export function shownOf(view, axis, positions) {
  view.places ??= { rows: placesIn(view.rows), cols: placesIn(view.cols) };
  return positions.map((position) => view.places[axis].get(position)).filter((at) => at !== undefined);
}

/**
 * The weight from some rows to some columns of a view: sums over columns, the mean over rows. Null: cannot look there.
 * @param {View} view
 * @param {number[]} rows
 * @param {number[]} cols
 */
export function weightOf(view, rows, cols) {
  let sum = 0;
  let open = false;
  for (const i of rows)
    for (const j of cols)
      if (j < view.open[i]) {
        open = true;
        sum += view.values[i * view.k + j];
      }
  return open ? sum / rows.length : null;
}

/**
 * The view of first minus second, over the units that both views show. Its rows and columns are units: `pairedRows` and
 * `pairedCols` say which, and where they stand in the two views; `rowOf` and `colOf` find a unit's place.
 * @param {View[]} views
 * @param {Pairing} pairing
 */
export function differenceOf(views, { queries, keys }) {
  /** @type {(units: Units, name: Axis) => Paired[]} */
  const axis = (units, name) =>
    units.labels.flatMap((label, unit) => {
      const at = views.map((view, side) => shownOf(view, name, units.members[side][unit]));
      return at[0].length && at[1].length ? [{ unit, label, at }] : [];
    });
  const [rows, cols] = [axis(queries, "rows"), axis(keys, "cols")];
  const special = (/** @type {number[]} */ flags, /** @type {number[]} */ positions) => (positions.every((position) => flags[position]) ? 1 : 0);
  const header = {
    queries: rows.map(({ label }) => label), keys: cols.map(({ label }) => label), causal: views.some((view) => view.header.causal),
    querySpecial: rows.map(({ unit }) => special(views[0].header.querySpecial, queries.members[0][unit])),
    keySpecial: cols.map(({ unit }) => special(views[0].header.keySpecial, keys.members[0][unit])),
  };
  const k = cols.length;
  const values = new Float32Array(rows.length * k);
  const sums = views.map((view, side) => sumsOf(view, cols.map((col) => col.at[side])));
  let top = 0;
  const open = Int32Array.from(rows, (row, i) => {
    const reach = views.map((view, side) => Math.max(...row.at[side].map((at) => view.open[at])));
    let seen = 0;
    for (; seen < k; seen++) {
      if (views.some((_, side) => cols[seen].at[side][0] >= reach[side])) break;
      const [a, b] = views.map((_, side) => meanOf(sums[side], k, row.at[side], seen));
      values[i * k + seen] = a - b;
      top = Math.max(top, Math.abs(a - b));
    }
    return seen;
  });
  const every = (/** @type {Paired[]} */ list) => Int32Array.from(list, (_, at) => at);
  /** @type {(list: Paired[]) => Map<number, number>} */
  const places = (list) => new Map(list.map(({ unit }, at) => [unit, at]));
  return {
    header, rows: every(rows), cols: every(cols), q: rows.length, k, values, raw: values, stride: k, renormalised: false, open, top,
    pairedRows: rows, pairedCols: cols, rowOf: places(rows), colOf: places(cols),
  };
}

/**
 * The rows of a view with its columns summed by unit.
 * @param {View} view
 * @param {number[][]} units
 */
function sumsOf(view, units) {
  const sums = new Float64Array(view.q * units.length);
  for (let i = 0; i < view.q; i++)
    units.forEach((columns, u) => {
      for (const j of columns) sums[i * units.length + u] += view.values[i * view.k + j];
    });
  return sums;
}

/**
 * @param {Float64Array} sums
 * @param {number} k
 * @param {number[]} rows
 * @param {number} column
 */
function meanOf(sums, k, rows, column) {
  let sum = 0;
  for (const i of rows) sum += sums[i * k + column];
  return sum / rows.length;
}
