// Makes the page ready for paper: everything is open, and rows with nothing in them are left out. Nothing is cut.
"use strict";

function ready(onPaper) {
  const openAt = byId("open-at");
  if (openAt) openAt.textContent = question.services.map(({code, name}) => `${name} at ${sitesOf(chosen[code])}.`).join(" ");
  if (onPaper) for (const one of document.querySelectorAll("details:not(.reference)")) one.open = true;
  for (const row of document.querySelectorAll("#transfers tbody tr, .beds tbody tr")) {
    const nothing = Array.from(row.cells).slice(1).every(cell => ["0", "–", "not known"].includes(cell.textContent));
    row.classList.toggle("other", onPaper && nothing);
  }
}

// In brief paper has the answer with what to know, and nothing more.
for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => {
  document.documentElement.classList.toggle("brief", button.dataset.print === "brief");
  print();
});
if (byId("printing")) byId("printing").hidden = false;

addEventListener("beforeprint", () => ready(true));
addEventListener("afterprint", () => {
  ready(false);
  document.documentElement.classList.remove("brief");
});
