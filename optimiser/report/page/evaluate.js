// What a choice of sites comes to, from the question as data (see optimiser/report/page/question.py). Nothing here draws.
// Sums are whole numbers of a last decimal place, so they are exact; rules and objectives are looked up in tables.
"use strict";

const NONE = -1;
// What patients who do not leave for a certain site may take: any candidate, or any site.
const HERE = -2, ANYWHERE = -3;
const BANDS = [30, 45, 60];
const FAR = 10; // minutes longer or shorter that people notice

// Turn what is packed into arrays, once.
function readQuestion(data) {
  const areas = {...data.areas};
  for (const name of ["resident", "people", "older", "fifths", "district", "ward"]) {
    if (areas[name]) areas[name] = unpacked(areas[name]);
  }
  const timesOf = packed => ({
    minutes: "over" in packed ? foretold(packed) : unpacked(packed),
    missing: 2 ** packed.bits - 1,
  });
  areas.codes = codesOf(areas.codes);
  if (areas.districts) areas.names = withWhatIsShared(areas);
  const question = {...data, areas, ...timesOf(data.minutes), patients: {}, modes: {}};
  for (const [mode, packed] of Object.entries(data.modes)) question.modes[mode] = timesOf(packed);
  for (const [activity, counts] of Object.entries(data.patients)) question.patients[activity] = unpacked(counts);
  for (const service of data.services) {
    for (const one of service.shared || []) for (const name of ["area", "site", "patients"]) one[name] = unpacked(one[name]);
  }
  question.service = Object.fromEntries(data.services.map(service => [service.code, service]));
  question.codes = data.sites.slice(0, data.candidates).map(site => site.code);
  question.groups = groupsOf(areas);
  question.rows = new Map();
  if (data.border) question.border = readBorder(data.border);
  return question;
}

function readBorder({pull, here, leavers, pulled = {}}) {
  const areaOf = after => {
    let area = 0;
    return Array.from(after, step => (area += step));
  };
  return {
    pull, here: unpacked(here), leavers: leavers.map(({site, after, share}) => ({site, area: areaOf(unpacked(after)), share: unpacked(share)})),
    pulled: Object.fromEntries(Object.entries(pulled).map(([activity, many]) => [activity, unpacked(many)])),
  };
}

// Groups of residents, and for each kind of group the number of the group that every area is in.
function groupsOf(areas) {
  const ends = {1: " (most deprived)", 5: " (least deprived)"};
  const names = [], kinds = [];
  if (areas.fifths) {
    kinds.push(Int16Array.from(areas.fifths, fifth => fifth - 1));
    for (let fifth = 1; fifth <= 5; fifth++) names.push(`deprivation fifth ${fifth}${ends[fifth] || ""}`);
  }
  if (areas.districts) {
    const before = names.length, known = areas.resident_districts;
    kinds.push(Int16Array.from(areas.district, district => (district < known ? before + district : NONE)));
    names.push(...areas.districts.slice(0, known).map(name => `district ${name}`));
  }
  return {names, kinds};
}

// Patients by where they can go, and the people who stand for them: a row for every area and, where some go as today,
// one for those of it who are pulled over the border and one for each neighbour that some of it leave for.
function rowsOf(question, activity, leaveFor = []) {
  const key = [activity, ...leaveFor].join(" ");
  if (!question.rows.has(key)) {
    const {areas, groups, patients, border} = question, found = [];
    if (border && border.pull < 1) found.push(...goingAsToday(question, patients[activity], border.pulled[activity], leaveFor));
    else patients[activity].forEach((many, area) => found.push([area, ANYWHERE, many, 1, 1]));
    const [area, to, many, share, own] = [0, 1, 2, 3, 4].map(column => Float64Array.from(found, row => row[column]));
    // The share of an area's people who go as a row, if they go as its patients do; by its own shares where it has none.
    const going = own.map((as, row) => (patients[activity][area[row]] ? many[row] / patients[activity][area[row]] : as));
    const spread = values => values && Float64Array.from(area, one => values[one]), living = values => values && spread(values).map((people, row) => people * share[row]);
    question.rows.set(key, {area, to, patients: many, resident: spread(areas.resident), people: living(areas.people), older: living(areas.older), going, kinds: groups.kinds.map(spread)});
  }
  return question.rows.get(key);
}

