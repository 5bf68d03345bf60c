// The sentence of a term, one hover, tap or focus away at the word itself: at whatever has the attribute data-term, in the
// page and in the figures. The sentences come from the app's glossary, once, beside this module.

/** What it is made of, built by load.js. */
export const HTML = '<div popover="manual" role="tooltip"><b></b><p></p></div>';

const MARGIN = 8;
const undone = new WeakMap();
const glossary = fetch(new URL("./glossary.json", import.meta.url)).then((answer) => answer.json());

/** Streamlit's component. Returns what undoes it. */
export default function ({ parentElement }) {
  const bubble = parentElement.querySelector("[popover]");
  const over = async (event) => {
    const word = event.composedPath().find((node) => node.dataset?.term);
    const term = word && (await glossary)[word.dataset.term];
    if (!term) return hide(bubble);
    if (word.matches("button")) word.setAttribute("aria-description", term.meaning);
    return show(bubble, term, word);
  };
  const pressed = (event) => event.key === "Escape" && hide(bubble);
  const kinds = ["pointerover", "focusin", "click"];
  undone.get(parentElement)?.();
  for (const kind of kinds) document.addEventListener(kind, over, true);
  document.addEventListener("keydown", pressed, true);
  const undo = () => {
    for (const kind of kinds) document.removeEventListener(kind, over, true);
    document.removeEventListener("keydown", pressed, true);
  };
  undone.set(parentElement, undo);
  return undo;
}

function show(bubble, { title, meaning }, word) {
  bubble.querySelector("b").textContent = title;
  bubble.querySelector("p").textContent = meaning;
  if (!bubble.matches(":popover-open")) bubble.showPopover();
  const at = word.getBoundingClientRect();
  const { width, height } = bubble.getBoundingClientRect();
  const below = at.bottom + MARGIN + height < innerHeight;
  bubble.style.left = `${Math.max(MARGIN, Math.min(at.left, innerWidth - width - MARGIN))}px`;
  bubble.style.top = `${below ? at.bottom + 4 : Math.max(MARGIN, at.top - height - 4)}px`;
}

function hide(bubble) {
  if (bubble.matches(":popover-open")) bubble.hidePopover();
}
