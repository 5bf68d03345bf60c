// A small picture of a pinned figure: the figure draws itself out of sight, and its drawing, as it would be printed, is
// shown. One that has no drawing stands there itself, small and still.

export const HTML = '<div class="thumb" inert aria-hidden="true"></div>';

const shown = new WeakMap(); // what each place shows: the bytes of its message

/** Streamlit's component: data is the message of the figure, figure its name. */
export default function ({ data, figure, parentElement }) {
  const place = parentElement.querySelector(".thumb");
  if (shown.get(place) === data.length) return;
  shown.set(place, data.length);
  picture(place, data, figure);
}

async function picture(place, data, figure) {
  const [module, sheet] = await Promise.all([import(new URL(`./${figure}.js`, import.meta.url).href), styles(figure)]);
  const holder = document.createElement("div");
  holder.className = "hidden";
  const root = holder.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [sheet];
  place.replaceChildren(holder);
  const silent = () => {};
  module.default({ data, heard: {}, parentElement: root, setStateValue: silent, setTriggerValue: silent });
  const state = Array.from(root.children, (child) => child.attnviz).find(Boolean);
  const drawing = state?.drawing?.();
  if (!drawing) {
    holder.className = "live";
    return;
  }
  const svg = document.importNode(new DOMParser().parseFromString(drawing, "image/svg+xml").documentElement, true);
  for (const end of state.ending) end();
  place.replaceChildren(svg);
}

async function styles(figure) {
  const answer = await fetch(new URL(`./${figure}.css`, import.meta.url));
  return new CSSStyleSheet().replace(await answer.text());
}