// Area, where to, patients, share of people, of whom nobody leaves, and share by the border's own shares. Parts add up, as
// it is sums that are rounded: see problem/decimals.py.
function goingAsToday({areas, border}, patients, pulled, leaveFor) {
  const left = Float64Array.from(patients, (many, area) => many - (pulled ? pulled[area] : 0)), staying = left.slice(), gone = [];
  const of = Float64Array.from(border.here), sum = new Float64Array(left.length);
  const leavers = border.leavers.filter(({site}) => leaveFor.includes(site));
  for (const {area, share} of leavers) area.forEach((one, place) => (of[one] += share[place]));
  for (const {site, area, share} of leavers) {
    area.forEach((one, place) => {
      const before = partOf(left[one], sum[one], of[one]), part = partOf(left[one], sum[one] += share[place], of[one]) - before;
      staying[one] -= part;
      gone.push([one, site, part, 0, (1 - border.pull) * (share[place] / of[one])]);
    });
  }
  // Of areas outside, those who come.
  left.forEach((many, one) => areas.resident[one] || (staying[one] = partOf(many, border.here[one], 1e6)));
  const stay = 1 - border.pull, rows = (many, to, share, own) => Array.from(many, (number, one) => [one, to, number, share, own(one)]);
  const over = pulled ? rows(pulled, ANYWHERE, border.pull, () => border.pull) : [];
  return [...rows(staying, HERE, stay, one => (of[one] ? stay * (border.here[one] / of[one]) : stay)), ...over, ...gone];
}

// A share of a number, rounded to a whole one, halves to the even. Products may be too large for a double.
function partOf(number, share, total) {
  const twice = 2n * BigInt(number) * BigInt(share), of = BigInt(total), part = twice / (2n * of), over = twice % (2n * of);
  return Number(part) + Number(over > of || (over === of && part % 2n === 1n));
}

// The journeys by which the patients of a service travel, and what stands where there is none.
function journeysTo(question, {travel_by: mode}) {
  return mode ? question.modes[mode] : question;
}

// Everybody goes to the open site with the least minutes (plus its offset); equal ones to the first in order.
function nearest(question, service, open, rows) {
  const {sites, candidates} = question, {minutes, missing} = journeysTo(question, service), {area, to} = rows;
  const usable = service.sites.filter(site => site >= candidates || open.has(question.codes[site]));
  const offsets = usable.map(site => (service.offsets ? service.offsets[service.sites.indexOf(site)] : 0));
  const unit = service.offsets ? Math.round(1e6 / question.scales.minutes) : 1;
  const count = area.length, going = {rows, minutes: new Float64Array(count), site: new Int16Array(count).fill(NONE)};
  for (let row = 0; row < count; row++) {
    let least = Infinity;
    const first = area[row] * sites.length;
    for (let number = 0; number < usable.length; number++) {
      const taken = minutes[first + usable[number]];
      if (taken === missing) continue;
      if (to[row] !== ANYWHERE && (to[row] === HERE ? usable[number] >= candidates : usable[number] !== to[row])) continue;
      const chosenBy = taken * unit + offsets[number];
      if (chosenBy < least) {
        least = chosenBy;
        going.site[row] = usable[number];
        going.minutes[row] = taken;
      }
    }
    if (least === Infinity) going.minutes[row] = Infinity;
  }
  return going;
}

// Patients who are shared out: as they go to the nearest, but for the rows whose patients are sent elsewhere.
function sharedOut(question, service, plain, {keeps_to_limits, area: sent, site, patients}) {
  const from = Array.from(plain.site, (_, row) => row), seen = new Set();
  const rowOf = Array.from(sent, row => (seen.has(row) ? from.push(row) - 1 : (seen.add(row), row)));
  const spread = values => values && Float64Array.from(from, row => values[row]);
  const {kinds, ...columns} = plain.rows, rows = {kinds: kinds.map(spread)};
  for (const [name, values] of Object.entries(columns)) rows[name] = spread(values);
  const going = {minutes: spread(plain.minutes), site: spread(plain.site), rows, from, plain, keeps: keeps_to_limits};
  rowOf.forEach((row, part) => {
    const share = patients[part] / plain.rows.patients[sent[part]];
    for (const people of [rows.people, rows.older, rows.going]) if (people) people[row] *= share;
    rows.patients[row] = patients[part];
    going.site[row] = site[part];
    going.minutes[row] = journeysTo(question, service).minutes[rows.area[row] * question.sites.length + site[part]];
  });
  return going;
}

