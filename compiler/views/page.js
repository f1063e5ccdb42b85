"use strict";
// Moves, zooms and searches the one drawing of the page. Names in it are only ever read as text.
const main = document.querySelector("main"), svg = main.querySelector("svg"), told = document.getElementById("told");
const search = document.querySelector("input"), count = document.querySelector("output");
const whole = svg.viewBox.baseVal, full = {x: whole.x, y: whole.y, width: whole.width, height: whole.height};
const nodes = [...svg.querySelectorAll(".node")];
let seen = {...full}, found = [], at = -1;

function show(view) {
  seen = view;
  svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
}

// Units of the drawing for one pixel: the drawing is scaled to lie wholly within its place.
const unit = () => Math.max(seen.width / main.clientWidth, seen.height / main.clientHeight);

function place(event) {
  const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  return {x: point.x, y: point.y};
}

function zoom(factor, still = {x: seen.x + seen.width / 2, y: seen.y + seen.height / 2}) {
  const width = Math.min(Math.max(seen.width * factor, 40), 40 * full.width), by = width / seen.width;
  show({x: still.x - (still.x - seen.x) * by, y: still.y - (still.y - seen.y) * by, width, height: seen.height * by});
}

// A tall net is shown as wide as the page, from its top: seen as a whole, nothing in it could be read.
function fitWidth() {
  const width = Math.max(full.width, main.clientWidth * 0.75);
  show({x: full.x - (width - full.width) / 2, y: full.y, width, height: width * main.clientHeight / main.clientWidth});
}

function go(step) {
  if (!found.length) return;
  at = (at + step + found.length) % found.length;
  const box = found[at].getBBox(), inside = svg.getScreenCTM().inverse().multiply(found[at].getScreenCTM());
  const point = new DOMPoint(box.x + box.width / 2, box.y + box.height / 2).matrixTransform(inside);
  show({...seen, x: point.x - seen.width / 2, y: point.y - seen.height / 2});
  count.textContent = `${at + 1} of ${found.length}`;
}

function find() {
  const text = search.value.trim().toLowerCase();
  found = text ? nodes.filter(node => node.dataset.text.includes(text)) : [];
  nodes.forEach(node => node.classList.toggle("found", found.includes(node)));
  main.classList.toggle("searched", text !== "");
  at = -1;
  count.textContent = text && !found.length ? "none" : "";
  go(1);
}

// Graphviz says what there is to say of a part in a title of its own and in the title of a link around it.
for (const part of svg.querySelectorAll(".node, .edge, .cluster")) {
  const link = part.querySelector("a");
  const tip = link ? link.getAttributeNS("http://www.w3.org/1999/xlink", "title") || link.getAttribute("title") || "" : "";
  part.querySelectorAll("title").forEach(title => title.remove());
  link?.removeAttributeNS("http://www.w3.org/1999/xlink", "title");
  part.dataset.tip = tip;
  part.dataset.text = `${part.textContent} ${tip}`.toLowerCase();
}
svg.querySelectorAll("g.graph > title").forEach(title => title.remove());

svg.addEventListener("wheel", event => {
  event.preventDefault();
  if (event.ctrlKey || event.metaKey) zoom(Math.exp(event.deltaY / 100), place(event));
  else if (event.shiftKey) show({...seen, x: seen.x + (event.deltaX || event.deltaY) * unit()});
  else show({...seen, x: seen.x + event.deltaX * unit(), y: seen.y + event.deltaY * unit()});
}, {passive: false});

const touched = new Map();
svg.addEventListener("pointerdown", event => {
  touched.set(event.pointerId, event);
  svg.setPointerCapture(event.pointerId);
  svg.classList.add("dragged");
});
svg.addEventListener("pointermove", event => {
  const before = touched.get(event.pointerId);
  if (!before) return tell(event);
  if (touched.size === 2) {
    const other = [...touched.values()].find(each => each.pointerId !== event.pointerId);
    const far = each => Math.hypot(each.clientX - other.clientX, each.clientY - other.clientY) || 1;
    zoom(far(before) / far(event), place(event));
  } else {
    const by = unit();
    show({...seen, x: seen.x - (event.clientX - before.clientX) * by, y: seen.y - (event.clientY - before.clientY) * by});
  }
  touched.set(event.pointerId, event);
});
for (const name of ["pointerup", "pointercancel"]) svg.addEventListener(name, event => {
  touched.delete(event.pointerId);
  if (!touched.size) svg.classList.remove("dragged");
});
svg.addEventListener("pointerleave", () => { told.style.display = "none"; });

function tell(event) {
  const tip = event.target.closest?.(".node, .edge, .cluster")?.dataset.tip;
  told.style.display = tip ? "block" : "none";
  if (!tip) return;
  told.textContent = tip;
  told.style.left = `${Math.max(Math.min(event.clientX + 14, innerWidth - told.offsetWidth - 8), 0)}px`;
  told.style.top = `${Math.max(Math.min(event.clientY + 14, innerHeight - told.offsetHeight - 8), 0)}px`;
}

search.addEventListener("input", find);
search.addEventListener("keydown", event => {
  if (event.key === "Enter") go(event.shiftKey ? -1 : 1);
  if (event.key === "Escape") { search.value = ""; find(); search.blur(); }
});
const actions = {in: () => zoom(0.8), out: () => zoom(1.25), width: fitWidth, all: () => show({...full})};
for (const button of document.querySelectorAll("button")) button.addEventListener("click", actions[button.value]);
addEventListener("keydown", event => {
  if (event.target === search || event.ctrlKey || event.metaKey || event.altKey) return;
  const action = {"+": "in", "=": "in", "-": "out", "w": "width", "0": "all"}[event.key];
  if (action) actions[action]();
  else if (event.key === "/") { event.preventDefault(); search.focus(); }
});
fitWidth();
