// What the page can do only where optimiser serve shows it: keep a choice, find the best, explain, and list scenarios.
// It stands after the page's own scripts and uses their words. Text goes in as textContent only.
"use strict";

const SOON = 700; // milliseconds between two looks at a job
const STATES = {waiting: "waiting", running: "running", done: "done", failed: "failed", stopped: "stopped"};
const KINDS_SAID = {evaluate: "a choice", best: "best found"};
const CHANGEABLE = [["at_least_sites", "At least so many sites", 1], ["at_most_sites", "At most so many sites", 1],
  ["minimum_patients", "Fewest patients a year at a site", 1], ["longest_journey_minutes", "Longest journey, in minutes", 1]];
let looking = 0;

async function ask(path, body) {
  const method = body === undefined ? "GET" : "POST";
  const sent = body === undefined ? {} : {headers: {"content-type": "application/json"}, body: JSON.stringify(body)};
  let reply;
  try {
    reply = await fetch(path, {method, credentials: "same-origin", ...sent});
  } catch {
    throw new Error("optimiser serve has stopped. Start it again, and open the address that it prints.");
  }
  const told = await reply.json();
  if (!reply.ok) throw new Error(refused(told.detail));
  return told;
}

function refused(detail) {
  if (!Array.isArray(detail)) return String(detail);
  return detail.map(one => `${one.loc.slice(1).join(" ").replaceAll("_", " ")}: ${one.msg}`).join("; ");
}

function tellWork(words) {
  byId("work-said").textContent = words;
}

async function doing(action) {
  try {
    await action();
  } catch (error) {
    tellWork(error.message);
  }
}

// The form ------------------------------------------------------------------------------------------------------------

function field(id, label, attributes) {
  const line = element("p");
  line.append(element("label", label, {for: id}), " ", element("input", "", {id, ...attributes}));
  return line;
}

function changesForm() {
  const details = element("details");
  details.append(element("summary", "Change the question before finding the best"));
  for (const service of question.services.filter(one => Object.keys(one.fixed).length < question.codes.length)) {
    const set = element("fieldset", "", {"data-changes": service.code});
    set.append(element("legend", service.name));
    for (const [name, label, step] of CHANGEABLE) set.append(field(`${name}-${service.code}`, label, {type: "number", min: 0, step, "data-change": name}));
    for (const site of question.codes) set.append(siteChoice(service, site));
    details.append(set);
  }
  return details;
}

function siteChoice(service, site) {
  const line = element("p"), id = `at-${service.code}-${site}`;
  const select = element("select", "", {id, "data-site-change": site});
  for (const [value, words] of [["", "as in the question"], ["open", "must have it"], ["shut", "must not have it"]]) select.append(element("option", words, {value}));
  line.append(element("label", names(site), {for: id}), " ", select);
  return line;
}

function changesAsked() {
  const changes = {};
  for (const set of document.querySelectorAll("[data-changes]")) {
    const found = {};
    for (const input of set.querySelectorAll("[data-change]")) if (input.value !== "") found[input.dataset.change] = Number(input.value);
    for (const way of ["open", "shut"]) {
      const sites = [...set.querySelectorAll("[data-site-change]")].filter(one => one.value === way).map(one => one.dataset.siteChange);
      if (sites.length) found[way] = sites;
    }
    if (Object.keys(found).length) changes[set.dataset.changes] = found;
  }
  return changes;
}

const named = () => ({name: byId("scenario-name").value, reason: byId("scenario-reason").value});

function workForm() {
  const form = element("form", "", {id: "work-form"}), set = element("fieldset"), buttons = element("p", "", {class: "buttons"});
  const keep = element("button", "Keep this choice", {type: "submit", id: "keep-choice"});
  const best = element("button", "Find the best", {type: "button", id: "find-best"});
  set.append(element("legend", "Make a scenario"),
    field("scenario-name", "Name", {type: "text", maxlength: 80, required: "", autocomplete: "off"}),
    field("scenario-reason", "Reason", {type: "text", maxlength: 500, required: "", autocomplete: "off"}));
  buttons.append(keep, best);
  set.append(changesForm(), buttons);
  form.append(set);
  form.addEventListener("submit", event => {
    event.preventDefault();
    doing(() => start("/api/evaluate", {...named(), designations: chosen}));
  });
  best.addEventListener("click", () => form.reportValidity() && doing(() => start("/api/best", {...named(), changes: changesAsked()})));
  return form;
}

function isTaken(name) {
  const rows = [...byId("scenarios").tBodies[0].rows];
  return rows.some(row => row.cells[0].textContent.toLowerCase() === name.trim().toLowerCase());
}