// First contact, then on to the open site nearest to it by road; nobody goes on from a site that is open.
function byTransfer(question, service, first, open) {
  const {transfer} = service;
  const firstSites = question.service[transfer.first_contact].sites;
  const usable = service.sites.map((site, column) => ({site, column}))
    .filter(({site}) => site >= question.candidates || open.has(question.codes[site]));
  const onward = new Map(firstSites.map((from, row) => {
    let best = {site: NONE, order: Infinity, road: 0, minutes: 0};
    for (const {site, column} of usable) {
      const road = transfer.road[row][column];
      const order = site === from ? -1 : road < 0 ? Infinity : road;
      const minutes = site === from ? 0 : road + transfer.waits;
      if (order < best.order) best = {site, order, road: site === from ? 0 : road, minutes};
    }
    return [from, best];
  }));
  const count = first.site.length;
  const going = {
    rows: first.rows, minutes: new Float64Array(count).fill(Infinity), site: new Int16Array(count).fill(NONE),
    first: first.site, firstMinutes: first.minutes, onward,
  };
  for (let row = 0; row < count; row++) {
    const next = onward.get(first.site[row]);
    if (!next || next.site === NONE) continue;
    going.site[row] = next.site;
    going.minutes[row] = first.minutes[row] + next.minutes;
  }
  return going;
}

function goingTo(question, chosen, code, kept) {
  const service = question.service[code], contact = service.transfer && service.transfer.first_contact;
  const key = [code, ...chosen[code], "|", ...(contact ? chosen[contact] : [])].join(" ");
  if (!kept.has(key)) {
    const open = new Set(chosen[code]), rows = rowsOf(question, service.activity, service.leave_for);
    const complete = going => ({...going, ...spentAndShare(question, service, going)});
    let found = contact ? byTransfer(question, service, firstLeg(question, chosen, service, rows), open) : nearest(question, service, open, rows);
    if (service.shared && !question.everybodyToTheNearest) {
      found = sharedOut(question, service, complete(found), service.shared[choiceNumber(question, chosen, code)]);
    }
    kept.set(key, complete(found));
  }
  return kept.get(key);
}

// Patients of a service reached by transfer may be drawn to first contact by offsets of their own.
function firstLeg(question, chosen, {transfer}, rows) {
  const {sites, offsets} = question.service[transfer.first_contact];
  return nearest(question, {sites, offsets: transfer.first_offsets || offsets}, new Set(chosen[transfer.first_contact]), rows);
}

// Minutes an average patient of a row spends, and the share of its patients who arrive, as whole numbers.
function spentAndShare(question, service, going) {
  const whole = question.scales.shares;
  const spent = new Float64Array(going.site.length);
  const share = new Float64Array(going.site.length).fill(whole);
  for (let row = 0; row < spent.length; row++) {
    const moves = service.transfer && going.site[row] !== NONE && going.site[row] !== going.first[row];
    if (moves) share[row] = service.transfer.share;
    const first = moves ? going.firstMinutes[row] : going.minutes[row];
    spent[row] = moves ? first * whole + service.transfer.share * (going.minutes[row] - first) : first * whole;
  }
  return {spent, share};
}

// Measures of one service, under the names of measures.csv ----------------------------------------------------------

function journeyMeasures(question, code, going, put) {
  const {scales, areas} = question, service = question.service[code], {rows} = going;
  const limits = BANDS.map(band => band * scales.minutes);
  const finest = scales.minutes * scales.shares, standard = (service.standard === null ? Infinity : service.standard) * scales.minutes;
  const all = {patients: 0, minutes: 0, worst: 0}, older = {people: 0, minutes: 0};
  const groups = question.groups.names.map(() => ({patients: 0, minutes: 0, worst: 0, anybody: false}));
  const near = BANDS.map(() => ({patients: 0, people: 0, older: 0}));
  const arriving = new Map(), here = new Map(); // patients by minutes, and those who do not leave
  let beyond = 0, everybody = 0, staying = 0, waited = 0;
  for (let row = 0; row < rows.patients.length; row++) {
    if (!rows.resident[row]) continue;
    const minutes = going.minutes[row], many = rows.patients[row], spent = going.spent[row], stays = rows.to[row] < 0;
    if (rows.people) everybody += rows.people[row];
    if (stays) staying += many;
    const moves = service.transfer && going.first && going.site[row] !== NONE && going.site[row] !== going.first[row];
    if (moves) waited += many * service.transfer.share * service.transfer.waits;
    add(all, many, spent, stays ? minutes : 0);
    for (const kind of rows.kinds) {
      const group = kind[row] === NONE ? null : groups[kind[row]];
      if (!group) continue;
      group.anybody = true;
      add(group, many, spent, stays ? minutes : 0);
    }
    const aged = rows.older ? areas.older[rows.area[row]] * rows.going[row] : 0;
    if (aged) {
      older.people += aged;
      older.minutes += aged * spent;
    }
    for (let band = 0; band < limits.length; band++) {
      if (minutes > limits[band]) continue;
      near[band].patients += many;
      if (rows.people) near[band].people += rows.people[row];
      if (rows.older) near[band].older += rows.older[row];
    }
    if (minutes > standard) beyond += many;
    if (minutes === Infinity) continue;
    for (const count of stays ? [arriving, here] : [arriving]) count.set(minutes, (count.get(minutes) || 0) + many);
  }
  const publish = (sums, group) => {
    put("mean_minutes", code, group, sums.patients ? sums.minutes / sums.patients / finest : NaN);
    put("worst_minutes", code, group, sums.worst / scales.minutes);
    put("patients", code, group, sums.patients / scales.patients);
  };
  publish(all, "");
  if (service.transfer) put("mean_road_minutes", code, "", all.patients ? (all.minutes - waited) / all.patients / finest : NaN);
  put("patient_minutes", code, "", all.minutes / finest / scales.patients);
  put("median_minutes", code, "", reachedBy(arriving, all.patients, 0.5) / scales.minutes);
  put("p95_minutes", code, "", reachedBy(here, staying, 0.95) / scales.minutes);
  BANDS.forEach((band, number) => {
    put(`patients_within_${band}`, code, "", near[number].patients / scales.patients);
    if (rows.people) put(`people_within_${band}`, code, "", near[number].people);
    if (rows.people) put(`people_beyond_${band}`, code, "", everybody - near[number].people);
    if (rows.older) put(`people_within_${band}`, code, "age 75+", near[number].older);
  });
  if (rows.older) put("mean_minutes", code, "age 75+", older.people ? older.minutes / older.people / finest : NaN);
  if (service.standard !== null) put("patients_beyond_standard", code, "", beyond / scales.patients);
  question.groups.names.forEach((group, number) => groups[number].anybody && publish(groups[number], group));
  if (service.visitors_travel_by) visitorMeasures(question, service, going, put);
  return {minutes: all.minutes, patients: all.patients, worst: all.worst, beyond};
}

