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
 * The reports of a page, numbered: `latest` is the number of the last one, `heard` the numbers of the last ones that the
 * host had heard when it made the message that is drawn now, by what was told; null where there is no host that hears.
 * @type {{latest: number, heard: Record<string, number> | null}}
 */
export const reports = { latest: 0, heard: null };

/**
 * A value that both the reader and the host can set. The host's answers lag behind the reader's clicks: until it has
 * heard of the last one, what it says is old, and is passed over.
 */
export class Shared {
  /** @param {string} name as what it is reported */
  constructor(name) {
    this.name = name;
    /** @type {any} */
    this.value = undefined;
    this.after = -1;
  }

  /**
   * The reader set it; a report follows.
   * @param {any} value
   */
  set(value) {
    this.value = value;
    this.after = reports.latest;
  }

  /**
   * The host says what it should be.
   * @param {any} value
   */
  offer(value) {
    const heard = reports.heard ? reports.heard[this.name] ?? 0 : Infinity;
    if (heard > this.after) this.value = value;
  }
}
