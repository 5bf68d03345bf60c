// Text as it may stand in XML.

// eslint-disable-next-line no-control-regex -- these are what XML cannot hold
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

/**
 * Text for XML: escaped, and without the characters that XML cannot hold.
 * @param {unknown} text
 */
export function xmlText(text) {
  return String(text)
    .toWellFormed()
    .replace(FORBIDDEN, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
