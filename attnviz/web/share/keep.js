// What a visitor has pinned, kept in the browser's own storage, so that it survives a reload and a closed window.

const PLACE = "attnviz-report";
let leaving = false; // whether what is pinned would be lost, so that leaving asks

addEventListener("beforeunload", (event) => {
  if (leaving) event.preventDefault();
});

/** Streamlit's component: data is {asks, kept, lost}: whether the server wants what is here, what to keep, what cannot be. */
export default function ({ data, setTriggerValue }) {
  leaving = data.lost;
  try {
    const found = localStorage.getItem(PLACE);
    if (data.asks) {
      if (found) setTriggerValue("found", found);
    } else if (!data.kept) localStorage.removeItem(PLACE);
    else if (found !== data.kept) localStorage.setItem(PLACE, data.kept);
  } catch {
    // No storage, or none left: then pins last as long as the window, and leaving asks.
    leaving = leaving || Boolean(data.kept);
  }
}
