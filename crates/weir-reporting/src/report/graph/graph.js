// Keys for the picture: the page works without it, as stages are links and panels show by `:target`.
// A stage whose panel is not there is a link to the page that has it.
(() => {
  "use strict";
  const stages = [...document.querySelectorAll("a.stage")];
  const lines = [...document.querySelectorAll("path.line")];
  const place = (stage) => stage.getAttribute("href").split("#")[1];
  // The page holds two drawings, of which one is shown.
  const seen = () => stages.filter((stage) => stage.getClientRects().length > 0);
  const shown = () => seen().find((stage) => "#" + place(stage) === location.hash);
  const middle = (stage) => {
    const box = stage.querySelector(".box").getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
  };

  // Marks the stage whose panel is open, and the lines that touch it.
  const mark = () => {
    const current = shown();
    for (const stage of stages) {
      const is = current !== undefined && place(stage) === place(current);
      stage.classList.toggle("current", is);
      if (is) stage.setAttribute("aria-current", "true"); else stage.removeAttribute("aria-current");
    }
    for (const line of lines) {
      const ends = [line.dataset.from, line.dataset.to];
      line.classList.toggle("near", current !== undefined && ends.includes(current.dataset.node));
    }
  };

  // The nearest stage in a direction, judged along it first; at the end of a row the one before or after.
  const next = (from, [right, down]) => {
    const [x, y] = middle(from);
    const all = seen();
    let best, least = Infinity;
    for (const stage of all.filter((other) => other !== from)) {
      const [dx, dy] = [middle(stage)[0] - x, middle(stage)[1] - y];
      const along = right * dx + down * dy, across = Math.abs(right * dy) + Math.abs(down * dx);
      if (along > 4 && across < 2 * along && along + 2 * across < least) [best, least] = [stage, along + 2 * across];
    }
    return best ?? all[all.indexOf(from) + right + down];
  };

  const close = () => {
    const was = shown();
    if (!was) return;
    location.hash = "picture";
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
      if (!document.getElementById(place(stage))) { location.assign(stage.getAttribute("href")); return; }
      event.preventDefault();
      location.hash = place(stage);
      if (event.detail === 0) document.getElementById(place(stage)).focus({ preventScroll: true });
    });
  }
  for (const button of document.querySelectorAll(".panel .close")) {
    button.addEventListener("click", (event) => { if (shown()) { event.preventDefault(); close(); } });
  }
  addEventListener("hashchange", mark);
  mark();
})();
