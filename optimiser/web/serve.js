// What the page can do only where optimiser serve shows it: keep a choice, find the best, explain, and list scenarios.
// It stands after the page's own scripts and uses their words. Text goes in as textContent only.
"use strict";

const NEW = "new scenarios"; // how the page knows after it is loaded again that they were asked for
const SOON = 700; // milliseconds between two looks at a job
const STATES = {waiting: "waiting", running: "running", done: "done", failed: "failed", stopped: "stopped"};
const KINDS_SAID = {evaluate: "a choice", best: "best found", explain: "why not", sweep: "sweep"};
const CHANGEABLE = [["at_least_sites", "Sites at least"], ["at_most_sites", "Sites at most"],
  ["minimum_patients", "Fewest patients a year"], ["longest_journey_minutes", "Longest journey, minutes"]];
const MOST_SITES_ASKED = 6; // with more, a table of them would be too wide to use
let looking = 0, askedWhy = "", askedSweep = "";

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

// A refusal stands until something else is asked or the job under way has ended: no look at that says anything over it.
let refusalStands = false;

async function doing(action, tell = tellWork) {
  refusalStands = false;
  try {
    await action();
  } catch (error) {
    refusalStands = tell === tellWork;
    tell(error.message);
  }
}

// The form ------------------------------------------------------------------------------------------------------------

function field(id, label, attributes) {
  const line = element("p");
  line.append(element("label", label, {for: id}), " ", element("input", "", {id, ...attributes}));
  return line;
}

function cellOf(control) {
  const cell = element("td");
  cell.append(control);
  return cell;
}

function changesForm() {
  const details = element("details"), scroll = element("div", "", {class: "scroll", tabindex: 0, role: "region", "aria-label": "What is asked anew"});
  const table = element("table"), top = element("thead"), head = element("tr"), body = element("tbody");
  const sites = question.codes.length <= MOST_SITES_ASKED ? question.codes : [];
  for (const words of ["Service", ...CHANGEABLE.map(one => one[1]), ...sites.map(names)]) head.append(element("th", words, {scope: "col"}));
  for (const service of question.services.filter(one => Object.keys(one.fixed).length < question.codes.length)) {
    const row = element("tr", "", {"data-changes": service.code});
    row.append(element("th", service.name, {scope: "row"}));
    for (const [name, label] of CHANGEABLE) row.append(cellOf(numberFor(service, name, label)));
    for (const site of sites) row.append(cellOf(siteChoice(service, site)));
    body.append(row);
  }
  top.append(head);
  table.append(element("caption", "Leave blank what stays as it is"), top, body);
  scroll.append(table);
  const figures = element("div", "", {id: "figures-asked"});
  details.append(element("summary", "Change the question before finding the best"), scroll, figures);
  whenOpened(details, figures, every => figuresForm(every));
  return details;
}

// What may vary in the question is asked for when somebody first wants to see it.
let mayVary = null;

function whenOpened(details, place, drawn) {
  details.addEventListener("toggle", () => details.open && !place.childElementCount && doing(async () => {
    place.replaceChildren(element("p", "Reading what may vary in the question…", {class: "note"}));
    try {
      mayVary = mayVary || await ask("/api/parameters");
      place.replaceChildren(...drawn(mayVary));
    } catch (error) {
      place.replaceChildren();
      throw error;
    }
  }));
}

// Figures by name, as a config's change has them: those of sites in a table of a row each, the others in groups.
const GROUPS = [["Journeys", /^journey_factor/], ["Patients, and where they go", /^(growth_years|demand_factor|people_factor|border_pull)/],
  ["Staff in post in all", /^staff[.]/], ["Transfers, stays and limits", /./]];
const MINUTES_MORE = "minutes more";

function siteOf({name}) {
  const [kind, first, , last] = name.split(".");
  return kind === "journeys" ? first : (kind === "staff" && last) || "";
}

