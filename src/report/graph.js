// Keys for the picture: the page works without it, as stages are links and panels show by `:target`.
(() => {
  "use strict";
  const stages = [...document.querySelectorAll("a.stage")];
  const lines = [...document.querySelectorAll("path.line")];
  const place = (stage) => stage.getAttribute("href").slice(1);
  const shown = () => stages.find((stage) => "#" + place(stage) === location.hash);
  const middle = (stage) => {
    const box = stage.querySelector(".box").getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
  };

  // Marks the stage whose panel is open, and the lines that touch it.
  const mark = () => {
    const current = shown();
    for (const stage of stages) {
      stage.classList.toggle("current", stage === current);
      stage.setAttribute("aria-expanded", stage === current);
    }
    for (const line of lines) {
      const ends = [line.dataset.from, line.dataset.to];
      line.classList.toggle("near", current !== undefined && ends.includes(current.dataset.node));
    }
  };

  // The nearest stage in a direction, judged along it first.
  const next = (from, [right, down]) => {
    const [x, y] = middle(from);
    let best, least = Infinity;
    for (const stage of stages.filter((other) => other !== from)) {
      const [dx, dy] = [middle(stage)[0] - x, middle(stage)[1] - y];
      const along = right * dx + down * dy, across = Math.abs(right * dy) + Math.abs(down * dx);
      if (along > 4 && along + 2 * across < least) [best, least] = [stage, along + 2 * across];
    }
    return best;
  };

  const close = () => {
    const was = shown();
    if (!was) return;
    location.hash = "closed";
    was.focus();
  };

  const arrows = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "Escape") return close();
    const stage = document.activeElement.closest("a.stage");
    if (!stage) return;
    if (event.key === " ") { event.preventDefault(); stage.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true })); }
    const target = arrows[event.key] && next(stage, arrows[event.key]);
    if (target) { event.preventDefault(); target.focus(); }
  });

  // Opened by a key, the panel takes the focus, so that it can be read on; Escape gives it back.
  for (const stage of stages) {
    stage.addEventListener("click", (event) => {
      event.preventDefault();
      location.hash = place(stage);
      if (event.detail === 0) document.getElementById(place(stage)).focus({ preventScroll: true });
    });
  }
  for (const button of document.querySelectorAll(".panel .close")) {
    button.addEventListener("click", (event) => { event.preventDefault(); close(); });
  }
  addEventListener("hashchange", mark);
  mark();
})();