// How long visitors of residents travel, to where a patient is: of those taken on some stay where they were seen first.
function visitorMeasures(question, {code, transfer, visitors_travel_by: mode}, going, put) {
  const {minutes, missing} = question.modes[mode], {rows} = going, {scales, sites} = question;
  let reached = 0, total = 0, beyond = 0;
  const visit = (row, site, many) => {
    const taken = site === NONE ? missing : minutes[rows.area[row] * sites.length + site];
    if (taken === missing) beyond += many;
    else {
      reached += many;
      total += many * taken;
    }
  };
  rows.patients.forEach((many, row) => {
    if (!rows.resident[row]) return;
    const moves = transfer && going.first && going.site[row] !== NONE && going.site[row] !== going.first[row];
    visit(row, going.site[row], many * (moves ? transfer.share : scales.shares));
    if (moves) visit(row, going.first[row], many * (scales.shares - transfer.share));
  });
  put("visitors_mean_minutes", code, "", reached ? total / reached / scales.minutes : NaN);
  put("patients_out_of_visitors_reach", code, "", beyond / scales.shares / scales.patients);
}

function add(sums, patients, spent, minutes) {
  sums.patients += patients;
  if (patients) sums.minutes += patients * spent;
  if (minutes > sums.worst) sums.worst = minutes;
}

// The shortest time within which a share of all patients arrive.
function reachedBy(arriving, total, share) {
  let arrived = 0;
  for (const [minutes, many] of Array.from(arriving).sort(([one], [other]) => one - other)) {
    arrived += many;
    if (total && arrived >= share * total * (1 - 1e-12)) return minutes;
  }
  return total ? Infinity : NaN;
}

function siteMeasures(question, code, going, open, put) {
  const {scales, sites} = question, service = question.service[code], {rows} = going;
  const whole = scales.patients * scales.shares;
  const arriving = new Float64Array(sites.length), outside = new Float64Array(sites.length);
  const staying = new Float64Array(sites.length), moved = new Map();
  for (let row = 0; row < rows.patients.length; row++) {
    const site = going.site[row];
    if (site === NONE) continue;
    const many = rows.patients[row] * going.share[row];
    arriving[site] += many;
    if (!rows.resident[row]) outside[site] += many;
    if (service.transfer && site !== going.first[row]) {
      staying[going.first[row]] += rows.patients[row] * scales.shares - many;
      moved.set(going.first[row], (moved.get(going.first[row]) || 0) + many);
    }
  }
  let leaving = 0, everybody = 0;
  for (let row = 0; row < rows.patients.length; row++) {
    if (!rows.resident[row]) continue;
    everybody += rows.patients[row];
    const site = going.site[row];
    if (site !== NONE && site >= question.candidates) leaving += rows.patients[row] * going.share[row];
  }
  put("patients_outside", code, "", leaving / whole);
  if (everybody) put("share_outside", code, "", leaving / whole / (everybody / scales.patients));
  for (const site of service.sites) {
    put("site_patients", code, sites[site].code, arriving[site] / whole);
    put("site_patients_from_outside", code, sites[site].code, outside[site] / whole);
  }
  if (service.transfer) transferMeasures(question, code, going, moved, staying, put);
  return {arriving: site => arriving[site] / whole, transfers: service.transfer ? partsOfTransfers(service.transfer, moved, whole) : 0};
}

