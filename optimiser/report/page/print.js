// Fits the page on two sides of A4 before it is printed: in the largest type that fits, then with shorter lists.
"use strict";

const TYPE = [8.4, 8, 7.6, 7.2, 6.8]; // points; smaller could hardly be read
const SIDE = 1030; // CSS pixels of a side between its margins, less 3%, for paper and screen set type a little differently
const FEWEST = 1; // items that are kept of every list

// What is too much for each side: all before who is affected, and the rest.
function tooMuch() {
  const turn = byId("affected").getBoundingClientRect().top, page = document.body.getBoundingClientRect();
  return [turn - page.top - SIDE, page.bottom - turn - SIDE];
}

function itemsOf(list) {
  const items = list.tBodies ? list.tBodies[0].rows : list.children;
  return Array.from(items).filter(item => !item.matches(".more") && item.getClientRects().length);
}

// Leave out the last items of a list, and say how many there are on the page.
function cut(list, number) {
  const gone = itemsOf(list).slice(-number), row = Boolean(list.tBodies);
  gone.forEach(item => item.classList.add("cut"));
  let more = list.querySelector(".more");
  if (!more) {
    more = element(row ? "tr" : "li", "", {class: "more"});
    if (row) more.append(element("th", "", {scope: "row", colspan: list.rows[0].cells.length}));
    (row ? list.tBodies[0] : list).append(more);
  }
  (row ? more.cells[0] : more).textContent = `and ${list.querySelectorAll(".cut").length} more, on the page itself`;
}

function uncut(list) {
  list.querySelectorAll(".cut").forEach(item => item.classList.remove("cut"));
  list.querySelectorAll(".more").forEach(item => item.remove());
}

// Shorten one list of an overfull side: the first in order, and of those the tallest, that makes the side shorter.
function shorten(side) {
  const turn = byId("affected"), over = tooMuch()[side];
  const here = Array.from(document.querySelectorAll("[data-cut]")).filter(list => list.getClientRects().length
    && Boolean(turn.compareDocumentPosition(list) & Node.DOCUMENT_POSITION_PRECEDING) === (side === 0));
  const height = list => list.getBoundingClientRect().height;
  here.sort((one, other) => one.dataset.cut - other.dataset.cut || height(other) - height(one));
  for (const list of here) {
    const items = itemsOf(list), gone = list.querySelectorAll(".cut").length;
    const number = Math.min(items.length - FEWEST, Math.max(gone ? 1 : 2, Math.floor(over / 2 / height(items[0] || list))));
    if (number < 1) continue;
    cut(list, number);
    if (tooMuch()[side] < over) return true;
    uncut(list);
    if (gone) cut(list, gone);
  }
  return false;
}

// On paper what is said with the answer comes first beside the map, then the ticks and what it rests on; rows with nothing in them are left out.
function rearrange(onPaper) {
  const notes = byId("notes"), openAt = byId("open-at");
  if (openAt) openAt.textContent = question.services.map(({code, name}) => `${name} at ${sitesOf(chosen[code])}.`).join(" ");
  if (onPaper) byId("choose").prepend(byId("beside"));
  else byId("answer").append(byId("beside"));
  if (notes) (onPaper ? byId("choose") : byId("answer")).append(notes);
  for (const row of document.querySelectorAll("#transfers tbody tr, .beds tbody tr")) {
    const nothing = Array.from(row.cells).slice(1).every(cell => ["0", "–", "not known"].includes(cell.textContent));
    row.classList.toggle("other", onPaper && nothing);
  }
}

function fitOnPaper() {
  for (const one of document.querySelectorAll("details:not(.reference)")) one.open = true;
  const root = document.documentElement, paper = byId("print");
  const isFull = side => tooMuch()[side] > 0;
  document.querySelectorAll("[data-cut]").forEach(uncut);
  rearrange(true);
  paper.media = "all";
  root.classList.add("fitting");
  for (const size of TYPE) {
    root.style.setProperty("--type", `${size}pt`);
    if (!isFull(0) && !isFull(1)) break;
  }
  for (const side of [0, 1]) while (isFull(side) && shorten(side));
  root.classList.remove("fitting");
  paper.media = "print";
}

addEventListener("beforeprint", fitOnPaper);
addEventListener("afterprint", () => rearrange(false));
