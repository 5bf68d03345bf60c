// Figure "words": the text as prose with coloured words, bars with numbers beside it, and whether the sum checks.

import { choice } from "../../core/controls.js";
import { csvText } from "../../core/csv.js";
import { element } from "../../core/dom.js";
import { figureState } from "../../core/figure.js";
import { isRtl, modified, placeAfter, rove, taken } from "../../core/keyboard.js";
import { decimals, percent, shortest } from "../../core/numbers.js";
import { proseOf } from "../../core/prose.js";
import { fileName } from "../../core/save.js";
import { quoted } from "../../core/text.js";
import { marksOf } from "../../data/marks.js";
import { css, divergingScale, inkOn, sequentialScale } from "../../paint/colours.js";
import { downloads } from "../../paint/download.js";
import { legend } from "../../paint/legend.js";
import { colourOf, plainScale } from "../../paint/scales.js";
import { themeOf } from "../../paint/theme.js";
import { messageOf } from "./message.js";
import { BAR_TONE, wordsSheet } from "./picture.js";

/** @import {WordsState} from "./message.js" */

const FIRST_BARS = 24;
const SMALLEST = 0.00005; // what is smaller reads as 0.0000

/**
 * Draws the figure in `root`. callbacks.granularity("token" | "word" | "sentence" | "paragraph") is told what is shown,
 * callbacks.position(token) which token of the first text the reader asks about.
 */
export function draw(root, bytes, callbacks = {}) {
  const state = /** @type {WordsState} */ (figureState(root, "words", build));
  const { header, arrays } = messageOf(bytes);
  // Beside each other, the rows of two texts are compared: then they stand in one order.
  if (!state.header) Object.assign(state, { granularity: header.granularity, order: header.beside ? "text" : "size" });
  Object.assign(state, { header, arrays, callbacks });
  refresh(state);
}

/** @param {WordsState} state */
function build(state) {
  state.all = false;
  state.resize = () => refresh(state);
  state.recolour = () => {
    state.theme = null;
    refresh(state);
  };
  state.unitChoice = choice("Add up by", [["token", "token"], ["word", "word"], ["sentence", "sentence"], ["paragraph", "paragraph"]], (value) => {
    state.granularity = value;
    refresh(state);
    state.callbacks.granularity?.(value);
  });
  state.orderChoice = choice("Bars", [["size", "largest first"], ["text", "in text order"]], (value) => {
    state.order = value;
    refresh(state);
  });
  const download = downloads({
    sheet: () => wordsSheet(sheetOf(state)), table: () => tableText(state), name: (extension) => nameOf(state, extension),
    titles: ["PNG picture", "SVG drawing", "CSV table"],
  });
  state.toolbar = element("div", { class: "av-toolbar" }, [
    state.unitChoice.node, state.orderChoice.node, element("div", { class: "av-tools" }, [download]),
  ]);
  state.heading = element("h3", { class: "av-headline" });
  state.legend = legend();
  state.help = element("p", { class: "av-help" });
  state.readout = element("p", { class: "av-readout", "data-testid": "readout", "aria-live": "polite" });
  state.proses = element("div", { class: "av-texts" });
  state.bars = element("div", { class: "av-texts" });
  state.sides = element("div", { class: "av-sides" }, [state.proses, state.readout, state.help, state.toolbar, state.legend.node, state.bars]);
  state.check = element("p", { class: "av-sum", "data-testid": "sum" });
  state.note = element("p", { class: "av-note" });
  state.host.append(state.heading, state.sides, state.check, state.note);
  listen(state);
}

/**
 * One set of listeners for all words and bars: they carry side and group.
 * @param {WordsState} state
 */
function listen(state) {
  const placeAt = (event) => event.target.closest?.("[data-group]")?.dataset;
  state.sides.addEventListener("pointerover", (event) => show(state, placeAt(event)));
  state.sides.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && show(state, null));
  state.sides.addEventListener("click", (event) => event.target.closest?.(".av-prose") && ask(state, placeAt(event)));
  state.sides.addEventListener("focusin", (event) => show(state, placeAt(event)));
  state.sides.addEventListener("keydown", (event) => {
    const prose = event.target.closest?.(".av-prose");
    if (!prose || modified(event)) return;
    if (event.key === "Enter" && ask(state, placeAt(event))) return taken(event);
    const words = [...prose.querySelectorAll("[data-group]")];
    const next = placeAfter(event.key, words.indexOf(event.target), words.length, { rtl: isRtl(prose) });
    if (next === null) return;
    taken(event);
    rove(words, words[next]);
    words[next].focus();
  });
}

