// CSV that a spreadsheet opens without running anything; attnviz writes the same from Python.

/**
 * @typedef {string | number | {numeric: string}} Cell a number that is written already is `numeric`
 */

/**
 * One CSV text (RFC 4180, with a byte order mark so that spreadsheets read UTF-8). Numbers stay bare.
 * @param {Cell[][]} rows
 */
export function csvText(rows) {
  return `\ufeff${rows.map((row) => row.map(csvCell).join(",")).join("\r\n")}\r\n`;
}

/** @param {Cell} value */
function csvCell(value) {
  if (typeof value === "number") return String(value);
  if (typeof value !== "string") return value.numeric;
  // A cell that begins like a formula would be run by a spreadsheet: an apostrophe makes it text.
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return `"${safe.replaceAll('"', '""')}"`;
}
