// Numbers: kept in a range, and as they are read out and saved.

/** @type {(value: number, low: number, high: number) => number} */
export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/**
 * A number as it is read out: four decimals, a real minus sign; a dash where there is none.
 * @param {number | null | undefined} value
 */
export function decimals(value, digits = 4) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  return value.toFixed(digits).replace("-", "−");
}

/** @type {(share: number, digits?: number) => string} */
export const percent = (share, digits = 1) => (share > 0 && share < 0.0005 ? "< 0.1 %" : `${decimals(100 * share, digits)} %`);

/**
 * The shortest decimal that reads back as the same float32.
 * @param {number} value
 */
export function shortest(value) {
  for (let digits = 6; digits < 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return String(Number(text));
  }
  return String(Number(value.toPrecision(9)));
}
