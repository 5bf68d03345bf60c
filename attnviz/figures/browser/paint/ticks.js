// Ticks: how many labels fit on an axis, and round values for a colour bar.

/**
 * Every how many labels one is shown, so that shown ones are `pitch` pixels apart.
 * @param {number} cell
 * @param {number} pitch
 */
export function stride(cell, pitch) {
  const needed = pitch / cell;
  for (let unit = 1; ; unit *= 10)
    for (const factor of [1, 2, 5]) if (unit * factor >= needed) return unit * factor;
}

/**
 * Round values between 0 and `top` for a colour bar, the top included, at least `gap` apart on the bar.
 * @param {number} top
 * @param {(value: number) => number} placeOf
 * @param {number} gap
 */
export function barTicks(top, placeOf, gap) {
  if (!(top > 0)) return [0];
  const ticks = [top];
  const unit = 10 ** Math.floor(Math.log10(top));
  const round = [];
  for (let scale = unit; scale >= unit / 1000; scale /= 10) for (const factor of [5, 2, 1]) round.push(factor * scale);
  for (const value of round)
    // The first and the last tick's numbers are set inwards and need more room.
    if (value < top && placeOf(top) - placeOf(value) >= 1.4 * gap && ticks.every((tick) => Math.abs(placeOf(tick) - placeOf(value)) >= gap) && placeOf(value) >= gap)
      ticks.push(value);
  return [0, ...ticks.sort((a, b) => a - b)];
}

/**
 * A tick's number: as many digits as it needs, at most four decimals.
 * @param {number} value
 */
export function tickText(value) {
  if (value === 0) return "0";
  const text = Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(2);
  return String(Number(text)).replace("-", "−");
}
