// Paints the form "lines": all lines once for each choice of heads, those of held tokens anew. Each function takes the
// LinesView.

import { element } from "../../../core/dom.js";
import { isolated } from "../../../core/text.js";
import { cutsOf } from "../../../data/mass.js";
import { keyOf, queryOf } from "../../../data/view.js";
import { css } from "../../../paint/colours.js";
import { cut } from "../../../paint/labels.js";
import { headColour } from "../../../paint/palette.js";
import { dots } from "../../../paint/pens.js";

export const LEVELS = 10; // of opacity
const GAP_SHARE = 0.07; // of a line, to either side of its middle
const MOST_PIXELS = 24e6; // of the painting of all lines
const MOST_LENGTH = 6e6; // pixels, of all lines together: what is painted in a tenth of a second
const FEW_LINES = 1500; // that are painted wider, the stronger they are; a line of one pixel costs a fifth

/** Adds the lines of one row, or of all, to the buckets of each opacity, those below 0 to the second half; returns how many. */
export function collect(lines, buckets, { view }, first, last, only = -1) {
  const cuts = cutsOf(view, lines.scene.share);
  const { values, open, k } = view;
  let count = 0;
  for (let i = first; i < last; i++) {
    const end = only < 0 ? open[i] : Math.min(open[i], only + 1);
    for (let j = Math.max(only, 0); j < end; j++) {
      const value = values[i * k + j];
      const size = value < 0 ? -value : value;
      if (!(size >= cuts[i])) continue;
      const level = Math.min(LEVELS - 1, Math.floor((size / lines.top) * LEVELS));
      buckets[value < 0 ? level + LEVELS : level].push(i, j);
      count++;
    }
  }
  return count;
}

/** Heads keep a little apart, so that lines between the same tokens do not cover each other. */
function stroke(lines, pen, buckets, { colour, place, thin = undefined }, from, to, offset) {
  const { row } = lines.box;
  const count = lines.layers.length;
  const middle = row / 2 + (place - (count - 1) / 2) * Math.min(1.5, (0.6 * row) / count);
  pen.strokeStyle = css(colour);
  buckets.forEach((pairs, bucket) => {
    if (!pairs.length) return;
    const level = bucket % LEVELS;
    pen.globalAlpha = (level + 1) / LEVELS;
    pen.lineWidth = thin ?? 0.6 + (1.6 * (level + 1)) / LEVELS;
    pen.beginPath();
    for (let n = 0; n < pairs.length; n += 2) {
      const [start, end] = [pairs[n] * row + middle - offset, pairs[n + 1] * row + middle - offset];
      pen.moveTo(from, start);
      if (bucket >= LEVELS) {
        // Below 0: a gap in the middle, which costs nothing to paint, where dashes cost much.
        pen.lineTo(from + (0.5 - GAP_SHARE) * (to - from), start + (0.5 - GAP_SHARE) * (end - start));
        pen.moveTo(from + (0.5 + GAP_SHARE) * (to - from), start + (0.5 + GAP_SHARE) * (end - start));
      }
      pen.lineTo(to, end);
    }
    pen.stroke();
  });
  pen.globalAlpha = 1;
}

/** All lines of the heads that are shown, on a canvas of their own; how many there are, and how many are painted. */
export function paintAll(lines) {
  const { box, scene } = lines;
  const gap = box.width - 2 * box.label;
  const scale = Math.min(box.dpr, Math.sqrt(MOST_PIXELS / (gap * box.height)), 16000 / box.height);
  lines.all ??= element("canvas");
  Object.assign(lines.all, { width: Math.max(1, Math.round(gap * scale)), height: Math.max(1, Math.round(box.height * scale)) });
  const pen = lines.all.getContext("2d");
  pen.scale(scale, scale);
  const gathered = lines.layers.map((layer) => {
    const buckets = Array.from({ length: 2 * LEVELS }, () => []);
    return { buckets, head: layer.head, kept: collect(lines, buckets, layer, 0, layer.view.q) };
  });
  const kept = gathered.reduce((sum, each) => sum + each.kept, 0);
  const thin = kept > FEW_LINES ? 1 / scale : undefined;
  let drawn = 0;
  gathered.forEach(({ buckets, head }, place) => {
    let room = MOST_LENGTH / lines.layers.length;
    for (let level = LEVELS - 1; level >= 0; level--)
      for (const bucket of [level, level + LEVELS]) {
        room -= sample(lines.box.row, buckets, bucket, room, gap);
        drawn += buckets[bucket].length / 2;
      }
    stroke(lines, pen, buckets, { colour: headColour(scene.theme, head), place, thin }, 0, gap, 0);
  });
  return { kept, drawn };
}

