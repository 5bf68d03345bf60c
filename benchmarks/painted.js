// Runs in the page before its own scripts: notes when a picture is really on screen, two frames after it was drawn.
// bench.painted holds those times, bench.asked the time of the last press or change, in ms since the navigation.
(() => {
  // `wanted`: what a drawing must say of itself to count, where it is drawn in steps; `blank`: nothing will come.
  const bench = (globalThis.bench = { painted: [], asked: 0, wanted: "", blank: false });
  let waiting = false;
  const drawn = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        waiting = false;
        bench.painted.push(performance.now());
      }),
    );
  };
  const ask = () => {
    bench.asked = performance.now();
    bench.painted.length = 0;
  };
  addEventListener("pointerdown", ask, true);
  addEventListener("keydown", ask, true);

  // Ours: cells or lines go to the canvas as an image. Legends and pictures that are not in the document do not count.
  for (const name of ["drawImage", "putImageData"]) {
    const original = CanvasRenderingContext2D.prototype[name];
    CanvasRenderingContext2D.prototype[name] = function (...values) {
      original.apply(this, values);
      const { canvas } = this;
      if (!(canvas instanceof HTMLCanvasElement) || !canvas.isConnected || canvas.clientHeight < 60) return;
      if ((canvas.getAttribute("aria-label") ?? "").includes(bench.wanted)) drawn();
    };
  }

  // BertViz: lines of an SVG, all appended in one task; so the first frame that sees one sees them all.
  addEventListener("change", (event) => {
    if (!event.target.closest("[id^=bertviz]")) return;
    ask();
    drawn(); // its own listener draws before this event is over, hence before the next frame
  }, true);
  const line = "[id^=bertviz] svg line";
  // A plain page: its heading, on screen.
  const look = () => {
    if (document.querySelector(`${line}, h1#bench-empty`)) drawn();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  // Its script draws as soon as the page is there, in a task of its own; what is not drawn after some rest never is.
  addEventListener("load", () => setTimeout(() => {
    bench.blank = Boolean(document.querySelector("[id^=bertviz]")) && !document.querySelector(line);
  }, 3000));
})();
