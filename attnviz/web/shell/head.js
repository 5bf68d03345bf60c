// The buttons in the first line of a page. The texts are edited in place: "/" or the button opens them, Enter shows
// them, Shift + Enter breaks the line, Escape closes. "p" presents: no sidebar, larger type, the picture fitted.

const FIELDS = ":is(.st-key-text_entry, .st-key-open_entry) textarea";
const PLACE = ":is(.st-key-text_entry, .st-key-open_entry)";
const SUBMIT = `${PLACE} [data-testid="stFormSubmitButton"] button`;
const PASTE = "[data-testid=stChatInput]";
const NARROW = "(max-width: 768px)";
const PATIENCE = 5000; // milliseconds for a box to come into sight

/** What it is made of, built by load.js: Streamlit would send it again with every run. */
export const HTML = `<nav aria-label="This page">
<button type="button" class="edit" aria-expanded="false"><svg viewBox="0 0 20 20" aria-hidden="true">
<path d="M3 17l1-4L14 3l3 3L7 16z M12 5l3 3"/></svg><span></span></button>
<button type="button" class="examples"><svg viewBox="0 0 20 20" aria-hidden="true">
<path d="M3 3h6v6H3z M11 3h6v6h-6z M3 11h6v6H3z M11 11h6v6h-6z"/></svg><span>Examples</span></button>
<button type="button" class="present" aria-pressed="false"><svg viewBox="0 0 20 20" aria-hidden="true">
<path d="M2 7V2h5 M13 2h5v5 M18 13v5h-5 M7 18H2v-5"/></svg><span>Present</span></button></nav>`;

const undone = new WeakMap();

/** Streamlit's component: data.edit is what the first button is called, "" where there is nothing to edit. */
export default function ({ data, parentElement, setTriggerValue }) {
  const [edit, examples, present] = parentElement.querySelectorAll("button");
  edit.hidden = !data.edit;
  edit.querySelector("span").textContent = data.edit;
  const line = { edit, present };
  undone.get(parentElement)?.();
  show(line);
  edit.onclick = () => (flag("editing") ? close(line) : open(line));
  examples.onclick = () => setTriggerValue("examples", true);
  present.onclick = () => presenting(line, !flag("presenting"));
  const pressed = (event) => keydown(event, line);
  const left = (event) => leave(event);
  document.addEventListener("keydown", pressed, true);
  document.addEventListener("click", left);
  const undo = () => {
    document.removeEventListener("keydown", pressed, true);
    document.removeEventListener("click", left);
  };
  undone.set(parentElement, undo);
  return undo;
}

const root = document.documentElement;
const flag = (name) => root.classList.contains(`attnviz-${name}`);
const set = (name, on) => root.classList.toggle(`attnviz-${name}`, on);
const typing = (node) => node.isContentEditable || node.matches?.("textarea, select, input:not([type=radio], [type=checkbox], [type=button])");

function show({ edit, present }) {
  edit.setAttribute("aria-expanded", String(flag("editing")));
  present.setAttribute("aria-pressed", String(flag("presenting")));
}

function keydown(event, line) {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
  const target = event.composedPath()[0];
  if (target.closest?.(PASTE) && event.key === "Enter") return; // it sends what was pasted by itself
  if (target.matches?.(FIELDS)) {
    // While a word is being composed, Enter belongs to the input method.
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(line);
    else if (event.key === "Escape") close(line);
    else return;
  } else if (typing(target) || document.querySelector("[role=dialog]")) return;
  else if (event.key === "/" && data(line)) open(line);
  else if (event.key === "p") presenting(line, !flag("presenting"));
  else return;
  event.preventDefault();
  event.stopPropagation();
}

const data = ({ edit }) => !edit.hidden;

function submit(line) {
  document.querySelector(SUBMIT)?.click();
  set("editing", false);
  show(line);
}

function open(line) {
  set("editing", true);
  show(line);
  const end = performance.now() + PATIENCE;
  const wait = () => {
    const box = document.querySelector(FIELDS);
    if (box?.checkVisibility()) {
      box.focus();
      box.setSelectionRange(box.value.length, box.value.length);
    } else if (performance.now() < end) requestAnimationFrame(wait);
  };
  wait();
}

function close(line) {
  set("editing", false);
  show(line);
  line.edit.focus();
}

/** What was sent is no longer edited; on a narrow screen the sidebar goes when a page was chosen in it. */
function leave(event) {
  const [target] = event.composedPath();
  if (target.closest?.(SUBMIT)) set("editing", false);
  if (matchMedia(NARROW).matches && target.closest?.('[data-testid="stSidebar"] [data-testid="stPageLink"] a'))
    document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
}

function presenting(line, on) {
  set("presenting", on);
  show(line);
  dispatchEvent(new Event("resize")); // pictures are fitted anew
}
