// What keeps a page from being read: gives a line for each finding.
const found = [];
const shown = (element) => element.getClientRects().length > 0 && getComputedStyle(element).visibility !== "hidden";
const colour = (text) => {
  const [red, green, blue, alpha = 1] = text.match(/[\d.]+/g).map(Number);
  return [red, green, blue, alpha];
};
const over = ([r, g, b, a], [R, G, B]) => [a * r + (1 - a) * R, a * g + (1 - a) * G, a * b + (1 - a) * B, 1];
const light = (colour) => {
  const [r, g, b] = colour.map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (one, other) => {
  const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
};
// The shape that lies behind a text of the drawing.
const shape = (text) => text.closest(".stage")?.querySelector(".box") ?? text.closest(".label, .frame")?.querySelector("rect");
const ground = (element) => {
  const layers = [];
  const drawn = element.closest("svg") && shape(element);
  if (drawn) {
    const style = getComputedStyle(drawn);
    const [r, g, b, a] = colour(style.fill);
    layers.push([r, g, b, a * Number(style.fillOpacity)]);
  }
  for (let at = element.closest("svg") ?? element; at; at = at.parentElement) layers.push(colour(getComputedStyle(at).backgroundColor));
  return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255, 1]);
};

if (document.documentElement.scrollWidth > innerWidth) found.push(`${document.documentElement.scrollWidth} pixels wide`);
for (const element of document.querySelectorAll("body *")) {
  const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "");
  if (!own || !shown(element) || element.closest("title, style, script, desc")) continue;
  const style = getComputedStyle(element);
  const text = element.textContent.trim().slice(0, 40);
  const ink = element.closest("svg") ? style.fill : style.color;
  const ratio = contrast(over(colour(ink), ground(element)), ground(element));
  if (ratio < 4.5) found.push(`contrast ${ratio.toFixed(1)}: ${text}`);
  if (parseFloat(style.fontSize) < 12) found.push(`${style.fontSize}: ${text}`);
}
for (const element of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, summary, section[tabindex]")) {
  const labels = [...(element.labels ?? [])].map((label) => label.textContent).join("");
  const name = element.getAttribute("aria-label") ?? element.getAttribute("title") ?? (labels + element.textContent);
  if (name.trim() === "") found.push(`no name: ${element.outerHTML.slice(0, 80)}`);
}
const heads = [...document.querySelectorAll("h1, h2, h3")].map((head) => Number(head.tagName[1]));
if (heads[0] !== 1 || heads.filter((level) => level === 1).length !== 1) found.push(`headings ${heads}`);
const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
for (const id of ids.filter((id, number) => ids.indexOf(id) !== number)) found.push(`twice: ${id}`);
return found;