// Transfers a year as whole numbers of a part, so that they add up over services in whatever order.
const PARTS_OF_A_TRANSFER = 1e9;

function partsOfTransfers(transfer, moved, whole) {
  const confirmed = Array.from(moved.values()).reduce((sum, many) => sum + many, 0);
  return Math.round(confirmed * (transfer.suspected * PARTS_OF_A_TRANSFER / whole));
}

// The other pathway: the same patients, if they went straight to the sites that provide the service.
function straightThere(question, code, open, put) {
  const service = question.service[code], rows = rowsOf(question, service.activity, service.transfer.straight_for);
  const going = nearest(question, {sites: service.sites}, open, rows), straight = {...going, ...spentAndShare(question, {}, going)};
  journeyMeasures(question, code, straight, (measure, one, group, value) => {
    if (["", "age 75+"].includes(group) && OF_BOTH_PATHWAYS.test(measure)) put(`${measure}_straight_there`, one, group, value);
  });
  return straight;
}

const OF_BOTH_PATHWAYS = /^(mean|median|p95|worst)_minutes$|^people_within_|^patients_within_30$|^patients_beyond_standard$/;

function transferMeasures(question, code, going, moved, staying, put) {
  const {scales, sites} = question, {transfer} = question.service[code];
  let transfers = 0, repatriations = 0, minutes = 0;
  for (const [from, many] of moved) {
    const confirmed = many / (scales.patients * scales.shares), next = going.onward.get(from);
    const road = next.road / scales.minutes, suspected = confirmed * transfer.suspected;
    transfers += suspected;
    repatriations += confirmed * transfer.repatriated;
    minutes += suspected * (2 * road + transfer.overhead) + confirmed * transfer.repatriated * 2 * road;
    put("transfers_per_day", code, `${sites[from].code} to ${sites[next.site].code}`, suspected / 365);
  }
  put("transfers_per_day", code, "", transfers / 365);
  put("repatriations_per_year", code, "", repatriations);
  put("ambulance_hours_per_year", code, "", minutes / 60);
  for (const site of question.service[transfer.first_contact].sites) {
    put("site_patients_not_transferred", code, sites[site].code, staying[site] / (scales.patients * scales.shares));
  }
}

// What changes for people against another choice, such as today. Residents only; see optimiser/plan/affected.py. People
// are counted by the journeys of those who do not leave, and so are those whose journey gets longer, who leave neither
// before nor after; other means are of all patients.
function affectedMeasures(question, code, going, before, put) {
  const {areas, scales} = question, after = byArea(question, going), was = byArea(question, before), {patients} = was;
  const finest = scales.minutes * scales.shares, least = finest / 2e9; // means of split areas are not whole
  const less = (one, other) => (one === other ? 0 : one - other);
  const start = () => ({people: 0, longer: 0, far: 0, nearer: 0, patients: 0, change: 0, those: 0, theirs: 0});
  const all = start(), older = start(), groups = question.groups.names.map(start);
  for (let area = 0; area < patients.length; area++) {
    if (!areas.resident[area]) continue;
    const change = less(after.spentHere[area], was.spentHere[area]), changeOfAll = less(after.spent[area], was.spent[area]);
    const note = (sums, people, many, here) => {
      sums.people += people;
      sums.patients += many;
      if (many) sums.change += many * changeOfAll;
      if (change > FAR * finest + least) sums.far += people;
      if (change < -FAR * finest - least) sums.nearer += people;
      if (change <= least) return;
      sums.longer += people;
      sums.those += here;
      if (here) sums.theirs += here * change;
    };
    const people = areas.people ? areas.people[area] : NaN; // where it is not known how many live there
    const of = [people, patients[area], Math.min(was.here[area], after.here[area])];
    note(all, ...of);
    if (areas.older) note(older, areas.older[area], areas.older[area], areas.older[area] * Math.min(was.stay[area], after.stay[area]));
    for (const kind of question.groups.kinds) if (kind[area] !== NONE) note(groups[kind[area]], ...of);
  }
  const publish = (sums, group) => {
    if (sums.people === sums.people) {
      put("people", code, group, sums.people);
      put("people_longer", code, group, sums.longer);
      put("people_more_than_10_longer", code, group, sums.far);
      put("people_more_than_10_shorter", code, group, sums.nearer);
    }
    put("mean_change", code, group, sums.patients ? sums.change / sums.patients / finest : NaN);
    put("mean_change_of_those_longer", code, group, sums.those ? sums.theirs / sums.those / finest : NaN);
  };
  publish(all, "");
  if (areas.older) publish(older, "age 75+");
  put("patients_redirected", code, "", redirected(question, going, before) / scales.patients);
  question.groups.names.forEach((group, number) => groups[number].people !== 0 && publish(groups[number], group));
}

