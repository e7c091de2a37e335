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

function headsOf(table) {
  return [...table.tHead.rows[table.tHead.rows.length - 1].cells];
}

function linesOf(body) {
  return [...body.rows].filter((row) => !row.classList.contains("group"));
}

// The first click puts the best on top: the greatest score, the least cost.
function sortBy(table, column) {
  const heads = headsOf(table);
  const first = heads[column].dataset.first || "ascending";
  const other = first === "ascending" ? "descending" : "ascending";
  const order = heads[column].getAttribute("aria-sort") === first ? other : first;
  for (const body of table.tBodies) {
    const rows = linesOf(body).map((row, place) => ({ row, place, key: row.cells[column].dataset.key }));
    rows.sort((a, b) => {
      const found = compare(a.key, b.key);
      const missing = a.key === "" || b.key === "";
      return (order === "ascending" || missing ? found : -found) || a.place - b.place;
    });
    body.append(...rows.map((item) => item.row));
  }
  heads.forEach((head, place) => head.setAttribute("aria-sort", place === column ? order : "none"));
}

for (const table of document.querySelectorAll("table.sortable")) {
  headsOf(table).forEach((head, column) =>
    head.querySelector("button").addEventListener("click", () => sortBy(table, column)));
}

const camel = (name) => name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());

// Rows of one fact under a heading each, as the papers' tables have them; without a fact, one list again.
function groupBy(table, fact) {
  const rows = [...table.tBodies].flatMap(linesOf).sort((a, b) => a.dataset.order - b.dataset.order);
  const groups = new Map();
  for (const row of rows) {
    const name = fact ? row.dataset[camel(fact)] || "" : "";
    groups.set(name, [...(groups.get(name) || []), row]);
  }
  const names = [...groups.keys()].sort((a, b) => (a === "") - (b === "")); // the group of the best row first
  [...table.tBodies].forEach((body) => body.remove());
  for (const name of names) {
    const body = table.createTBody();
    if (fact) {
      const head = document.createElement("th");
      head.scope = "rowgroup";
      head.colSpan = headsOf(table).length;
      head.textContent = name || "not said";
      const line = body.insertRow();
      line.className = "group";
      line.append(head);
    }
    body.append(...groups.get(name));
  }
  headsOf(table).forEach((head) => head.setAttribute("aria-sort", "none"));
}

const boards = [...document.querySelectorAll("table.board")];
const group = document.getElementById("group");
boards.forEach((board) => linesOf(board.tBodies[0]).forEach((row, place) => { row.dataset.order = place; }));

const filter = document.getElementById("filter");
if (filter) {
  const ranked = document.getElementById("ranked");
  const count = document.getElementById("count");
  const facets = [...document.querySelectorAll("select.facet")];
  const apply = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of document.querySelectorAll("tr[data-text]")) {
      const named = words.every((word) => row.dataset.text.includes(word));
      const chosen = facets.every((facet) => {
        const own = row.dataset[camel(facet.dataset.fact)];
        return !facet.value || own === undefined || own === facet.value;
      });
      row.hidden = !named || !chosen || (ranked.checked && row.dataset.ranked === "0");
    }
    for (const body of boards.flatMap((board) => [...board.tBodies])) {
      body.hidden = linesOf(body).every((row) => row.hidden);
    }
    const lines = boards.flatMap((board) => [...board.tBodies].flatMap(linesOf));
    count.textContent = `${lines.filter((row) => !row.hidden).length} of ${lines.length} rows`;
  };
  const arrange = () => {
    if (group) boards.forEach((board) => groupBy(board, group.value));
    apply();
  };
  filter.addEventListener("input", apply);
  [ranked, ...facets].forEach((field) => field.addEventListener("change", apply));
  if (group) group.addEventListener("change", arrange);
  arrange();
}

// Any pair of tested rows, in words.
function tellPair(chooser, data) {
  const [first, second] = [...chooser.querySelectorAll("select")].map((field) => Number(field.value));
  const told = data.pairs.find(([a, b]) => (a === first && b === second) || (a === second && b === first));
  const answer = chooser.querySelector(".answer");
  if (!told) {
    answer.textContent = "Choose two different rows.";
    return;
  }
  const sign = told[0] === first ? 1 : -1;
  const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
  answer.textContent = ["WAR", "UAR"].map((name, place) => {
    const [difference, low, high, p] = told[2 + place];
    const ends = [sign * low, sign * high].sort((a, b) => a - b).map(signed);
    const sure = p < data.alpha ? "significant" : "not significant";
    return `${name}: ${signed(sign * difference)} points, 95 % interval ${ends[0]} to ${ends[1]}, p = ${p}, ${sure}`;
  }).join(". ") + ".";
}

for (const chooser of document.querySelectorAll(".pair-chooser")) {
  const data = JSON.parse(chooser.querySelector("script").textContent);
  [...chooser.querySelectorAll("select")].forEach((field, place) => {
    field.append(...data.names.map((name, number) => new Option(name, number)));
    field.value = String(Math.min(place, data.names.length - 1));
    field.addEventListener("change", () => tellPair(chooser, data));
  });
  tellPair(chooser, data);
  chooser.hidden = false;
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
