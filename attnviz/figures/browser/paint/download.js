// The files that a figure offers: a picture and a drawing of the same sheet, and a table.

import { menu } from "../core/controls.js";
import { saveCanvas, saveText } from "../core/save.js";
import { sheetPng, sheetSvg } from "./sheet.js";

/**
 * The menu of these files.
 * @param {object} files
 * @param {() => import("./sheet.js").Sheet} files.sheet what is painted
 * @param {() => string} files.table the text of a CSV
 * @param {(extension: string) => string} files.name
 * @param {[png: string, svg: string, csv: string]} files.titles
 * @param {[text: string, action: () => void][]} [files.more] others, behind these
 */
export const downloads = ({ sheet, table, name, titles: [png, svg, csv], more = [] }) =>
  menu("Download", [
    [png, () => saveCanvas(sheetPng(sheet()), name("png"))],
    [svg, () => saveText(sheetSvg(sheet()), "image/svg+xml", name("svg"))],
    [csv, () => saveText(table(), "text/csv", name("csv"))],
    ...more,
  ]);
