// Values that the reader and the host both set, and calls that are held back while they come too fast.

/**
 * Calls `action` at once, and again with the last arguments once `delay` milliseconds have passed without a call: a
 * single step waits for nothing, and of many fast ones only the first and the last are reported.
 * @template {any[]} Values
 * @param {(...values: Values) => void} action
 * @param {number} delay
 */
export function debounced(action, delay) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {Values | null} */
  let waiting = null;
  const rest = () => {
    timer = undefined;
    if (waiting) {
      const values = waiting;
      waiting = null;
      action(...values);
    }
  };
  return (/** @type {Values} */ ...values) => {
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
  /** @param {number} patience milliseconds in which a click outweighs the host */
  constructor(patience = 4000) {
    /** @type {any} */
    this.value = undefined;
    this.patience = patience;
    this.asked = -Infinity;
    /** @type {any} */
    this.offered = undefined;
  }

  /**
   * The reader set it.
   * @param {any} value
   */
  set(value) {
    this.value = value;
    this.asked = performance.now();
  }

  /**
   * The host says what it should be.
   * @param {any} value
   */
  offer(value) {
    const same = JSON.stringify(value) === JSON.stringify(this.value);
    const news = JSON.stringify(value) !== JSON.stringify(this.offered);
    this.offered = value;
    if (same) this.asked = -Infinity;
    else if (news && performance.now() - this.asked > this.patience) this.value = value;
  }
}