async function start(path, body) {
  if (body.name && isTaken(body.name)) throw new Error(`There is a scenario "${body.name}" already, and none is ever overwritten. Choose another name.`);
  const job = await ask(path, body);
  tellWork(`${job.name}: ${STATES[job.state]}.`);
  await look();
}

// Jobs and scenarios --------------------------------------------------------------------------------------------------

function jobLine(job) {
  const item = element("li"), over = !["waiting", "running"].includes(job.state);
  item.append(element("strong", job.name), ` (${KINDS_SAID[job.kind] || job.kind}): ${STATES[job.state]}${job.told ? `. ${job.told}` : ""} `);
  if (!over) {
    const stop = element("button", "Stop", {type: "button", "aria-label": `Stop ${job.name}`});
    stop.addEventListener("click", () => doing(async () => {
      await ask(`/api/jobs/${job.id}/cancel`, {});
      await look();
    }));
    item.append(element("progress", "", {"aria-label": `Progress of ${job.name}`}), " ", stop);
    return item;
  }
  if (job.words.length) {
    const list = element("ul");
    for (const words of job.words) list.append(element("li", words));
    item.append(list);
  }
  return item;
}

function scenarioRow(scenario) {
  const row = element("tr");
  row.append(element("th", scenario.name, {scope: "row"}), element("td", scenario.reason), element("td", KINDS_SAID[scenario.kind] || scenario.kind),
    element("td", scenario.outcome), element("td", scenario.made));
  return row;
}

function drawWork(state) {
  // What has the focus must not be drawn anew under a reader's hand.
  const held = document.activeElement && document.activeElement.getAttribute("aria-label");
  byId("jobs").replaceChildren(...state.jobs.slice(0, 8).map(jobLine));
  if (held) for (const button of byId("jobs").querySelectorAll("button")) if (button.getAttribute("aria-label") === held) button.focus();
  byId("scenarios").tBodies[0].replaceChildren(...state.scenarios.map(scenarioRow));
  byId("scenarios-none").hidden = state.scenarios.length > 0;
  byId("show-all").hidden = !state.jobs.some(job => job.scenario);
}

async function look() {
  clearTimeout(looking);
  const state = await ask("/api/state"), busy = state.jobs.find(job => job.state === "running" || job.state === "waiting");
  drawWork(state);
  if (busy) {
    tellWork(`${busy.name}: ${STATES[busy.state]}.${busy.told ? ` ${busy.told}.` : ""}`);
    looking = setTimeout(() => doing(look), SOON);
  } else if (state.jobs.length) {
    tellWork(`${state.jobs[0].name}: ${STATES[state.jobs[0].state]}.`);
  }
}

function scenarioTable() {
  const scroll = element("div", "", {class: "scroll", tabindex: 0, role: "region", "aria-label": "Scenarios"});
  const table = element("table", "", {id: "scenarios"}), head = element("tr"), top = element("thead");
  for (const words of ["Scenario", "Reason", "Kind", "Outcome", "Made"]) head.append(element("th", words, {scope: "col"}));
  top.append(head);
  table.append(element("caption", "Scenarios in this folder, newest first"), top, element("tbody"));
  scroll.append(table);
  return scroll;
}

function addWork() {
  const section = element("section", "", {id: "work", "aria-labelledby": "work-h"});
  const show = element("button", "Show the new scenarios beside the others", {type: "button", id: "show-all", hidden: ""});
  const end = element("button", "Stop the server", {type: "button", id: "end"});
  const buttons = element("p", "", {class: "buttons"});
  show.addEventListener("click", () => location.reload());
  end.addEventListener("click", () => doing(async () => tellWork((await ask("/api/stop", {})).detail)));
  buttons.append(show, end);
  section.append(element("h2", "Scenarios", {id: "work-h"}), element("p", "Ask for more than a page can answer", {class: "finding"}), workForm(),
    element("p", "", {id: "work-said", role: "status", "aria-live": "polite"}), element("ul", "", {id: "jobs", class: "plain"}),
    element("p", "There is no scenario yet.", {id: "scenarios-none", class: "note"}), scenarioTable(), buttons);
  byId("options").before(section);
  const link = element("li");
  link.append(element("a", "Scenarios", {href: "#work"}));
  document.querySelector("nav ul").append(link);
  const foot = document.querySelector("footer p");
  foot.textContent = foot.textContent.replace("This page asks the network for nothing and keeps nothing.", "This page asks only the program on this machine that shows it. Every scenario is kept with its reason.");
}

addWork();
doing(look);
