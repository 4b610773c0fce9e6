// Follows what a page shows: when its stream says that it is out of date, the page is asked for again
// and what differs is put in its place. Focus and what is unfolded stay as they are; whoever types or
// has selected something is not disturbed. A tab that nobody sees follows nothing.
(() => {
  "use strict";
  const main = document.querySelector("main[data-live]");
  if (!main || !window.EventSource) return;
  let stream = null, shown = main.dataset.stamp, asks = false, waits = null;
  const isBusy = () => {
    const at = document.activeElement;
    const typing = at && main.contains(at) && at.closest("input, select, textarea");
    return typing || main.querySelector("input[type=checkbox]:checked");
  };
  const keyOf = (at) => at && (at.id ? "#" + CSS.escape(at.id) : at.getAttribute("href") && 'a[href="' + CSS.escape(at.getAttribute("href")) + '"]');
  const put = (fresh) => {
    const focus = main.contains(document.activeElement) ? keyOf(document.activeElement) : null;
    const open = [...main.querySelectorAll("details")].map((one) => one.open);
    const now = [...main.children], next = [...fresh.children];
    if (now.length === next.length) {
      next.forEach((one, place) => { if (!now[place].isEqualNode(one)) now[place].replaceWith(one); });
    } else main.replaceChildren(...next);
    main.querySelectorAll("details").forEach((one, place) => { if (open[place]) one.open = true; });
    const again = focus && main.querySelector(focus);
    if (again) again.focus({ preventScroll: true });
  };
  const ask = async (stamp) => {
    if (isBusy()) { waits = stamp; return; }
    if (asks) return;
    waits = null;
    asks = true;
    try {
      const answer = await fetch(location.href, { credentials: "same-origin" });
      if (!answer.ok || answer.redirected) { location.reload(); return; }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("main");
      // What is over is shown whole, with all that a script adds to it.
      if (!fresh || !fresh.dataset.live) { location.reload(); return; }
      put(fresh);
      shown = fresh.dataset.stamp || stamp;
      document.title = page.title;
    } catch { /* the next stamp asks again */ } finally { asks = false; }
  };
  const follow = () => {
    stream = new EventSource(main.dataset.live);
    stream.onmessage = (event) => { if (event.data !== shown) ask(event.data); };
  };
  main.addEventListener("focusout", () => setTimeout(() => { if (waits !== null) ask(waits); }, 500));
  const leave = () => { if (stream) stream.close(); stream = null; };
  document.addEventListener("visibilitychange", () => { if (document.hidden) leave(); else if (!stream) follow(); });
  window.addEventListener("pagehide", leave);
  if (!document.hidden) follow();
})();
