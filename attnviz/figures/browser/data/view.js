// A map as it is shown: which tokens are kept, weights renormalised where some are hidden, colours chosen.

/** In a causal model: the first key that a query cannot look at. */
const edgeOf = (header, query) => query + 1 + header.keys.length - header.queries.length;

/**
 * The map `values` (Q x K, row after row) without what is hidden: `hidden` lists "special" and "first" (tokens).
 * Rows of weights are then divided by their remaining sum; a row with nothing left stays zero and stands in `empty`.
 */
export function viewOf(values, header, hidden) {
  const all = { q: header.queries.length, k: header.keys.length };
  const { rows, cols } = keptAxes(header, hidden);
  const view = { header, hidden, rows, cols, q: rows.length, k: cols.length, raw: values, stride: all.k, renormalised: false, empty: [], lost: 0 };
  view.values = rows.length === all.q && cols.length === all.k ? values : keptValues(view, header.rowsSumToOne);
  view.renormalised = view.values !== values && header.rowsSumToOne;
  // Row by row: the number of columns that the query can look at.
  let seen = 0;
  view.open = Int32Array.from(rows, (row) => {
    while (seen < cols.length && (!header.causal || cols[seen] < edgeOf(header, row))) seen++;
    return seen;
  });
  view.top = topOf(view.values, header.signed);
  return view;
}

/** The rows and columns that are left where `hidden` is hidden. */
export function keptAxes(header, hidden) {
  const kept = (flags, hasFirst) => {
    const [special, first] = [hidden.includes("special"), hasFirst && hidden.includes("first")];
    return Int32Array.from(flags.flatMap((flag, i) => ((special && flag) || (first && i === 0) ? [] : [i])));
  };
  return { rows: kept(header.querySpecial, header.first === "both"), cols: kept(header.keySpecial, Boolean(header.first)) };
}

function keptValues(view, renormalise) {
  const { rows, cols, raw, stride, empty } = view;
  const values = new Float32Array(rows.length * cols.length);
  for (let i = 0; i < rows.length; i++) {
    const from = rows[i] * stride;
    let sum = 0;
    for (let j = 0; j < cols.length; j++) sum += raw[from + cols[j]];
    const factor = renormalise ? (sum > 0 ? sum : Infinity) : 1;
    for (let j = 0; j < cols.length; j++) values[i * cols.length + j] = raw[from + cols[j]] / factor;
    if (!renormalise) continue;
    let whole = 0;
    for (let j = 0; j < stride; j++) whole += raw[from + j];
    if (whole > 0) view.lost += (1 - sum / whole) / rows.length;
    if (!(sum > 0)) empty.push(i);
  }
  return values;
}

function topOf(values, signed) {
  let top = 0;
  for (let i = 0; i < values.length; i++) {
    if (values[i] > top) top = values[i];
    else if (signed && -values[i] > top) top = -values[i];
  }
  return top;
}

/** The label and the position of a shown query or key. */
export const queryOf = (view, i) => ({ label: view.header.queries[view.rows[i]], position: view.rows[i] });
export const keyOf = (view, j) => ({ label: view.header.keys[view.cols[j]], position: view.cols[j] });

/** The share of row i that cell (i, j) holds, among what is shown. */
export function shareOf(view, i, j) {
  let sum = 0;
  for (let c = 0; c < view.k; c++) sum += view.values[i * view.k + c];
  return sum > 0 ? view.values[i * view.k + j] / sum : 0;
}

/** The ten largest cells of the whole view, found once. */
export const strongestLinks = (view) => (view.links ??= strongest(view, 10));

/** The `count` largest cells (of signed values: those farthest from 0) of rows [first, last), as {i, j, value}. */
export function strongest(view, count, first = 0, last = view.q) {
  const best = [];
  const { values, open, k } = view;
  const { signed } = view.header;
  let least = 0;
  for (let i = first; i < last; i++)
    for (let j = 0; j < open[i]; j++) {
      const value = values[i * k + j];
      const size = signed && value < 0 ? -value : value;
      if (!(size > least)) continue;
      let place = best.length === count ? count - 1 : best.length;
      for (; place > 0 && best[place - 1].size < size; place--) best[place] = best[place - 1];
      best[place] = { i, j, value, size };
      if (best.length === count) least = best[count - 1].size;
    }
  return best;
}

/** A colour scale from 0 to `top` by the square root: small weights stay visible. */
export const rootScale = (colours, pixels, top) => ({ colours, pixels, top, signed: false, power: 0.5 });

/** A scale from -top to top around 0, by the signed square root. */
export const signedScale = (colours, pixels, top) => ({ colours, pixels, top, signed: true, power: 0.5 });

/** A scale in proportion to the value, for few and large things such as words. */
export const plainScale = (colours, top, signed) => ({ colours, top, signed, power: 1 });

/** Where a value stands on the scale, 0 to 1. */
export function placeOn(scale, value) {
  if (!(scale.top > 0)) return scale.signed ? 0.5 : 0;
  const root = Math.min(1, Math.abs(value) / scale.top) ** scale.power;
  return scale.signed ? 0.5 + 0.5 * Math.sign(value) * root : root;
}

/** How large a value is on the scale, 0 to 1, whatever its sign. */
export const sizeOn = (scale, value) => (scale.top > 0 ? Math.min(1, Math.abs(value) / scale.top) ** scale.power : 0);

export const colourOf = (scale, value) => scale.colours[Math.round(placeOn(scale, value) * (scale.colours.length - 1))];

/** The colour of cell (i, j) of a scene: faded where it is smaller than what its row keeps. */
export function shadeOf({ view, scale, cuts }, i, j) {
  const value = view.values[i * view.k + j];
  return colourOf(cuts && Math.abs(value) < cuts[i] ? { ...scale, colours: scale.faded.colours } : scale, value);
}

/** Writes a q x k matrix into `canvas`, one pixel a cell; cells that cannot be looked at stay transparent. */
export function paintPixels(canvas, { view, scale, cuts }) {
  const { q, k, values, open } = view;
  if (canvas.width !== k || canvas.height !== q) Object.assign(canvas, { width: k, height: q });
  if (!q || !k) return;
  const pen = canvas.getContext("2d");
  const image = pen.createImageData(k, q);
  const words = new Uint32Array(image.data.buffer);
  const { pixels, signed } = scale;
  const last = pixels.length - 1;
  const middle = signed ? last / 2 : 0;
  // sqrt(|value| / top) * reach steps away from the middle; the half rounds.
  const reach = scale.top > 0 ? (last - middle) / Math.sqrt(scale.top) : 0;
  for (let i = 0; i < q; i++) {
    const cut = cuts ? cuts[i] : 0;
    for (let j = 0, at = i * k; j < open[i]; j++, at++) {
      const value = values[at];
      const size = value < 0 ? -value : value;
      const step = middle + (value < 0 ? -reach : reach) * Math.sqrt(size);
      const table = size < cut ? scale.faded.pixels : pixels;
      words[at] = table[step > last ? last : step < 0 ? 0 : (step + 0.5) | 0];
    }
  }
  pen.putImageData(image, 0, 0);
}