// By area: patients a year, and what an average one of them spends; the same of those who do not leave, and which share
// of its people they are. Worked out once.
function byArea(question, going) {
  return going.byArea = going.byArea || workedOutByArea(question, going);
}

function workedOutByArea(question, {rows, spent}) {
  const count = question.areas.codes.length;
  if (rows.area.length === count) return {patients: rows.patients, here: rows.patients, stay: new Float64Array(count).fill(1), spent, spentHere: spent};
  const patients = new Float64Array(count), here = new Float64Array(count), stay = new Float64Array(count);
  rows.area.forEach((area, row) => {
    patients[area] += rows.patients[row];
    if (rows.to[row] >= 0) return;
    here[area] += rows.patients[row];
    stay[area] += rows.going[row];
  });
  return {patients, here, stay, spent: meanByArea(count, rows, spent, () => true, rows.going), spentHere: meanByArea(count, rows, spent, row => rows.to[row] < 0)};
}

// The mean over an area's rows that count, by patients; where it has none, by shares, or every row counts for as much.
function meanByArea(count, {area, patients}, values, counts, shares) {
  const total = new Float64Array(count), number = new Uint16Array(count), mean = new Float64Array(count);
  const each = action => area.forEach((one, row) => counts(row) && action(one, row));
  each((one, row) => {
    total[one] += patients[row];
    number[one] += 1;
  });
  each((one, row) => {
    const weight = number[one] === 1 ? 1 : total[one] ? patients[row] / total[one] : shares ? shares[row] : 1 / number[one];
    if (weight) mean[one] += weight * values[row];
  });
  return mean;
}

// One row an area, of those who do not leave: minutes on average, and the site of most of them.
function oneRowAnArea(question, {rows, minutes, site}) {
  const count = question.areas.codes.length;
  if (rows.area.length === count) return {minutes, site};
  const most = new Float64Array(count).fill(NONE), main = new Int16Array(count).fill(NONE);
  rows.area.forEach((area, row) => {
    if (rows.to[row] >= 0 || rows.patients[row] <= most[area]) return;
    most[area] = rows.patients[row];
    main[area] = site[row];
  });
  return {minutes: meanByArea(count, rows, minutes, row => rows.to[row] < 0), site: main};
}

// Patients who arrive first at another site than before.
function redirected(question, going, before) {
  const width = question.sites.length + 1; // one for those who reach none
  const arriving = ({first, site, rows}) => {
    const found = new Float64Array(question.areas.codes.length * width);
    (first || site).forEach((one, row) => (found[rows.area[row] * width + one + 1] += rows.patients[row]));
    return found;
  };
  const then = arriving(before);
  return arriving(going).reduce((sum, many, place) => sum + Math.max(0, many - then[place]), 0);
}

// Who of those shared out passes a nearer open site, and what the same sites come to with everybody at the nearest.
function sharedMeasures(question, code, going, open, put) {
  const {scales, sites} = question, {rows, from, plain} = going, past = new Map(), add = (site, many, minutes) => {
    const [one, other] = past.get(site) || [0, 0];
    past.set(site, [one + many, other + minutes]);
  };
  from.forEach((before, row) => {
    const beyond = going.minutes[row] - plain.minutes[before];
    if (beyond > 0) for (const site of [going.site[row], NONE]) add(site, rows.patients[row], rows.patients[row] * beyond);
  });
  for (const site of [NONE, ...question.service[code].sites]) {
    const [many, minutes] = past.get(site) || [0, 0], group = site === NONE ? "" : sites[site].code;
    put("patients_past_a_nearer_site", code, group, many / scales.patients);
    put("minutes_past_a_nearer_site", code, group, minutes / scales.patients / scales.minutes);
  }
  const beside = (measure, service, group, value) => {
    if (measure === "site_patients" || (!group && ["mean_minutes", "worst_minutes", "patient_minutes"].includes(measure))) put(`nearest_${measure}`, service, group, value);
  };
  journeyMeasures(question, code, plain, beside);
  siteMeasures(question, code, plain, open, beside);
}

