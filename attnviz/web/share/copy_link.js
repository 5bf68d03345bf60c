// Buttons that copy the address of what is on the page; where the browser forbids it, the address to copy by hand.

/** What it is made of, built by load.js: Streamlit would send it again with every run. */
export const HTML = `<button type="button" name="query">Copy link</button>
<button type="button" name="bare" title="The same view of the same model. Whoever opens the link types a text; the one that is shown stays with you.">Copy without text</button>
<input type="text" readonly hidden aria-label="Link to this view"><span role="status"></span>`;

const FAREWELL = 2500; // milliseconds for which the button says that it worked

/** Streamlit's component: data is {query, bare}, by the names of the buttons. The address is that of this page. */
export default function ({ data, parentElement }) {
  for (const button of parentElement.querySelectorAll("button")) {
    button.hidden = !data[button.name];
    offer(button, data, parentElement);
  }
}

/** Have a button copy its link. */
function offer(button, data, parentElement) {
  const field = parentElement.querySelector("input");
  const said = parentElement.querySelector("[role=status]");
  const link = `${location.origin}${location.pathname}${data[button.name] ? `?${data[button.name]}` : ""}`;
  if (field.dataset[button.name] !== link) {
    field.dataset[button.name] = link;
    field.hidden = true;
    said.textContent = "";
  }
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(link);
      said.textContent = "Copied";
      setTimeout(() => (said.textContent = ""), FAREWELL);
    } catch {
      // No permission, or a page that did not come over https: there is no clipboard for it.
      field.value = link;
      field.hidden = false;
      field.focus();
      field.select();
      said.textContent = "Press Ctrl+C or ⌘C to copy";
    }
  };
}