/**
 * The token of a group that a click on it asks about: the first one that the model marks, else the first that can be
 * asked about; null where there is none.
 * @param {WordsState} state
 */
function askable({ header, arrays, granularity, callbacks }, place) {
  if (!place?.group || !header.asked || !callbacks.position) return null;
  const { choosable, marks } = header.texts[place.side];
  const groups = arrays[`${granularity}${place.side}`].data;
  const there = choosable.filter((token) => groups[token] === Number(place.group));
  return there.find((token) => marks.some(([first, end]) => first <= token && token < end)) ?? there[0] ?? null;
}

/**
 * Asks about a word, where that can be done; whether it could.
 * @param {WordsState} state
 */
function ask(state, place) {
  const token = askable(state, place);
  if (token === null) return false;
  if (token !== state.header.texts[0].chosen) state.callbacks.position(token);
  return true;
}

/** The groups of one text: [{label, special, value, group}] in text order, and its prose. */
function groupsOf({ header, arrays, granularity }, side) {
  const { labels, special, runs } = header.texts[side].granularities[granularity];
  const groups = labels.map((label, group) => ({ label, special: Boolean(special[group]), value: 0, group }));
  const scores = arrays[`scores${side}`].data;
  arrays[`${granularity}${side}`].data.forEach((group, token) => {
    groups[group].value += scores[token];
  });
  return { groups, runs };
}

/** @param {WordsState} state */
function refresh(state) {
  const { header, host } = state;
  if (!header || host.clientWidth === 0) return;
  if (!state.theme) {
    state.theme = themeOf(host);
    state.colours = { signed: divergingScale(state.theme), unsigned: sequentialScale(state.theme) };
  }
  host.classList.toggle("av-compact", host.clientWidth < 560);
  host.classList.toggle("av-wide", host.clientWidth >= 760);
  state.unitChoice.set(state.granularity);
  state.orderChoice.set(state.order);
  state.texts = header.texts.map((text, side) => ({ ...text, ...groupsOf(state, side) }));
  const values = state.texts.flatMap(({ groups }) => groups.map(({ value }) => Math.abs(value)));
  const top = values.reduce((most, value) => Math.max(most, value), 0);
  state.total = values.reduce((sum, value) => sum + value, 0);
  state.scale = plainScale(header.signed ? state.colours.signed : state.colours.unsigned, top, header.signed);
  host.classList.toggle("av-beside", header.beside);
  state.heading.textContent = header.title;
  state.heading.hidden = !header.title;
  state.help.textContent = header.asked ? `Click a word, or press Enter on it, to ${header.asked}; the one that is explained is ringed.` : "";
  state.help.hidden = !header.asked || !state.callbacks.position;
  state.proses.replaceChildren(...state.texts.map((text, side) => proseNode(state, text, side)));
  state.bars.replaceChildren(...state.texts.map((text, side) => barsNode(state, text, side)));
  state.check.textContent = sumText(state);
  state.note.textContent = header.note;
  state.legend.show(state.scale, state.theme, host.clientWidth, legendText(state));
  show(state, null);
}

/** What a score pushes towards, said in words; `value` of either sign. */
const pushOf = ({ header }, value) => (header.signed && value < 0 ? header.away : header.towards);

/** @param {WordsState} state */
function proseNode(state, text, side) {
  const groupOf = state.arrays[`${state.granularity}${side}`].data;
  const { marked, ends } = marksOf(text.marks, groupOf, state.granularity, percent);
  const waiting = new Map(ends);
  const wordOf = (piece, group) => {
    const { label, value, special } = text.groups[group];
    const colour = colourOf(state.scale, value);
    const names = marked.get(group);
    const asks = askable(state, { side, group: String(group) }) !== null;
    const chosen = text.chosen >= 0 && groupOf[text.chosen] === group && Boolean(names || asks || text.choosable.length);
    const word = element("span", {
      class: ["av-word", special && "av-special", names && "av-marked", asks && "av-asks", chosen && "av-chosen"].filter(Boolean).join(" "),
      dir: special ? "ltr" : null, "data-side": side, "data-group": group, tabindex: "-1", role: asks ? "button" : "note",
      "aria-label": `${label}: ${signedText(state, value)}${names ? `, ${names.join(", ")}` : ""}${chosen ? ", explained" : ""}`, text: piece,
      style: `background-color:${css(colour)};color:${css(inkOn(colour))}`,
    });
    const said = waiting.get(group);
    waiting.delete(group);
    if (!said) return word;
    const both = document.createDocumentFragment();
    both.append(word, ...said.map((each) => element("span", { class: "av-mark", "data-testid": "mark", "aria-hidden": "true", text: each })));
    return both;
  };
  const prose = proseOf(text.runs, wordOf, { "aria-label": `${text.title}: words with their scores` });
  prose.querySelector("[data-group]")?.setAttribute("tabindex", "0");
  return element("section", { class: "av-text", "data-side": side }, [
    element("h4", { class: "av-panel-title", text: text.title }), prose,
  ]);
}

