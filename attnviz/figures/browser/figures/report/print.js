// The script of a report, after those that draw its figures: for paper, each figure becomes a drawing in light colours,
// sharp, whole and without controls. What has no drawing prints as it stands.

/**
 * @typedef {object} Pinned
 * @property {Element} node
 * @property {Element} place where its drawing goes
 * @property {any} state of the figure
 * @property {string} prefix of names in its drawing
 * @property {string} drawn the drawing's text
 */

/** @type {Pinned[]} */
const figures = Array.from(document.querySelectorAll("[data-figure]"), (node, n) => ({
  node, place: node.nextElementSibling, state: /** @type {any} */ (node.firstElementChild).attnviz, prefix: `pin${n}-`, drawn: "",
}));

/** The figures in light colours, whatever the reader's are. */
function lighten() {
  document.documentElement.classList.add("printing");
  for (const { state } of figures) state.recolour();
}

function restore() {
  document.documentElement.classList.remove("printing");
  for (const { state } of figures) state.recolour();
}

/**
 * Makes those drawings anew that are `wanted`, where a figure shows something else by now.
 * @param {(drawn: string) => boolean} wanted
 */
function picture(wanted = () => true) {
  for (const figure of figures) {
    const drawn = figure.state.drawing?.() ?? "";
    if (drawn === figure.drawn || !wanted(drawn)) continue;
    figure.drawn = drawn;
    figure.node.classList.toggle("pictured", Boolean(drawn));
    figure.place.replaceChildren(...(drawn ? [svgOf(figure)] : []));
  }
}

/**
 * The drawing as elements. Names in it become this figure's own: each drawing counts its clips from 0.
 * @param {Pinned} figure
 */
function svgOf({ drawn, prefix }) {
  const svg = document.importNode(new DOMParser().parseFromString(drawn, "image/svg+xml").documentElement, true);
  for (const node of svg.querySelectorAll("[id]")) node.id = prefix + node.id;
  for (const node of svg.querySelectorAll("[clip-path]")) {
    node.setAttribute("clip-path", node.getAttribute("clip-path").replace("#", `#${prefix}`));
  }
  return svg;
}

addEventListener("beforeprint", () => {
  if (matchMedia("print").matches) return; // on paper the figures have no width any more, and cannot be drawn
  lighten();
  picture();
});
addEventListener("afterprint", () => matchMedia("print").matches || restore());

// A drawing that holds pictures is made ahead, so that they are loaded when somebody prints. The others can wait.
lighten();
picture((drawn) => drawn.includes("<image "));
restore();

const button = document.getElementById("print");
button.hidden = false;
button.addEventListener("click", () => print());
