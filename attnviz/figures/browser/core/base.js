// What every figure needs: the message unpacked, elements made without markup, one lasting state per host element.

const SECTION_TYPES = { f32: Float32Array, u8: Uint8Array, i32: Int32Array };

/** Header and arrays of a message (see wire.py). Arrays are views of the message where alignment allows. */
export function unpack(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const body = bytes.subarray(4 + length);
  const arrays = {};
  for (const [name, { type, shape, offset }] of Object.entries(header.sections)) {
    const Type = SECTION_TYPES[type];
    const count = shape.reduce((product, size) => product * size, 1);
    const from = body.byteOffset + offset;
    const aligned = from % Type.BYTES_PER_ELEMENT === 0;
    const end = offset + count * Type.BYTES_PER_ELEMENT;
    const data = aligned ? new Type(body.buffer, from, count) : new Type(body.slice(offset, end).buffer);
    arrays[name] = { data, shape };
  }
  return { header, arrays };
}

/** A DOM element. `text` becomes text, never markup; `on` holds listeners; the rest are attributes. */
export function element(tag, properties = {}, children = []) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "text") node.textContent = value;
    else if (name === "on") for (const [type, listener] of Object.entries(value)) node.addEventListener(type, listener);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

/**
 * The lasting state of a figure in `root`, an element or shadow root. Hosts call draw() again with every new
 * message, so the first call builds the elements and later ones find them.
 */
export function figureState(root, name, build) {
  let host = [...root.children].find((child) => child.attnviz?.name === name);
  if (host) return host.attnviz;
  host = element("div", { class: `av av-${name}` });
  root.append(host);
  const state = { name, host };
  host.attnviz = state;
  build(state);
  watch(state);
  return state;
}

/** Calls state.resize() when the width changes and state.recolour() when the host's theme does. */
function watch(state) {
  let width = state.host.clientWidth;
  new ResizeObserver(() => {
    if (state.host.clientWidth === width || state.host.clientWidth === 0) return;
    width = state.host.clientWidth;
    state.resize();
  }).observe(state.host);
  // The style sheet gives the host a transition of its colours: its end tells that the theme was switched.
  state.host.addEventListener("transitionend", (event) => {
    if (event.target === state.host) state.recolour();
  });
}

/**
 * Calls `action` at once, and again with the last arguments once `delay` milliseconds have passed without a call: a
 * single step waits for nothing, and of many fast ones only the first and the last are reported.
 */
export function debounced(action, delay) {
  let timer = 0;
  let waiting = null;
  const rest = () => {
    timer = 0;
    if (waiting) {
      const values = waiting;
      waiting = null;
      action(...values);
    }
  };
  return (...values) => {
    if (timer) waiting = values;
    else action(...values);
    clearTimeout(timer);
    timer = setTimeout(rest, delay);
  };
}

/**
 * A value that both the reader and the host can set. The host's answers lag behind the reader's clicks: an
 * answer that does not match a click of the last seconds is an old one and is passed over.
 */
export class Shared {
  constructor(patience = 4000) {
    this.value = undefined;
    this.patience = patience;
    this.asked = -Infinity;
    this.offered = undefined;
  }

  /** The reader set it. */
  set(value) {
    this.value = value;
    this.asked = performance.now();
  }

  /** The host says what it should be. */
  offer(value) {
    const same = JSON.stringify(value) === JSON.stringify(this.value);
    const news = JSON.stringify(value) !== JSON.stringify(this.offered);
    this.offered = value;
    if (same) this.asked = -Infinity;
    else if (news && performance.now() - this.asked > this.patience) this.value = value;
  }
}

export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** A number as it is read out: four decimals, a real minus sign. */
export function decimals(value, digits = 4) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  return value.toFixed(digits).replace("-", "−");
}

export const percent = (share) => (share > 0 && share < 0.0005 ? "< 0.1 %" : `${decimals(100 * share, 1)} %`);

/** The shortest decimal that reads back as the same float32. */
export function shortest(value) {
  for (let digits = 6; digits < 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(text) === value) return String(Number(text));
  }
  return String(Number(value.toPrecision(9)));
}
