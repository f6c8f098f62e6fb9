// What a choice of sites comes to, from the question as data (see optimiser/report/page/question.py). Nothing here draws.
// Sums are whole numbers of a last decimal place, so they are exact; rules and objectives are looked up in tables.
"use strict";

const NONE = -1;
const KINDS = {u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, f8: Float64Array};
const BANDS = [30, 45, 60];
const FAR = 10; // minutes longer or shorter that people notice

function unpacked({kind, base64}) {
  const text = atob(base64), bytes = new Uint8Array(text.length);
  for (let place = 0; place < bytes.length; place++) bytes[place] = text.charCodeAt(place);
  return new KINDS[kind](bytes.buffer);
}

// Turn what is packed into arrays, once.
function readQuestion(data) {
  const areas = {...data.areas};
  for (const name of ["resident", "people", "older", "fifths", "district"]) {
    if (areas[name]) areas[name] = unpacked(areas[name]);
  }
  const minutes = unpacked(data.minutes);
  const question = {...data, areas, minutes, missing: 2 ** (8 * minutes.BYTES_PER_ELEMENT) - 1, patients: {}};
  for (const [activity, counts] of Object.entries(data.patients)) question.patients[activity] = unpacked(counts);
  for (const service of data.services) {
    for (const one of service.shared || []) for (const name of ["area", "site", "patients"]) one[name] = unpacked(one[name]);
  }
  question.service = Object.fromEntries(data.services.map(service => [service.code, service]));
  question.codes = data.sites.slice(0, data.candidates).map(site => site.code);
  question.groups = groupsOf(areas);
  return question;
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

// Everybody goes to the open site with the least minutes (plus its offset); equal ones to the first in order.
function nearest(question, service, open) {
  const {minutes, missing, sites, candidates} = question;
  const usable = service.sites.filter(site => site >= candidates || open.has(question.codes[site]));
  const offsets = usable.map(site => (service.offsets ? service.offsets[service.sites.indexOf(site)] : 0));
  const unit = service.offsets ? Math.round(1e6 / question.scales.minutes) : 1;
  const count = question.areas.codes.length;
  const going = {minutes: new Float64Array(count), site: new Int16Array(count).fill(NONE)};
  for (let area = 0; area < count; area++) {
    let least = Infinity;
    const row = area * sites.length;
    for (let number = 0; number < usable.length; number++) {
      const taken = minutes[row + usable[number]];
      if (taken === missing) continue;
      const chosenBy = taken * unit + offsets[number];
      if (chosenBy < least) {
        least = chosenBy;
        going.site[area] = usable[number];
        going.minutes[area] = taken;
      }
    }
    if (least === Infinity) going.minutes[area] = Infinity;
  }
  return going;
}

// A row for every area, or for each site where the patients of an area are sent to several.
function plainRows({areas, groups, patients}, service) {
  return {...areas, kinds: groups.kinds, patients: patients[service.activity], of: null};
}

// Patients who are shared out: as they go to the nearest, but for the areas whose patients are sent elsewhere.
function sharedOut(question, service, plain, {keeps_to_limits, area, site, patients}) {
  const count = plain.site.length, whole = question.patients[service.activity], first = new Map(), of = Array.from({length: count}, (_, row) => row);
  const rowOf = Array.from(area, one => (first.has(one) ? of.push(one) - 1 : (first.set(one, one), one)));
  const spread = values => values && Float64Array.from(of, one => values[one]);
  const {areas, groups} = question, rows = {of, resident: spread(areas.resident), people: spread(areas.people), older: spread(areas.older),
    patients: spread(whole), kinds: groups.kinds.map(spread)};
  const going = {minutes: spread(plain.minutes), site: spread(plain.site), rows, plain, keeps: keeps_to_limits,
    byArea: {minutes: Float64Array.from(plain.minutes), site: Int16Array.from(plain.site)}};
  for (const one of first.keys()) going.byArea.minutes[one] = 0;
  rowOf.forEach((row, part) => {
    const one = area[part], share = patients[part] / whole[one];
    for (const people of [rows.people, rows.older]) if (people) people[row] *= share;
    rows.patients[row] = patients[part];
    going.site[row] = site[part];
    going.minutes[row] = question.minutes[one * question.sites.length + site[part]];
    going.byArea.minutes[one] += share * going.minutes[row];
    if (row === one) going.byArea.site[one] = site[part];
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
    minutes: new Float64Array(count).fill(Infinity), site: new Int16Array(count).fill(NONE),
    first: first.site, firstMinutes: first.minutes, onward,
  };
  for (let area = 0; area < count; area++) {
    const next = onward.get(first.site[area]);
    if (!next || next.site === NONE) continue;
    going.site[area] = next.site;
    going.minutes[area] = first.minutes[area] + next.minutes;
  }
  return going;
}

function goingTo(question, chosen, code, kept) {
  const service = question.service[code], contact = service.transfer && service.transfer.first_contact;
  const key = [code, ...chosen[code], "|", ...(contact ? chosen[contact] : [])].join(" ");
  if (!kept.has(key)) {
    const open = new Set(chosen[code]);
    const complete = going => ({rows: plainRows(question, service), byArea: going, ...going, ...spentAndShare(question, service, going)});
    let found = contact ? byTransfer(question, service, firstLeg(question, chosen, service, kept), open) : nearest(question, service, open);
    if (service.shared && !question.everybodyToTheNearest) {
      found = sharedOut(question, service, complete(found), service.shared[choiceNumber(question, chosen, code)]);
    }
    kept.set(key, complete(found));
  }
  return kept.get(key);
}

// Patients of a service reached by transfer may be drawn to first contact by offsets of their own.
function firstLeg(question, chosen, service, kept) {
  const {first_contact: contact, first_offsets: offsets} = service.transfer;
  if (!offsets) return goingTo(question, chosen, contact, kept);
  return nearest(question, {sites: question.service[contact].sites, offsets}, new Set(chosen[contact]));
}

// Minutes an average patient of an area spends, and the share of its patients who arrive, as whole numbers.
function spentAndShare(question, service, going) {
  const whole = question.scales.shares;
  const spent = new Float64Array(going.site.length);
  const share = new Float64Array(going.site.length).fill(whole);
  for (let area = 0; area < spent.length; area++) {
    const moves = service.transfer && going.site[area] !== NONE && going.site[area] !== going.first[area];
    if (moves) share[area] = service.transfer.share;
    const first = moves ? going.firstMinutes[area] : going.minutes[area];
    spent[area] = moves ? first * whole + service.transfer.share * (going.minutes[area] - first) : first * whole;
  }
  return {spent, share};
}

// Measures of one service, under the names of measures.csv ----------------------------------------------------------

function journeyMeasures(question, code, going, put) {
  const {scales} = question, service = question.service[code], {rows} = going;
  const limits = BANDS.map(band => band * scales.minutes);
  const finest = scales.minutes * scales.shares, standard = (service.standard === null ? Infinity : service.standard) * scales.minutes;
  const all = {patients: 0, minutes: 0, worst: 0}, older = {people: 0, minutes: 0};
  const groups = question.groups.names.map(() => ({patients: 0, minutes: 0, worst: 0, anybody: false}));
  const near = BANDS.map(() => ({patients: 0, people: 0, older: 0}));
  const arriving = new Map(); // patients by minutes
  let beyond = 0, everybody = 0, waited = 0;
  for (let row = 0; row < rows.patients.length; row++) {
    if (!rows.resident[row]) continue;
    const minutes = going.minutes[row], many = rows.patients[row], spent = going.spent[row];
    everybody += rows.people[row];
    const moves = service.transfer && going.first && going.site[row] !== NONE && going.site[row] !== going.first[row];
    if (moves) waited += many * service.transfer.share * service.transfer.waits;
    add(all, many, spent, minutes);
    for (const kind of rows.kinds) {
      const group = kind[row] === NONE ? null : groups[kind[row]];
      if (!group) continue;
      group.anybody = true;
      add(group, many, spent, minutes);
    }
    if (rows.older && rows.older[row]) {
      older.people += rows.older[row];
      older.minutes += rows.older[row] * spent;
    }
    for (let band = 0; band < limits.length; band++) {
      if (minutes > limits[band]) continue;
      near[band].patients += many;
      near[band].people += rows.people[row];
      if (rows.older) near[band].older += rows.older[row];
    }
    if (minutes > standard) beyond += many;
    if (minutes < Infinity) arriving.set(minutes, (arriving.get(minutes) || 0) + many);
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
  put("p95_minutes", code, "", reachedBy(arriving, all.patients, 0.95) / scales.minutes);
  BANDS.forEach((band, number) => {
    put(`patients_within_${band}`, code, "", near[number].patients / scales.patients);
    put(`people_within_${band}`, code, "", near[number].people);
    put(`people_beyond_${band}`, code, "", everybody - near[number].people);
    if (rows.older) put(`people_within_${band}`, code, "age 75+", near[number].older);
  });
  if (rows.older) put("mean_minutes", code, "age 75+", older.people ? older.minutes / older.people / finest : NaN);
  if (service.standard !== null) put("patients_beyond_standard", code, "", beyond / scales.patients);
  question.groups.names.forEach((group, number) => groups[number].anybody && publish(groups[number], group));
  return {minutes: all.minutes, patients: all.patients, worst: all.worst, beyond};
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
  return {arriving: site => arriving[site] / whole};
}

// The other pathway: the same patients, if they went straight to the sites that provide the service.
function straightThere(question, code, open, put) {
  const service = question.service[code], going = nearest(question, {sites: service.sites}, open);
  const straight = {rows: plainRows(question, service), ...going, ...spentAndShare(question, {}, going)};
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

// What changes for people against another choice, such as today. Residents only; see optimiser/plan/affected_on_page.py.
function affectedMeasures(question, code, going, before, put) {
  const {areas, scales} = question, patients = question.patients[question.service[code].activity];
  const finest = scales.minutes * scales.shares, least = finest / 2e9; // means of split areas are not whole
  const spent = spentByArea(going), spentBefore = spentByArea(before);
  const start = () => ({people: 0, longer: 0, far: 0, nearer: 0, patients: 0, change: 0, those: 0, theirs: 0});
  const all = start(), older = start(), groups = question.groups.names.map(start);
  for (let area = 0; area < patients.length; area++) {
    if (!areas.resident[area]) continue;
    const change = spent[area] === spentBefore[area] ? 0 : spent[area] - spentBefore[area];
    const note = (sums, people, many) => {
      sums.people += people;
      sums.patients += many;
      if (many) sums.change += many * change;
      if (change > FAR * finest + least) sums.far += people;
      if (change < -FAR * finest - least) sums.nearer += people;
      if (change <= least) return;
      sums.longer += people;
      sums.those += many;
      if (many) sums.theirs += many * change;
    };
    note(all, areas.people[area], patients[area]);
    if (areas.older) note(older, areas.older[area], areas.older[area]);
    for (const kind of question.groups.kinds) if (kind[area] !== NONE) note(groups[kind[area]], areas.people[area], patients[area]);
  }
  const publish = (sums, group) => {
    put("people", code, group, sums.people);
    put("people_longer", code, group, sums.longer);
    put("people_more_than_10_longer", code, group, sums.far);
    put("people_more_than_10_shorter", code, group, sums.nearer);
    put("mean_change", code, group, sums.patients ? sums.change / sums.patients / finest : NaN);
    put("mean_change_of_those_longer", code, group, sums.those ? sums.theirs / sums.those / finest : NaN);
  };
  publish(all, "");
  if (areas.older) publish(older, "age 75+");
  put("patients_redirected", code, "", redirected(going, before) / scales.patients);
  question.groups.names.forEach((group, number) => groups[number].people && publish(groups[number], group));
}

// What an average patient of each area spends.
function spentByArea({spent, rows}) {
  if (!rows.of) return spent;
  const totals = new Map(), mean = Float64Array.from(spent);
  rows.of.forEach((area, row) => totals.set(area, [...(totals.get(area) || []), row]));
  for (const [area, parts] of totals) {
    const all = parts.reduce((sum, row) => sum + rows.patients[row], 0);
    if (parts.length > 1) mean[area] = parts.reduce((sum, row) => sum + rows.patients[row] * spent[row], 0) / all;
  }
  return mean;
}

// Patients who arrive first at another site than before.
function redirected(going, before) {
  if (!going.rows.of && !before.rows.of) {
    const now = going.first || going.site, then = before.first || before.site;
    return going.rows.patients.reduce((sum, many, area) => sum + (now[area] === then[area] ? 0 : many), 0);
  }
  const arriving = ({first, site, rows}) => {
    const found = new Map();
    (first || site).forEach((one, row) => found.set((rows.of ? rows.of[row] : row) * 1000 + one, rows.patients[row]));
    return found;
  };
  const then = arriving(before);
  let all = 0, staying = 0;
  for (const [where, many] of arriving(going)) {
    all += many;
    staying += Math.min(many, then.get(where) || 0);
  }
  return all - staying;
}

// Who of those shared out passes a nearer open site, and what the same sites come to with everybody at the nearest.
function sharedMeasures(question, code, going, open, put) {
  const {scales, sites} = question, {rows, plain} = going, past = new Map(), add = (site, many, minutes) => {
    const [one, other] = past.get(site) || [0, 0];
    past.set(site, [one + many, other + minutes]);
  };
  rows.of.forEach((area, row) => {
    const beyond = going.minutes[row] - plain.minutes[area];
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
  unserved: (question, sums, chosen, [code]) => sums[code].unserved,
  share_within_standard: (question, sums, chosen, [code]) =>
    (sums[code].patients ? Math.round((1 - sums[code].beyond / sums[code].patients) * 1e12) / 1e12 : 1),
};

function judged(question, chosen, sums) {
  const found = [];
  for (const rule of question.rules) {
    const asked = rule.left && rule.left.quantity;
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

// Objectives by table, exactly; without tables, those that sums on the page give.
function objectivesOf(question, chosen, sums, changes) {
  const {scales} = question;
  return question.objectives.map(({name, services, unit, scale, largest, parts}) => {
    if (parts) {
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
    sums.unserved = going.site.reduce((sum, site) => sum + (site === NONE), 0);
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
