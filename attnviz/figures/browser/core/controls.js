// Controls inside a figure, each with a name for screen readers: steppers, choices, switches, a menu.

import { element } from "./dom.js";
import { clamp } from "./numbers.js";

/** @typedef {[value: string, text: string]} Option */

/** A number that no other control of the document has: a report holds several bundles, each with this module. */
function another() {
  const page = /** @type {any} */ (document);
  page.attnvizControls = (page.attnvizControls ?? 0) + 1;
  return page.attnvizControls;
}


/**
 * ‹ [select] ›: one of `count` numbers. `change(number)` is called when the reader picks one; `whose` ends its name.
 * @param {string} name
 * @param {(value: number) => void} change
 */
export function stepper(name, change, whose = "") {
  const select = element("select", { "aria-label": name + whose, class: "av-select" });
  const step = (/** @type {number} */ by) => change(clamp(Number(select.value) + by, 0, select.options.length - 1));
  const less = element("button", { type: "button", class: "av-step", "aria-label": `Previous ${name.toLowerCase()}${whose}`, text: "‹", on: { click: () => step(-1) } });
  const more = element("button", { type: "button", class: "av-step", "aria-label": `Next ${name.toLowerCase()}${whose}`, text: "›", on: { click: () => step(1) } });
  select.addEventListener("change", () => change(Number(select.value)));
  const node = element("div", { class: "av-field", role: "group", "aria-label": name + whose }, [
    element("span", { class: "av-name", text: name, "aria-hidden": "true", "data-term": name.toLowerCase() }),
    element("div", { class: "av-stepper" }, [less, select, more]),
  ]);
  const set = (/** @type {number} */ value, /** @type {number} */ count) => {
    if (select.options.length !== count)
      select.replaceChildren(...Array.from({ length: count }, (_, i) => element("option", { value: i, text: String(i) })));
    select.value = String(value);
    less.disabled = value <= 0;
    more.disabled = value >= count - 1;
  };
  return { node, set };
}

/**
 * A select.
 * @param {string} name
 * @param {Option[]} options
 * @param {(value: string) => void} change
 */
export function choice(name, options, change) {
  const select = element("select", { "aria-label": name, class: "av-select", on: { change: () => change(select.value) } });
  const node = element("div", { class: "av-field" }, [element("span", { class: "av-name", text: name, "aria-hidden": "true" }), select]);
  const set = (/** @type {string | number} */ value, pairs = options) => {
    const old = [...select.options].map((option) => [option.value, option.textContent]);
    if (JSON.stringify(old) !== JSON.stringify(pairs))
      select.replaceChildren(...pairs.map(([key, text]) => element("option", { value: key, text })));
    select.value = String(value);
  };
  set(options[0]?.[0] ?? "");
  return { node, set };
}

/**
 * A row of radio buttons that look like one.
 * @param {string} name
 * @param {Option[]} options
 * @param {(value: string) => void} change
 */
export function segments(name, options, change) {
  const group = `av-segments-${another()}`;
  const boxes = options.map(([value], i) => element("input", { type: "radio", name: group, id: `${group}-${i}`, value, class: "av-segment-box", on: { change: () => change(value) } }));
  const labels = options.map(([, text], i) => element("label", { for: `${group}-${i}`, class: "av-segment", text }));
  const node = element("div", { class: "av-segments", role: "radiogroup", "aria-label": name }, boxes.flatMap((box, i) => [box, labels[i]]));
  const set = (/** @type {string} */ value) => {
    for (const box of boxes) box.checked = box.value === value;
  };
  const allow = (/** @type {string} */ value, /** @type {boolean} */ allowed) => {
    const at = boxes.findIndex((box) => box.value === value);
    boxes[at].hidden = labels[at].hidden = !allowed;
  };
  return { node, set, allow };
}

/**
 * A checkbox with its label.
 * @param {string} name
 * @param {(checked: boolean) => void} change
 */
export function toggle(name, change) {
  const id = `av-toggle-${another()}`;
  const box = element("input", { type: "checkbox", id, class: "av-check", on: { change: () => change(box.checked) } });
  const node = element("div", { class: "av-toggle" }, [box, element("label", { for: id, text: name })]);
  const set = (/** @type {boolean} */ checked, disabled = false) => {
    box.checked = checked;
    box.disabled = disabled;
  };
  return { node, set, box };
}

/**
 * A plain button.
 * @param {string} text
 * @param {string} name
 * @param {() => void} action
 */
export function button(text, name, action) {
  return element("button", { type: "button", class: "av-button", "aria-label": name, title: name, text, on: { click: action } });
}

/**
 * A field for a few letters; `change(text)` is called when they were typed.
 * @param {string} name
 * @param {(text: string) => void} change
 */
export function textField(name, change) {
  const input = element("input", { type: "text", "aria-label": name, class: "av-select av-text", maxlength: "200", on: { change: () => change(input.value) } });
  const node = element("div", { class: "av-field" }, [element("span", { class: "av-name", text: name, "aria-hidden": "true" }), input]);
  const set = (/** @type {string} */ value) => {
    if (/** @type {Document | ShadowRoot} */ (input.getRootNode()).activeElement !== input) input.value = value;
  };
  return { node, set };
}

/**
 * A button that unfolds a list of actions. Escape and focus elsewhere close it.
 * @param {string} name
 * @param {[text: string, action: () => void][]} items
 */
export function menu(name, items) {
  const summary = element("summary", { class: "av-button", text: name });
  const list = element("div", { class: "av-menu-list" });
  const node = element("details", { class: "av-menu" }, [summary, list]);
  for (const [text, action] of items) {
    const run = () => {
      node.open = false;
      summary.focus();
      action();
    };
    list.append(element("button", { type: "button", class: "av-menu-item", text, on: { click: run } }));
  }
  return unfolding(node, summary);
}

/**
 * A button that unfolds controls.
 * @param {string} name
 * @param {Node[]} controls
 */
export function panel(name, controls) {
  const summary = element("summary", { class: "av-button", text: name });
  const list = element("div", { class: "av-menu-list av-options", tabindex: "-1" }, controls);
  return unfolding(element("details", { class: "av-menu" }, [summary, list]), summary);
}

/**
 * Escape and focus elsewhere fold it.
 * @param {HTMLDetailsElement} node
 * @param {HTMLElement} summary
 */
function unfolding(node, summary) {
  node.addEventListener("focusout", (event) => {
    if (!node.contains(/** @type {Node | null} */ (event.relatedTarget))) node.open = false;
  });
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !node.open) return;
    node.open = false;
    summary.focus();
    event.stopPropagation();
  });
  return node;
}