function figuresForm(every) {
  const bySite = every.filter(siteOf), others = every.filter(one => !siteOf(one) && !CHANGEABLE.some(([setting]) => one.name.startsWith(`${setting}.`)));
  const parts = [element("p", "Write a number, or how it changes: x1.2 for so many times, +2 or -2 for so many more or fewer. Leave blank what stays as it is.", {class: "note"})];
  for (const [number, [title, which]] of GROUPS.entries()) {
    const found = others.filter(one => GROUPS.findIndex(([, of]) => of.test(one.name)) === number);
    if (!found.length) continue;
    const set = element("fieldset", "", {class: "asked"});
    set.append(element("legend", title), ...found.map(one => {
      const line = element("p"), words = element("span"), id = `figure-${one.name}`, [first, ...more] = one.meaning.split(". ");
      words.append(element("label", first, {for: id}), " ", figureNow(one, more));
      line.append(figureInput(one, {id}), words);
      return line;
    }));
    parts.push(set);
  }
  if (bySite.length) parts.splice(1, 0, figuresBySite(bySite));
  const times = [...new Set(every.map(one => one.name.split(".at.")[1]).filter(Boolean))];
  if (times.length) parts.push(timeChoice(times));
  return parts;
}

const columnOf = one => one.name.replace(`.${siteOf(one)}`, "");

function headingOf(one) {
  const [kind, team] = one.name.split("."), at = one.name.split(".at.")[1];
  if (kind === "staff") return `${upper(PAGE.teams[team])} in post${one.unit === "people" ? "" : `, ${one.unit}`}`;
  return `Minutes more to get there${at ? ` at ${at.replaceAll("_", " ")}` : ""}`;
}

function figuresBySite(bySite) {
  const scroll = element("div", "", {class: "scroll tall", tabindex: 0, role: "region", "aria-label": "Staff and journeys by site"});
  const table = element("table", "", {id: "figures-by-site"}), top = element("thead"), head = element("tr"), body = element("tbody");
  const columns = new Map([...bySite].sort((one, other) => other.name.startsWith("staff") - one.name.startsWith("staff")).map(one => [columnOf(one), headingOf(one)]));
  for (const words of ["Site", ...columns.values()]) head.append(element("th", words, {scope: "col"}));
  const sites = new Set(question.codes.concat(bySite.map(siteOf)));
  for (const site of sites) {
    const row = element("tr"), cells = [...columns.keys()].map(column => {
      const one = bySite.find(each => siteOf(each) === site && columnOf(each) === column), cell = element("td");
      if (one) cell.append(figureInput(one, {"aria-label": one.meaning}), " ", figureNow(one));
      return cell;
    });
    row.append(element("th", names(site), {scope: "row"}), ...cells);
    body.append(row);
  }
  top.append(head);
  table.append(element("caption", "Staff in post, and how much longer it takes to each site"), top, body);
  scroll.append(table);
  return scroll;
}

const figureInput = ({name, unit}, attributes) => element("input", "", {...attributes, type: "text", inputmode: "text", size: 6, autocomplete: "off",
  pattern: "[x+\\-]?[0-9]{1,9}([.][0-9]{1,6})?", title: "a number, or such as x1.2, +2 or -2", "data-figure": name, "data-unit": unit});

function figureNow({unit, current, idle, changed}, more = []) {
  const said = [{times: "times", [MINUTES_MORE]: "minutes"}[unit] || `${unit}; now ${commas(current, 2)}`, ...more];
  if (changed) said.push(`Changed already: ${changed}; what you write stands in its place`);
  if (idle) said.push("Counts only if the question is asked at that time");
  return element("small", said.join(". "));
}

function timeChoice(times) {
  const line = element("p"), select = element("select", "", {id: "asked-at"});
  for (const [value, words] of [["", "as now"], ...times.map(time => [time, time.replaceAll("_", " ")])]) select.append(element("option", words, {value}));
  line.append(element("label", "Ask the question at this time", {for: "asked-at"}), " ", select);
  return line;
}

// A bare number of minutes more has its sign, so that nobody takes it for how long the journey is.
function figuresAsked() {
  const change = {}, at = byId("asked-at");
  for (const {value, dataset} of document.querySelectorAll("[data-figure]")) {
    const wanted = value.trim();
    if (wanted) change[dataset.figure] = dataset.unit === MINUTES_MORE && /^[0-9]/.test(wanted) ? `+${wanted}` : wanted;
  }
  return {change, ...(at && at.value ? {time: at.value} : {})};
}