const signedText = ({ header }, value) => (header.signed && value > 0 ? "+" : "") + decimals(value);

/**
 * Bars as a table: label, bar around zero, number; the axis is named with its unit. Those of zero are folded.
 * @param {WordsState} state
 */
function barsNode(state, text, side) {
  const { header, scale } = state;
  const sorted = [...text.groups];
  if (state.order === "size") sorted.sort((a, b) => Math.abs(b.value) - Math.abs(a.value) || a.group - b.group);
  const large = sorted.filter(({ value }) => Math.abs(value) >= SMALLEST);
  const shown = state.all ? sorted : large.slice(0, FIRST_BARS);
  const rows = shown.map(({ label, value, special, group }) => {
    const share = scale.top > 0 ? (Math.abs(value) / scale.top) * (header.signed ? 50 : 100) : 0;
    const from = header.signed ? (value < 0 ? 50 - share : 50) : 0;
    const colour = colourOf(scale, (value < 0 ? -1 : 1) * BAR_TONE * scale.top);
    const fill = element("span", { class: "av-fill", style: `left:${from}%;width:${share}%;background-color:${css(colour)}` });
    const track = element("span", { class: header.signed ? "av-axis av-middle" : "av-axis", "aria-hidden": "true" }, [fill]);
    return element("tr", { "data-side": side, "data-group": group, class: special ? "av-special" : null }, [
      element("th", { scope: "row", dir: "auto", text: label }),
      element("td", { class: "av-trackcell" }, [track]),
      element("td", { class: "av-number", text: signedText(state, value) }),
    ]);
  });
  const unit = header.unit ? `score in ${header.unit}` : "score";
  const what = element("tr", {}, [
    element("th", { scope: "col", text: state.granularity }),
    element("th", { scope: "col", class: "av-trackcell" }, [axisNode(state)]),
    element("th", { scope: "col", class: "av-number", text: unit }),
  ]);
  const table = element("table", { class: "av-scores", "data-testid": `bars${side}`, "aria-label": `${text.title}: scores` }, [element("thead", {}, [what]), element("tbody", {}, rows)]);
  const box = element("div", { class: "av-scorebox" }, [table]);
  if (large.length > FIRST_BARS || large.length < sorted.length) {
    const flip = () => {
      state.all = !state.all;
      refresh(state);
    };
    box.append(element("button", { type: "button", class: "av-button", text: moreText(state, large.length, sorted.length), on: { click: flip } }));
  }
  return box;
}

/**
 * What the button under the bars does.
 * @param {WordsState} state
 */
function moreText({ all, granularity }, large, count) {
  if (all) return large > FIRST_BARS ? `Show the first ${FIRST_BARS}` : "Fold those of zero";
  return large > FIRST_BARS ? `Show all ${count}` : `Show ${count - large} more, of zero (${count} ${granularity}s)`;
}

/** The ends and the zero of the bars' axis. */
function axisNode({ header, scale }) {
  const end = decimals(scale.top, 2);
  const marks = header.signed ? [`−${end}`, "0", `+${end}`] : ["0", end];
  return element("span", { class: "av-ticks" }, marks.map((text) => element("span", { text })));
}

const legendText = ({ header }) =>
  header.signed
    ? `Blue: ${header.towards}. Orange: ${header.away}. Colour in proportion to the score.`
    : `Stronger colour: ${header.towards}. These scores have no sign.`;

/**
 * Says one group's score, and marks it in the prose and in the bars.
 * @param {WordsState} state
 */
