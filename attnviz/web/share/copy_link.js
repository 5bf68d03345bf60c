// A button that copies the address of what is on the page; where the browser forbids it, the address to copy by hand.

const FAREWELL = 2500; // milliseconds for which the button says that it worked

/** Streamlit's component: data is {query, label}. The address is that of this page, with `query`. */
export default function ({ data, parentElement }) {
  const button = parentElement.querySelector("button");
  const field = parentElement.querySelector("input");
  const said = parentElement.querySelector("[role=status]");
  const link = `${location.origin}${location.pathname}${data.query ? `?${data.query}` : ""}`;
  if (field.value !== link) {
    field.value = link;
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
      field.hidden = false;
      field.focus();
      field.select();
      said.textContent = "Press Ctrl+C or ⌘C to copy";
    }
  };
}
