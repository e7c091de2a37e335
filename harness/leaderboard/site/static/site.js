"use strict";
// Sorting, filtering, the theme and the charts. Tables are complete without it.

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

function compare(a, b) {
  if (a === b) return 0;
  if (a === "") return 1; // missing values last, whichever the direction
  if (b === "") return -1;
  const [x, y] = [Number(a), Number(b)];
  return Number.isNaN(x) || Number.isNaN(y) ? collator.compare(a, b) : x - y;
}

function sortBy(table, column) {
  const heads = [...table.tHead.rows[0].cells];
  const ascending = heads[column].getAttribute("aria-sort") !== "ascending";
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row, place) => ({ row, place, key: row.cells[column].dataset.key }));
  rows.sort((a, b) => {
    const order = compare(a.key, b.key);
    const missing = a.key === "" || b.key === "";
    return (ascending || missing ? order : -order) || a.place - b.place;
  });
  heads.forEach((head, place) =>
    head.setAttribute("aria-sort", place === column ? (ascending ? "ascending" : "descending") : "none"));
  body.append(...rows.map((item) => item.row));
}

for (const table of document.querySelectorAll("table.sortable")) {
  [...table.tHead.rows[0].cells].forEach((head, column) =>
    head.querySelector("button").addEventListener("click", () => sortBy(table, column)));
}

const filter = document.getElementById("filter");
if (filter) {
  const ranked = document.getElementById("ranked");
  const count = document.getElementById("count");
  const apply = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = [...document.querySelectorAll("tr[data-text]")];
    for (const row of rows) {
      const fits = words.every((word) => row.dataset.text.includes(word));
      row.hidden = !fits || (ranked.checked && row.dataset.ranked === "0");
    }
    const boards = [...document.querySelectorAll("table.board")];
    const shown = boards.flatMap((board) => [...board.tBodies[0].rows]);
    const all = boards.reduce((sum, board) => sum + Number(board.dataset.rows), 0);
    const cut = all > shown.length ? ` shown here; ${all} on the pages of the datasets` : "";
    count.textContent = `${shown.filter((row) => !row.hidden).length} of ${shown.length} rows${cut}`;
  };
  filter.addEventListener("input", apply);
  ranked.addEventListener("change", apply);
  apply();
}

function colours() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(name).trim();
  return { ink: of("--ink"), soft: of("--soft"), line: of("--line"), one: of("--accent"), two: of("--second") };
}

let turn = 0;

async function draw() {
  if (typeof vegaEmbed === "undefined") return;
  const mine = ++turn;
  const { ink, soft, line, one, two } = colours();
  const text = { labelColor: soft, titleColor: soft, labelFont: "inherit", titleFont: "inherit", titleFontWeight: 500 };
  const config = {
    background: "transparent", font: "inherit", view: { stroke: null },
    axis: { ...text, gridColor: line, domainColor: line, tickColor: line }, legend: text,
    mark: { color: one }, point: { color: one }, rule: { color: soft }, text: { color: ink },
    range: { category: [one, two, "#8a63d2", "#2f9e6e", "#c2507a", "#7a8594"] },
  };
  for (const figure of document.querySelectorAll("figure.chart")) {
    if (mine !== turn) return; // the theme has changed since
    const place = figure.querySelector(".vega"); // whose label Vega would replace by one of its own
    const spec = { description: place.ariaLabel, ...JSON.parse(figure.querySelector("script").textContent) };
    await vegaEmbed(place, spec, { actions: false, renderer: "svg", config, ast: false });
    await new Promise((next) => setTimeout(next)); // clicks come before the next chart
  }
}

const button = document.getElementById("theme");
function label() {
  const dark = document.documentElement.dataset.theme === "dark";
  button.textContent = dark ? "Light" : "Dark";
  button.setAttribute("aria-label", dark ? "Light theme" : "Dark theme");
}
button.addEventListener("click", () => {
  const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  try { localStorage.setItem("theme", next); } catch (error) { /* files may have no storage */ }
  label();
  draw();
});
label();

let closed = [];
addEventListener("beforeprint", () => {
  closed = [...document.querySelectorAll("main details:not([open])")];
  closed.forEach((part) => part.setAttribute("open", ""));
});
addEventListener("afterprint", () => closed.forEach((part) => part.removeAttribute("open")));

document.documentElement.dataset.ready = "true";
addEventListener("load", draw); // this script runs before the library of the charts, so that tables answer first