// Rules, objectives and staff -----------------------------------------------------------------------------------------

function choiceNumber(question, chosen, code) {
  return chosen[code].reduce((sum, site) => sum + 2 ** question.codes.indexOf(site), 0);
}

function lookUp(question, chosen, axes, table) {
  if (table === null) return Infinity;
  if (typeof table === "number") return table;
  // A table with fewer axes belongs to the last of them, as in numpy.
  const own = axes.slice(axes.length - table.shape.length);
  let position = 0;
  table.shape.forEach((length, axis) => {
    position = position * length + (length === 1 ? 0 : choiceNumber(question, chosen, own[axis]));
  });
  return table.values[position] === null ? Infinity : table.values[position];
}

function holds(left, relation, right) {
  return relation === ">=" ? left >= right : relation === "<=" ? left <= right : left === right;
}

const QUANTITIES = {
  sites: (question, sums, chosen, [code]) => chosen[code].length,
  services: (question, sums, chosen, [site]) => Object.values(chosen).filter(there => there.includes(site)).length,
  provided: (question, sums, chosen, [code, site]) => Number(chosen[code].includes(site)),
  arriving: (question, sums, chosen, [code, site]) => sums[code].arriving(question.codes.indexOf(site)),
  worst: (question, sums, chosen, [code]) => sums[code].worst / question.scales.minutes,
  transfers: (question, sums) => Object.values(sums).reduce((total, one) => total + one.transfers, 0) / PARTS_OF_A_TRANSFER,
  unserved: (question, sums, chosen, [code]) => sums[code].unserved,
  share_within_standard: (question, sums, chosen, [code]) =>
    (sums[code].patients ? Math.round((1 - sums[code].beyond / sums[code].patients) * 1e12) / 1e12 : 1),
};

function judged(question, chosen, sums) {
  const found = [];
  for (const rule of question.rules) {
    const asked = (rule.left && rule.left.quantity) || (question.others && rule.again);
    const applies = asked === "arriving" ? chosen[rule.axes[0]].includes(rule.names[1])
      : lookUp(question, chosen, rule.axes, rule.applies);
    if (!applies) continue;
    const left = asked ? QUANTITIES[asked](question, sums, chosen, rule.names) : lookUp(question, chosen, rule.axes, rule.left);
    const right = lookUp(question, chosen, rule.axes, rule.right);
    found.push({...rule, instance: [rule.rule, ...rule.names].join("."), left, right, pass: holds(left, rule.relation, right)});
  }
  return found;
}

// Who works where: one row a team, unit and pool of its staff, and the rules that rest on it.
function staffOf(question, chosen, put) {
  const rows = [], rules = [];
  for (const team of question.staff) {
    const label = `${team.team} (${team.unit})`;
    if (!team.table) continue;
    const number = team.axes.reduce((sum, code) => sum * 2 ** question.candidates + choiceNumber(question, chosen, code), 0);
    const at = Object.fromEntries(team.pools.map((pool, row) => [
      pool, Object.fromEntries(team.columns.map((column, place) => [column, team.table[number][row][place]])),
    ]));
    const total = column => team.pools.reduce((sum, pool) => sum + at[pool][column], 0);
    for (const [measure, column] of STAFF_MEASURES) put(measure, "", label, total(column));
    if (team.posts_funded !== null) postMeasures(team.posts_funded, total, (measure, value) => put(measure, "", label, value));
    for (const pool of team.pools) rows.push({team: team.team, unit: team.unit, site: pool, ...at[pool]});
    for (const rota of team.rotas) {
      for (const pool of team.pools) {
        const needed = rota.needed[pool][number];
        if (needed === null) continue;
        const left = at[pool].staff + (rota.may_fall_short ? at[pool].short : 0);
        rules.push(staffRule(rota.rule, [rota.service, pool, team.team, team.unit], left, ">=", needed, team, rota.words[pool]));
        put("short_with_one_vacancy", rota.service, `${pool} ${label}`, Math.max(0, needed - Math.max(0, at[pool].staff - 1)));
      }
    }
    for (const {rule, column, most, words} of team.limits) {
      rules.push(staffRule(rule, [team.team, team.unit], total(column), "<=", most, team, words));
    }
  }
  return {rows, rules};
}

function postMeasures(posts, total, put) {
  put("staff_posts_funded", posts);
  put("staff_posts_vacant", Math.max(0, posts - total("in_post")));
  put("staff_short_with_posts_filled", Math.max(0, total("needed") - posts));
}

