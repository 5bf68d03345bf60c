// A matrix as an image, one pixel a cell.

/**
 * Writes a q x k matrix into `canvas`, one pixel a cell; cells that cannot be looked at stay transparent.
 * @param {HTMLCanvasElement} canvas
 * @param {{view: import("../data/view.js").View, scale: import("./scales.js").Scale, cuts?: Float32Array | null}} scene
 */
export function paintPixels(canvas, { view, scale, cuts }) {
  const { q, k, values, open } = view;
  if (canvas.width !== k || canvas.height !== q) Object.assign(canvas, { width: k, height: q });
  if (!q || !k) return;
  const pen = canvas.getContext("2d");
  const image = pen.createImageData(k, q);
  const words = new Uint32Array(image.data.buffer);
  const { pixels, signed } = scale;
  const last = pixels.length - 1;
  const middle = signed ? last / 2 : 0;
  // sqrt(|value| / top) * reach steps away from the middle; the half rounds.
  const reach = scale.top > 0 ? (last - middle) / Math.sqrt(scale.top) : 0;
  for (let i = 0; i < q; i++) {
    const cut = cuts ? cuts[i] : 0;
    for (let j = 0, at = i * k; j < open[i]; j++, at++) {
      const value = values[at];
      const size = value < 0 ? -value : value;
      const step = middle + (value < 0 ? -reach : reach) * Math.sqrt(size);
      const table = size < cut ? scale.faded.pixels : pixels;
      words[at] = table[step > last ? last : step < 0 ? 0 : (step + 0.5) | 0];
    }
  }
  pen.putImageData(image, 0, 0);
}