function numberFor(service, name, label) {
  return element("input", "", {id: `${name}-${service.code}`, type: "text", inputmode: "decimal", pattern: "[0-9]+([.][0-9]+)?", size: 6,
    autocomplete: "off", "data-change": name, "aria-label": `${service.name}: ${label}`});
}

function siteChoice(service, site) {
  const select = element("select", "", {"data-site-change": site, "aria-label": `${service.name} at ${names(site)}`});
  for (const [value, words] of [["", "free"], ["open", "must"], ["shut", "must not"]]) select.append(element("option", words, {value}));
  return select;
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

// Sweeps in words: which figures each varies, and from how much to how much of what they are now.
const PREPARED = [
  ["Longer journeys", "every journey takes 1 to 1.5 times as long", /^journey_factor$/, [1, 1.5]],
  ["More or fewer patients", "from 0.8 to 1.2 times as many", /^demand_factor[.]/, [0.8, 1.2]],
  ["Fewer staff", "from three quarters of those in post to all of them", /^staff[.][^.]+[.][^.]+$/, [0.75, 1]],
  ["Another floor", "units must see from 0.75 to 1.25 times as many patients as now asked for", /^minimum_patients[.]/, [0.75, 1.25]],
  ["More who go to the nearest hospital of all", "up to half of all patients", /^border_pull$/, null],
];

function sweepForm() {
  const details = element("details", "", {id: "sweep"}), ready = element("div", "", {id: "prepared"}), advanced = element("details"), list = element("div", "", {id: "vary"});
  const run = element("button", "Run a sweep", {type: "button", id: "run-sweep"});
  advanced.append(element("summary", "Advanced: choose what may vary, and how far"),
    element("p", "Tick what may vary and say how far. Every value between is as likely as any other.", {class: "note"}), list, run);
  details.append(element("summary", "Run a sweep: what if figures turned out otherwise?"), ready,
    field("draws", "How many times to draw", {type: "number", min: 1, max: 2000, step: 1, value: 200}), movesTick(), advanced,
    element("div", "", {id: "sweep-found", role: "region", "aria-label": "What the sweep found", tabindex: -1}));
  whenOpened(details, list, everything => {
    const every = everything.filter(one => !one.name.startsWith("journeys."));
    ready.replaceChildren(...PREPARED.map(([title, words, which, times]) => preparedLine(title, words, every.filter(one => which.test(one.name)), times)).filter(Boolean));
    return every.map(parameterLine);
  });
  run.addEventListener("click", () => byId("work-form").reportValidity() && doing(() => startSweep(sweepAsked())));
  return details;
}

// Whether to ask which figure moves the answer: then a power of 2 is drawn, and for each draw two scenarios and one a figure.
function movesTick() {
  const line = element("p");
  line.append(element("input", "", {type: "checkbox", id: "sobol"}), " ", element("label", "Also which figure moves the answer (takes longer: a scenario more for each figure; drawn a power of 2 times)", {for: "sobol"}));
  return line;
}

function drawn(vary) {
  const draws = Number(byId("draws").value), sobol = byId("sobol").checked;
  return sobol ? {draws: Math.max(16, 2 ** Math.floor(Math.log2(draws))), sobol, vary} : {draws, vary};
}

function preparedLine(title, words, parameters, times) {
  if (!parameters.length) return null;
  const line = element("p"), button = element("button", title, {type: "button"});
  const of = ({unit, current}, most) => (unit === "people" ? Math.floor(current * most) : current * most);
  const vary = Object.fromEntries(parameters.map(one => [one.name, times ? {low: of(one, times[0]), high: of(one, times[1])} : {low: one.current, high: Math.max(one.current, 0.5)}]));
  button.addEventListener("click", () => byId("work-form").reportValidity() && doing(() => startSweep(drawn(vary))));
  line.append(button, ` ${words}`);
  return line;
}

function parameterLine(one, number) {
  const set = element("fieldset", "", {"data-vary": one.name}), tick = element("input", "", {type: "checkbox", id: `vary-${number}`});
  set.append(element("legend", one.meaning), tick, " ", element("label", `may vary (${one.unit}; now ${commas(one.current, 2)})`, {for: `vary-${number}`}));
  for (const end of ["low", "high"]) set.append(field(`${end}-${number}`, end === "low" ? "From" : "To", {type: "number", step: "any", value: one[end], "data-end": end}));
  return set;
}

function sweepAsked() {
  const vary = {};
  for (const set of document.querySelectorAll("[data-vary]")) {
    if (!set.querySelector("[type=checkbox]").checked) continue;
    vary[set.dataset.vary] = Object.fromEntries([...set.querySelectorAll("[data-end]")].map(one => [one.dataset.end, Number(one.value)]));
  }
  if (!Object.keys(vary).length) throw new Error("Tick at least one thing that may vary.");
  return drawn(vary);
}

async function startSweep(asked) {
  askedSweep = (await start("/api/sweep", {...named(), ...asked})).id;
}

// What a sweep found, as figures where it was asked -------------------------------------------------------------------

// Once the sweep that this page asked for is done, it is drawn without being asked for.
function answerSweep(jobs) {
  const job = jobs.find(one => one.id === askedSweep);
  if (!job || ["waiting", "running"].includes(job.state)) return;
  askedSweep = "";
  if (job.scenario) doing(() => showSweep(job.scenario));
}

async function showSweep(id) {
  const [found, every] = await Promise.all([ask(`/api/scenarios/${id}/sweep`), mayVary || ask("/api/parameters")]), place = byId("sweep-found");
  mayVary = every;
  byId("sweep").open = true;
  place.replaceChildren(...sweepFigures(found, every));
  place.scrollIntoView({block: "start"});
  place.focus({preventScroll: true});
}

function workForm() {
  const form = element("form", "", {id: "work-form"}), set = element("fieldset"), buttons = element("p", "", {class: "buttons"});
  const keep = element("button", "Keep this choice", {type: "submit", id: "keep-choice"});
  const best = element("button", "Find the best", {type: "button", id: "find-best"});
  set.append(element("legend", "Make a scenario"),
    field("scenario-name", "Name", {type: "text", maxlength: 80, required: "", autocomplete: "off"}),
    field("scenario-reason", "Reason", {type: "text", maxlength: 500, required: "", autocomplete: "off"}));
  buttons.append(keep, best);
  set.append(changesForm(), buttons, sweepForm());
  form.append(set);
  // What is not as it must be is shown, wherever it is folded away.
  form.addEventListener("invalid", event => {
    for (let node = event.target.closest("details"); node; node = node.parentElement.closest("details")) node.open = true;
  }, true);
  form.addEventListener("submit", event => {
    event.preventDefault();
    doing(() => start("/api/evaluate", {...named(), designations: chosen}));
  });
  best.addEventListener("click", () => form.reportValidity() && doing(() => start("/api/best", {...named(), changes: changesAsked(), ...figuresAsked()})));
  return form;
}

function isTaken(name) {
  const rows = [...byId("scenarios").tBodies[0].rows];
  return rows.some(row => row.cells[0].textContent.toLowerCase() === name.trim().toLowerCase());
}

async function start(path, body) {
  if (road) throw new Error(`This page has ${road.name}, and the program asks with roads as they are. Tick “as they are” under Roads first, or state roads in a config (docs/roads.md).`);
  if (body.name && isTaken(body.name)) throw new Error(`There is a scenario "${body.name}" already, and none is ever overwritten. Choose another name.`);
  const job = await ask(path, body);
  tellWork(`${called(job)}: ${STATES[job.state]}.`);
  await look();
  return job;
}

// What a job is called: of codes, which only the program uses, their names.
function called(job) {
  const [service, site] = job.name.split(" at ");
  return job.kind === "explain" && question.service[service] ? `${nameOf(service)} at ${names(site)}` : job.name;
}

// Jobs and scenarios --------------------------------------------------------------------------------------------------

// How long it may yet take, where that is known; else how long it has taken, and when it is stopped at the latest.
function timeSaid(job, most) {
  if (job.state === "waiting" || job.of) return "";
  return ` For ${commas(job.seconds)} seconds; it is stopped after ${commas(most / 60, 1)} minutes at the latest. `;
}

function jobLine(job, place, most) {
  const item = element("li"), over = !["waiting", "running"].includes(job.state), newest = place === 0;
  item.append(element("strong", called(job)), ` (${KINDS_SAID[job.kind] || job.kind}): ${STATES[job.state]}${job.told ? `. ${job.told}.` : ""} `);
  if (!over) {
    const stop = element("button", "Stop", {type: "button", "aria-label": `Stop ${called(job)}`});
    stop.addEventListener("click", () => doing(async () => {
      await ask(`/api/jobs/${job.id}/cancel`, {});
      await look();
    }));
    item.append(timeSaid(job, most), element("progress", "", {"aria-label": `Progress of ${called(job)}`, ...(job.of ? {max: job.of, value: job.so_far} : {})}), " ", stop);
    return item;
  }
  if (job.words.length) {
    const list = element("ul"), details = element("details", "", newest ? {open: ""} : {});
    for (const words of job.words) list.append(element("li", plainly(words)));
    details.append(element("summary", "What came of it", {"aria-label": `What came of ${called(job)}`}), list);
    item.append(details);
  }
  return item;
}

// A line as the program prints it, without its dash and the codes of rules.
const plainly = words => words.replace(/^\s*- /, "").replace(/ \([a-z_]+(\.[A-Za-z0-9_]+)+\)/g, "");

function scenarioRow(scenario) {
  const row = element("tr", "", scenario.archived ? {class: "archived"} : {}), head = element("th", "", {scope: "row"}), last = element("td", "", {class: "buttons"});
  head.append(scenario.has_a_page ? element("a", scenario.name, {href: `/scenarios/${scenario.id}`}) : scenario.name);
  const rename = element("button", "Rename", {type: "button", "aria-label": `Rename ${scenario.name}`});
  rename.addEventListener("click", () => askName(scenario, last));
  const aside = element("button", scenario.archived ? "Take back" : "Archive", {type: "button", "aria-label": `${scenario.archived ? "Take back" : "Archive"} ${scenario.name}`});
  aside.addEventListener("click", () => doing(async () => {
    await ask(`/api/scenarios/${scenario.id}/archive`, {archived: !scenario.archived});
    tellWork(`${scenario.name}: ${scenario.archived ? "taken back" : "archived; it stays in its folder"}.`);
    await look(false);
  }));
  if (scenario.has_a_sweep) {
    const show = element("button", "Show", {type: "button", "aria-label": `Show what ${scenario.name} found`});
    show.addEventListener("click", () => doing(() => showSweep(scenario.id)));
    last.append(show);
  }
  last.append(rename, aside);
  row.append(head, element("td", scenario.reason), element("td", KINDS_SAID[scenario.kind] || scenario.kind),
    element("td", scenario.outcome), element("td", scenario.made), last);
  return row;
}

// A new name is asked for where its button was.
function askName(scenario, cell) {
  const input = element("input", "", {type: "text", maxlength: 80, "aria-label": `New name of ${scenario.name}`, autocomplete: "off"});
  const save = element("button", "Save", {type: "button", "aria-label": `Save the new name of ${scenario.name}`});
  input.value = scenario.name;
  save.addEventListener("click", () => doing(async () => {
    const told = await ask(`/api/scenarios/${scenario.id}/name`, {name: input.value});
    tellWork(`${scenario.name} is now called ${told.name}.`);
    await look(false);
  }));
  input.addEventListener("keydown", event => event.key === "Enter" && save.click());
  cell.replaceChildren(input, save);
  input.select();
}

// What was asked beside "why not?" is answered there.
function answerWhy(jobs) {
  const job = jobs.find(one => one.id === askedWhy);
  if (!job) return;
  const list = element("ul");
  for (const words of job.words) list.append(element("li", plainly(words)));
  byId("because").replaceChildren(element("p", `${called(job)}: ${STATES[job.state]}.${job.told ? ` ${job.told}.` : ""}`), list);
}

function drawWork(state) {
  // What has the focus must not be drawn anew under a reader's hand.
  const held = document.activeElement && document.activeElement.getAttribute("aria-label");
  byId("jobs").replaceChildren(...state.jobs.slice(0, 8).map((job, place) => jobLine(job, place, state.most_seconds)));
  if (held) for (const button of byId("jobs").querySelectorAll("button")) if (button.getAttribute("aria-label") === held) button.focus();
  // A name that is being typed is not drawn over.
  if (!byId("scenarios").contains(document.activeElement)) byId("scenarios").tBodies[0].replaceChildren(...state.scenarios.map(scenarioRow));
  answerWhy(state.jobs);
  answerSweep(state.jobs);
  dispatchEvent(new CustomEvent("scenarios", {detail: state.scenarios}));
  byId("scenarios-none").hidden = state.scenarios.length > 0;
  byId("show-all").hidden = !state.jobs.some(job => job.scenario);
}

async function look(says = true) {
  clearTimeout(looking);
  // What was pressed is drawn anew, so the focus goes to what came of it.
  if (!says) byId("work-said").focus();
  const state = await ask("/api/state"), busy = state.jobs.find(job => job.state === "running" || job.state === "waiting");
  drawWork(state);
  if (busy) {
    if (!refusalStands) tellWork(`${called(busy)}: ${STATES[busy.state]}.${busy.told ? ` ${busy.told}.` : ""}`);
    looking = setTimeout(() => look().catch(error => tellWork(error.message)), SOON);
  } else if (says && state.jobs.length) {
    tellWork(`${called(state.jobs[0])}: ${STATES[state.jobs[0].state]}.`);
  }
}

function scenarioTable() {
  const scroll = element("div", "", {class: "scroll", tabindex: 0, role: "region", "aria-label": "Scenarios"});
  const table = element("table", "", {id: "scenarios"}), head = element("tr"), top = element("thead");
  for (const words of ["Scenario", "Reason", "Kind", "Outcome", "Made", "Change"]) head.append(element("th", words, {scope: "col"}));
  top.append(head);
  table.append(element("caption", "Scenarios in this folder, newest first"), top, element("tbody"));
  scroll.append(table);
  return scroll;
}

function addExplain() {
  const form = byId("why");
  if (!form) return;
  const button = element("button", "Work out why not", {type: "button", id: "explain"});
  button.addEventListener("click", () => doing(async () => {
    askedWhy = (await start("/api/explain", {service: byId("why-service").value, site: byId("why-site").value})).id;
    await look();
  }, words => byId("because").replaceChildren(element("p", words))));
  form.querySelector("fieldset").append(" ", button);
}

function addWork() {
  const section = element("section", "", {id: "work", "aria-labelledby": "work-h"});
  const show = element("button", "Show the new scenarios beside the others", {type: "button", id: "show-all", hidden: ""});
  const end = element("button", "Stop the server", {type: "button", id: "end"});
  const buttons = element("p", "", {class: "buttons"});
  show.addEventListener("click", () => {
    history.replaceState(NEW, "");
    history.scrollRestoration = "manual";
    location.reload();
  });
  end.addEventListener("click", () => doing(async () => tellWork((await ask("/api/stop", {})).detail)));
  buttons.append(show, end);
  section.append(element("h2", "Scenarios", {id: "work-h"}), element("p", "Ask for more than a page can answer", {class: "finding"}), workForm(),
    element("p", "", {id: "work-said", role: "status", "aria-live": "polite", tabindex: -1}), element("ul", "", {id: "jobs", class: "plain"}),
    element("p", "There is no scenario yet.", {id: "scenarios-none", class: "note"}), scenarioTable(), buttons);
  byId("options").before(section);
  const link = element("li");
  link.append(element("a", "Scenarios", {href: "#work"}));
  document.querySelector("nav ul").append(link);
  const find = element("button", "Find the best", {type: "button", id: "to-work", "aria-label": "Find the best: go to the form"});
  find.addEventListener("click", () => byId("scenario-name").focus());
  byId("now").append(find);
}

addWork();
addExplain();
// After they were asked for, the scenarios that are new are where the reader looks.
if (history.state === NEW) {
  history.replaceState(null, "");
  addEventListener("load", () => setTimeout(() => {
    history.scrollRestoration = "auto";
    const [newest] = [...document.querySelectorAll(".preset")].slice(-1);
    if (newest) newest.focus();
  }));
}
doing(() => look());