/** Of the lines of one opacity, an even sample where all would be longer than `room`; returns their length. */
function sample(row, buckets, level, room, gap) {
  const pairs = buckets[level];
  let length = 0;
  for (let n = 0; n < pairs.length; n += 2) length += Math.hypot(gap, (pairs[n] - pairs[n + 1]) * row);
  if (length <= room) return length;
  const count = Math.floor((pairs.length / 2) * Math.max(0, room / length));
  buckets[level] = Array.from({ length: count }, (_, n) => 2 * Math.floor((n * pairs.length) / 2 / count)).flatMap((at) => [pairs[at], pairs[at + 1]]);
  return room;
}

/** What is in sight: the lines, or those of the held tokens, and the labels. */
export function paintSeen(lines) {
  const { box, scene, canvas, active } = lines;
  const { theme, view } = scene;
  const pen = canvas.getContext("2d");
  const offset = box.height > box.seen ? lines.stage.scrollTop : 0;
  const gap = box.width - 2 * box.label;
  pen.setTransform(box.dpr, 0, 0, box.dpr, 0, 0);
  pen.clearRect(0, 0, box.width, box.seen);
  if (active.length) paintHeld(lines, pen, active, offset);
  else {
    const ratio = lines.all.height / box.height;
    pen.drawImage(lines.all, 0, offset * ratio, lines.all.width, box.seen * ratio, box.label, 0, gap, box.seen);
  }
  pen.font = `${box.row < 18 ? 11.5 : 13}px ${theme.font}`;
  pen.textBaseline = "middle";
  pen.direction = "ltr";
  pen.fillStyle = css(theme.text);
  const first = Math.max(0, Math.floor(offset / box.row));
  const last = Math.ceil((offset + box.seen) / box.row);
  const { queryUnknown, keyUnknown } = view.header;
  const paintLabel = ({ label, position }, unknown, x, at, align) => {
    const text = isolated(cutLabel(lines, pen, label));
    const y = (at + 0.5) * box.row - offset - (active.length ? 2 : 0);
    pen.textAlign = align;
    pen.fillText(text, x, y);
    if (!unknown?.[position]) return;
    pen.save();
    pen.translate(x, y);
    dots(pen, text, align);
    pen.restore();
  };
  for (let i = first; i < Math.min(last, view.q); i++) paintLabel(queryOf(view, i), queryUnknown, box.label - 8, i, "right");
  for (let j = first; j < Math.min(last, view.k); j++) paintLabel(keyOf(view, j), keyUnknown, box.width - box.label + 8, j, "left");
  pen.strokeStyle = css(theme.text);
  pen.lineWidth = 1.5;
  for (const { side, at } of active) pen.strokeRect(side ? box.width - box.label + 2 : 1, at * box.row - offset + 1, box.label - 3, box.row - 2);
}

/** Lines of the held tokens, and under each opposite token a cell for each head. */
function paintHeld(lines, pen, active, offset) {
  const { box, layers, scene } = lines;
  const cell = Math.min(10, (box.label - 12) / Math.max(1, layers.length));
  const band = Math.max(3, Math.round(box.row * 0.2));
  layers.forEach((layer, place) => {
    const { view } = layer;
    const buckets = Array.from({ length: 2 * LEVELS }, () => []);
    for (const { side, at } of active) {
      if (side) collect(lines, buckets, layer, 0, view.q, at);
      else collect(lines, buckets, layer, at, at + 1);
    }
    const colour = headColour(scene.theme, layer.head);
    stroke(lines, pen, buckets, { colour, place }, box.label, box.width - box.label, offset);
    pen.fillStyle = css(colour);
    sumsOf(layer, active).forEach((values, side) => {
      const left = side ? box.width - box.label + 8 + place * cell : box.label - 8 - (layers.length - place) * cell;
      for (let at = Math.floor(offset / box.row); at < values.length && at * box.row < offset + box.seen; at++) {
        if (!values[at]) continue;
        pen.globalAlpha = Math.min(1, Math.sqrt(Math.abs(values[at]) / lines.top));
        const [top, width] = [(at + 1) * box.row - offset - band - 1, cell - 1];
        // Below 0: only the lower half of the cell.
        if (values[at] > 0) pen.fillRect(left, top, width, band);
        else pen.fillRect(left, top + band / 2, width, band / 2);
      }
    });
    pen.globalAlpha = 1;
  });
}

/** Means of one head over the held tokens: by query, of the columns that are held; by key, of the rows. */
export function sumsOf({ view }, active) {
  const sums = [new Float64Array(view.q), new Float64Array(view.k)];
  for (const { side, at } of active) {
    if (side) for (let i = 0; i < view.q; i++) sums[0][i] += at < view.open[i] ? view.values[i * view.k + at] / active.length : 0;
    else for (let j = 0; j < view.open[at]; j++) sums[1][j] += view.values[at * view.k + j] / active.length;
  }
  return sums;
}

function cutLabel(lines, pen, label) {
  const key = `${lines.box.label}|${pen.font}`;
  if (lines.cutKey !== key) [lines.cutKey, lines.cutTexts] = [key, new Map()];
  if (!lines.cutTexts.has(label)) lines.cutTexts.set(label, cut(pen, label, lines.box.label - 14));
  return lines.cutTexts.get(label);
}
