// The key "?" lists all keys of the page. It belongs to whoever types in a field.

/** What it is made of, built by load.js: Streamlit would send it again with every run. */
export const HTML = `<button type="button" aria-haspopup="dialog">Keys <kbd>?</kbd></button>
<dialog aria-labelledby="title"><header><h2 id="title">Keys</h2>
<button type="button" aria-label="Close">×</button></header><div></div></dialog>`;

// What undoes the last call, by the element that it drew in.
const undone = new WeakMap();

/** Streamlit's component: data.keys is the JSON of [[title, [[key, what it does]]]]. Returns what undoes it. */
export default function ({ data, parentElement }) {
  const [open, close] = parentElement.querySelectorAll("button");
  const dialog = parentElement.querySelector("dialog");
  fill(dialog.querySelector("div"), JSON.parse(data.keys));
  open.onclick = () => dialog.showModal();
  close.onclick = () => dialog.close();
  // A click beside the box is a click on the dialog itself.
  dialog.onclick = (event) => event.target === dialog && dialog.close();
  const pressed = (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || typing(event.composedPath()[0])) return;
    if (event.key !== "?" || dialog.open) return;
    dialog.showModal();
    event.preventDefault();
  };
  undone.get(parentElement)?.();
  document.addEventListener("keydown", pressed);
  const undo = () => document.removeEventListener("keydown", pressed);
  undone.set(parentElement, undo);
  return undo;
}

function fill(list, groups) {
  const drawn = (key) => (key === "+" ? " + " : made("kbd", [key]));
  const made = (tag, children) => {
    const node = document.createElement(tag);
    node.append(...children);
    return node;
  };
  list.replaceChildren(...groups.flatMap(([title, rows]) => [
    made("h3", [title]),
    made("dl", rows.flatMap(([keys, meaning]) => [made("dt", keys.split(" ").map(drawn)), made("dd", [meaning])])),
  ]));
}

const typing = (node) => node.isContentEditable || node.matches?.("textarea, select, input:not([type=radio], [type=checkbox], [type=button])");
