// Keys: / searches, j and k go through rows, Enter opens one, ? lists the keys. Everything here can
// be done without it. It must never change what a page says.
(() => {
  "use strict";
  const rows = () => [...document.querySelectorAll("[data-row]")];
  const typing = (target) => target.closest("input, select, textarea, [contenteditable]");
  const move = (step) => {
    const all = rows();
    if (all.length === 0) return;
    const now = all.findIndex((row) => row.contains(document.activeElement));
    const next = all[Math.max(0, Math.min(all.length - 1, now < 0 ? 0 : now + step))];
    const link = next.querySelector("a, input") || next;
    link.focus();
    next.scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && typing(event.target)) { event.target.blur(); return; }
    if (typing(event.target) && event.target.type !== "checkbox") return;
    const search = document.querySelector("input[type=search]");
    const help = document.querySelector("#keys");
    if (event.key === "/" && search) { event.preventDefault(); search.focus(); search.select(); }
    else if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (event.key === "x") {
      const row = rows().find((one) => one.contains(document.activeElement));
      const box = row && row.querySelector("input[type=checkbox]");
      if (box) box.click();
    }
    else if (event.key === "?" && help) { event.preventDefault(); help.open ? help.close() : help.showModal(); }
  });
  for (const all of document.querySelectorAll("input[data-all]")) {
    all.hidden = false;
    all.addEventListener("change", () => {
      for (const box of all.form.querySelectorAll("input[type=checkbox][name]")) box.checked = all.checked;
    });
  }
})();