function show(state, place) {
  for (const node of state.sides.querySelectorAll(".av-on")) node.classList.remove("av-on");
  delete state.readout.dataset.value;
  if (!place?.group) {
    state.readout.textContent = `Point at a ${state.granularity} to read its score.`;
    return;
  }
  const { label, value } = state.texts[place.side].groups[place.group];
  for (const node of state.sides.querySelectorAll(`[data-side="${place.side}"][data-group="${place.group}"]`)) node.classList.add("av-on");
  const unit = state.header.unit ? ` ${state.header.unit}` : "";
  const share = state.total > 0 ? Math.abs(value) / state.total : 0;
  const push = value === 0 ? "no effect" : pushOf(state, value);
  state.readout.dataset.value = String(value);
  state.readout.textContent = `${quoted(label)}: ${signedText(state, value)}${unit}, ${push} · ${percent(share)} of all scores’ size`;
}

/** Whether the scores of the text add up to what they explain; the other text has a baseline of its own. */
function sumText({ header, texts }) {
  if (header.beside) return ""; // there is more than one result
  const sums = texts.map(({ groups }) => groups.reduce((sum, { value }) => sum + value, 0));
  const { value, baselineValue, residual, sumHolds } = header;
  const change = baselineValue === null ? value : value - baselineValue;
  const parts = [`${header.targetTitle}: ${decimals(value)}${baselineValue === null ? "" : ` − baseline ${decimals(baselineValue)} = ${decimals(change)}`}`];
  const named = texts.length > 1 ? ` of ${quoted(texts[0].title)}` : "";
  parts.push(`sum of the scores${named} ${decimals(sums[0])}`);
  if (residual !== null) parts.push(`residual ${decimals(residual)}`);
  let verdict = "The scores of this method do not claim to add up to it.";
  if (residual !== null) {
    verdict = sumHolds ? "The sum checks." : "The sum does not check: read these scores with care.";
  }
  const other = texts.length > 1 ? ` The scores of ${quoted(texts[1].title)} sum to ${decimals(sums[1])}.` : "";
  return `${parts.join(" · ")}. ${verdict}${other}`;
}

const nameOf = ({ header, granularity }, extension) => fileName(["attribution", header.model, header.method, granularity], extension);

/**
 * What a picture shows.
 * @param {WordsState} state
 */
function sheetOf(state) {
  const { header, texts, scale, theme } = state;
  return {
    theme, scale, signed: header.signed,
    title: header.title || `${header.methodTitle} · ${header.targetTitle}`,
    legend: legendText(state),
    texts: texts.map((text, side) => ({
      ...text,
      runs: markedRuns(state, text, side),
      rtl: state.sides.querySelector(`[data-side="${side}"] .av-prose`).matches(":dir(rtl)"),
      bars: [...text.groups].sort((a, b) => (state.order === "size" ? Math.abs(b.value) - Math.abs(a.value) : 0) || a.group - b.group),
    })),
    number: (value) => signedText(state, value),
    axis: header.unit ? `score in ${header.unit}` : "score",
    notes: [sumText(state), header.note].filter(Boolean),
  };
}

/**
 * The runs of a text with the names of its marks behind the words that they end with, as a picture shows them.
 * @param {WordsState} state
 */
function markedRuns({ arrays, granularity }, text, side) {
  const { ends } = marksOf(text.marks, arrays[`${granularity}${side}`].data, granularity, percent);
  return text.runs.flatMap(([piece, group], n) => {
    const first = text.runs.findIndex((run) => run[1] === group) === n;
    const said = group >= 0 && first ? ends.get(group) : null;
    return said ? [[piece, group], [` [${said.join(", ")}] `, -1]] : [[piece, group]];
  });
}

/** @param {WordsState} state */
function tableText(state) {
  const { header, texts, granularity, arrays } = state;
  const unit = header.unit ? `score (${header.unit})` : "score";
  const withMarks = texts.some(({ marks }) => marks.length);
  const rows = [["text", "position", granularity, unit, ...(withMarks ? ["mark"] : [])]];
  texts.forEach(({ title, groups, marks }, side) => {
    const { marked } = marksOf(marks, arrays[`${granularity}${side}`].data, granularity, percent);
    groups.forEach(({ label, value }, position) => {
      const row = [title, position, label, { numeric: numberText(value) }];
      rows.push(withMarks ? [...row, (marked.get(position) ?? []).join(", ")] : row);
    });
  });
  return csvText(rows);
}

/** Token scores are float32 and written as such; sums of them are not. */
const numberText = (value) => (Math.fround(value) === value ? shortest(value) : String(value));
