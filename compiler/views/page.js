"use strict";
// Moves, zooms and searches the one drawing of the page. Names in it are only ever read as text.
const main = document.querySelector("main"), svg = main.querySelector("svg"), told = document.getElementById("told");
const search = document.querySelector("input"), count = document.querySelector("output");
const whole = svg.viewBox.baseVal, full = {x: whole.x, y: whole.y, width: whole.width, height: whole.height};
const nodes = [...svg.querySelectorAll(".node")];
let found = [], at = -1;

// What is seen: the point of the drawing in the top left corner, and units of the drawing for one pixel.
let seen = {x: full.x, y: full.y, unit: 1};
const READABLE = 1 / 0.75;  // units for one pixel, at the most, with which names can be read

function show(view) {
  seen = view;
  svg.setAttribute("viewBox", `${view.x} ${view.y} ${main.clientWidth * view.unit} ${main.clientHeight * view.unit}`);
  told.style.display = "none";  // what it told of is elsewhere now
}

const move = (right, down) => show({...seen, x: seen.x + right * seen.unit, y: seen.y + down * seen.unit});

function place(event) {
  const page = main.getBoundingClientRect();
  return {x: seen.x + (event.clientX - page.left) * seen.unit, y: seen.y + (event.clientY - page.top) * seen.unit};
}

const middle = () => ({x: seen.x + main.clientWidth * seen.unit / 2, y: seen.y + main.clientHeight * seen.unit / 2});
const around = (point, unit) => show({x: point.x - main.clientWidth * unit / 2, y: point.y - main.clientHeight * unit / 2, unit});

function zoom(factor, still = middle()) {
  const furthest = 4 * Math.max(full.width / main.clientWidth, full.height / main.clientHeight, 1);
  const unit = Math.min(Math.max(seen.unit * factor, 0.05), furthest), by = unit / seen.unit;
  show({x: still.x - (still.x - seen.x) * by, y: still.y - (still.y - seen.y) * by, unit});
}

// A tall net is shown as wide as the page, from its top: seen as a whole, nothing in it could be read.
function fitWidth() {
  const unit = Math.max(full.width / main.clientWidth, 0.75);
  show({x: full.x - (main.clientWidth * unit - full.width) / 2, y: full.y, unit});
}

function fitAll() {
  const unit = Math.max(full.width / main.clientWidth, full.height / main.clientHeight);
  around({x: full.x + full.width / 2, y: full.y + full.height / 2}, unit);
}

function go(step) {
  if (!found.length) return;
  found[at]?.classList.remove("here");
  at = (at + step + found.length) % found.length;
  found[at].classList.add("here");
  const box = found[at].getBBox(), inside = svg.getScreenCTM().inverse().multiply(found[at].getScreenCTM());
  const point = new DOMPoint(box.x + box.width / 2, box.y + box.height / 2).matrixTransform(inside);
  around(point, Math.min(seen.unit, READABLE));
  count.textContent = `${at + 1} of ${found.length}`;
}

function find() {
  const text = search.value.trim().toLowerCase();
  found = text ? nodes.filter(node => node.dataset.text.includes(text)) : [];
  for (const node of nodes) {
    node.classList.toggle("found", found.includes(node));
    node.classList.remove("here");
  }
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
  const names = tip.split("\n").filter(line => !line.startsWith(" "));  // not of blobs, which are other layers'
  part.dataset.text = `${part.textContent} ${names.join(" ")}`.toLowerCase();
}
svg.querySelectorAll("g.graph > title").forEach(title => title.remove());

svg.addEventListener("wheel", event => {
  event.preventDefault();
  if (event.ctrlKey || event.metaKey) zoom(Math.exp(event.deltaY / 100), place(event));
  else if (event.shiftKey) move(event.deltaX || event.deltaY, 0);
  else move(event.deltaX, event.deltaY);
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
    move(before.clientX - event.clientX, before.clientY - event.clientY);
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
const actions = {
  in: () => zoom(0.8), out: () => zoom(1.25), width: fitWidth, all: fitAll,
  left: () => move(-60, 0), right: () => move(60, 0), up: () => move(0, -60), down: () => move(0, 60),
  back: () => move(0, -0.9 * main.clientHeight), on: () => move(0, 0.9 * main.clientHeight),
};
const keys = {
  "+": "in", "=": "in", "-": "out", "w": "width", "0": "all", "ArrowLeft": "left", "ArrowRight": "right",
  "ArrowUp": "up", "ArrowDown": "down", "PageUp": "back", "PageDown": "on",
};
for (const button of document.querySelectorAll("button")) button.addEventListener("click", actions[button.value]);
addEventListener("keydown", event => {
  if (event.target === search || event.ctrlKey || event.metaKey || event.altKey) return;
  if (keys[event.key]) actions[keys[event.key]]();
  else if (event.key === "/") { event.preventDefault(); search.focus(); }
});
let across = main.clientWidth;
addEventListener("resize", () => {  // what stood in the middle stays there
  move((across - main.clientWidth) / 2, 0);
  across = main.clientWidth;
});
fitWidth();
