// How many tokens the texts have that somebody is typing: at each pause they go to the server, which has the tokenizer.

const FIELDS = ":is(.st-key-text_entry, .st-key-open_entry) textarea";
const PAUSE = 350; // milliseconds without a key
const MOST = 100_000; // characters that are sent to be counted

/** What it is made of, built by load.js. */
export const HTML = '<p>Enter shows it, Shift + Enter begins a new line. <span role="status"></span></p>';

const undone = new WeakMap();

/** Streamlit's component: data is {said, names}, the count in words and the names of the fields in their order. */
export default function ({ data, parentElement, setTriggerValue }) {
  parentElement.querySelector("span").textContent = data.said;
  let timer = 0;
  const typed = (event) => {
    if (!event.target.matches?.(FIELDS)) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      const texts = Array.from(document.querySelectorAll(FIELDS), (field) => field.value);
      if (texts.join("").length <= MOST) setTriggerValue("typed", Object.fromEntries(data.names.split(",").map((name, n) => [name, texts[n] ?? ""])));
    }, PAUSE);
  };
  undone.get(parentElement)?.();
  document.addEventListener("input", typed, true);
  const undo = () => {
    clearTimeout(timer);
    document.removeEventListener("input", typed, true);
  };
  undone.set(parentElement, undo);
  return undo;
}