const STAFF_MEASURES = [["staff_needed", "needed"], ["staff_in_post", "in_post"], ["staff_short", "short"],
  ["staff_moved", "moved_in"], ["staff_recruited", "recruited"]];

function staffRule(rule, names, left, relation, right, team, words) {
  const tidy = value => Math.round(value * 1e12) / 1e12;
  const spare = Math.round((relation === ">=" ? tidy(left) - tidy(right) : tidy(right) - tidy(left)) * 1e9) / 1e9;
  return {rule, names, instance: [rule, ...names].join("."), left: tidy(left), relation, right: tidy(right),
    unit: team.unit, words, pass: spare >= 0};
}

function changesFromToday(question, chosen, put) {
  let all = 0;
  for (const {code, today} of question.services) {
    if (today === null) continue;
    const changes = question.codes.filter(site => today.includes(site) !== chosen[code].includes(site)).length;
    put("changes_from_today", code, "", changes);
    all += changes;
  }
  if (question.services.some(({today}) => today !== null)) put("changes_from_today", "", "", all);
  return all;
}

// What sums on the page give of objectives that rest on who goes where; others rest on the choice alone.
const OBJECTIVES_AGAIN = ["patient_minutes", "worst_journey", "patients_beyond_standard"];

// Objectives by table, exactly; without tables, or of other patients than they know, those that sums on the page give.
function objectivesOf(question, chosen, sums, changes) {
  const {scales} = question;
  return question.objectives.map(({name, services, unit, scale, largest, parts}) => {
    if (parts && !(question.others && OBJECTIVES_AGAIN.includes(name))) {
      const values = parts.map(part => lookUp(question, chosen, part.axes, part.table));
      const total = largest ? Math.max(0, ...values) : values.reduce((sum, one) => sum + one, 0);
      return {name, unit, whole: total, value: total / scale};
    }
    const known = services.filter(code => sums[code]).map(code => sums[code]);
    const total = pick => known.reduce((sum, one) => sum + pick(one), 0);
    const value = {
      patient_minutes: () => total(one => one.minutes) / (scales.patients * scales.minutes * scales.shares),
      worst_journey: () => Math.max(0, ...known.map(one => one.worst)) / scales.minutes,
      patients_beyond_standard: () => total(one => one.beyond) / scales.patients,
      changes_from_today: () => changes,
      fewest_sites: () => services.reduce((sum, code) => sum + chosen[code].length, 0),
    }[name];
    return {name, unit, value: value ? value() : NaN};
  });
}

// The journeys of one service and what they come to, kept for every choice that was looked at.
function comesTo(question, chosen, before, code, kept) {
  const going = goingTo(question, chosen, code, kept);
  if (!going.comesTo || going.comesTo.before !== before) {
    const entries = [], put = (measure, service, group, value) => entries.push([`${measure}|${service}|${group}`, value]);
    const sums = journeyMeasures(question, code, going, put);
    sums.unserved = going.site.reduce((sum, site, row) => sum + (row < question.areas.codes.length && site === NONE), 0);
    Object.assign(sums, siteMeasures(question, code, going, new Set(chosen[code]), put));
    if (question.service[code].transfer) going.straight = straightThere(question, code, new Set(chosen[code]), put);
    if (going.plain) sharedMeasures(question, code, going, new Set(chosen[code]), put);
    if (before) affectedMeasures(question, code, going, before.going[code], put);
    going.comesTo = {before, entries, sums};
  }
  return going.comesTo;
}

// Everything about one choice: {service: [site codes]}. `before` is what changes are counted from, evaluated already.
function evaluate(question, chosen, before, kept = new Map()) {
  const measures = new Map(), going = {}, sums = {};
  const put = (measure, service, group, value) => measures.set(`${measure}|${service}|${group}`, value);
  for (const {code, activity, beds} of question.services) {
    if (!activity) continue;
    const found = comesTo(question, chosen, before, code, kept);
    for (const [key, value] of found.entries) measures.set(key, value);
    going[code] = goingTo(question, chosen, code, kept);
    sums[code] = found.sums;
    if (!beds) continue;
    const needed = chosen[code].map(site => lookUp(question, chosen, beds.axes, beds.needed[site]));
    chosen[code].forEach((site, number) => put("beds_needed", code, site, needed[number]));
    put("beds_needed", code, "", needed.reduce((sum, one) => sum + one, 0));
  }
  const staff = staffOf(question, chosen, put);
  const rules = [...judged(question, chosen, sums), ...staff.rules];
  const changes = changesFromToday(question, chosen, put);
  return {
    chosen, going, measures, rules, staff: staff.rows, broken: rules.filter(rule => !rule.pass),
    objectives: objectivesOf(question, chosen, sums, changes),
  };
}
