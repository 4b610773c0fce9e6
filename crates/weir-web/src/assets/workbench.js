// Checks the text of the workbench while somebody types: the form is sent as the button does, and
// what is wrong is put in its place. Everything works without it.
(() => {
  "use strict";
  const form = document.querySelector("form.workbench");
  const text = form && form.elements.text;
  if (!text) return;
  let timer = null, asking = null;
  const check = async () => {
    if (asking) asking.abort();
    const ask = asking = new AbortController();
    try {
      const body = new URLSearchParams(new FormData(form));
      const answer = await fetch("/workbench/check", { method: "POST", body, credentials: "same-origin", signal: ask.signal });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("findings"), old = document.getElementById("findings");
      if (fresh && old && !old.isEqualNode(fresh)) old.replaceWith(fresh);
    } catch { /* the next key asks again */ }
  };
  text.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(check, 400); });
})();
