// What a figure found, around it, for when it stands alone in a file: a sentence above, tables and a note below.

import { element } from "./dom.js";

/**
 * @typedef {{title: string, columns: string[], rows: string[][], note: string}} Table
 * @typedef {{sentence: string, tables: Table[], note: string}} Found
 */

export class Results {
  constructor() {
    this.sentence = element("h3", { class: "av-headline", dir: "auto", "data-testid": "sentence" });
    this.tables = element("div", { class: "av-results" });
    this.show(null);
  }

  /**
   * Shows what was found, all of it text; null for nothing.
   * @param {Found | null} results
   */
  show(results) {
    for (const node of [this.sentence, this.tables]) node.hidden = !results;
    this.sentence.textContent = results?.sentence ?? "";
    const note = results?.note ? [element("p", { class: "av-note", dir: "auto", text: results.note })] : [];
    this.tables.replaceChildren(...note, ...(results?.tables ?? []).map(tableNode));
  }
}

/** @param {Table} table */
function tableNode({ title, columns, rows, note }) {
  const head = element("tr", {}, columns.map((text) => element("th", { scope: "col", text })));
  const lines = rows.map(([name, ...cells]) =>
    element("tr", {}, [element("th", { scope: "row", dir: "auto", text: name }), ...cells.map((text) => element("td", { text }))]),
  );
  const caption = element("caption", { class: "av-panel-title", text: title });
  const table = element("table", { class: "av-found" }, [caption, element("thead", {}, [head]), element("tbody", {}, lines)]);
  return element("section", {}, [element("div", { class: "av-headbox" }, [table]), element("p", { class: "av-note", text: note })]);
}
