// Figure "frame": a document cut off from the page. Its scripts run, but without an origin they reach neither the page
// around them nor anything that this site keeps. The frame is as high as the document says.

import { element } from "../../core/dom.js";
import { figureState } from "../../core/figure.js";
import { clamp } from "../../core/numbers.js";
import { themeOf } from "../../paint/theme.js";
import { messageOf } from "./message.js";

const HEIGHTS = [60, 20000]; // pixels; the height comes from inside, so it is not believed without bounds

/** Draws the figure in `root`; it reports nothing. */
export function draw(root, bytes) {
  const state = figureState(root, "frame", build);
  const { header, arrays } = messageOf(bytes);
  const shown = new TextDecoder().decode(arrays.document.data);
  if (state.document === shown) return;
  Object.assign(state, { document: shown, title: header.title });
  load(state);
}

function build(state) {
  state.resize = () => {};
  state.recolour = () => themeOf(state.host).dark !== state.dark && load(state);
  const resized = ({ source, data }) => {
    const height = Math.ceil(Number(data?.height));
    if (source !== state.frame?.contentWindow || Number.isNaN(height)) return;
    state.frame.style.height = `${clamp(height, HEIGHTS[0], HEIGHTS[1])}px`;
  };
  addEventListener("message", resized);
  state.ending.push(() => removeEventListener("message", resized));
}

/** A new frame, which learns from its name whether the page is dark. */
function load(state) {
  state.dark = themeOf(state.host).dark;
  state.frame = element("iframe", {
    class: "av-document", sandbox: "allow-scripts", name: state.dark ? "dark" : "light", title: state.title, srcdoc: state.document,
  });
  state.host.replaceChildren(state.frame);
}
