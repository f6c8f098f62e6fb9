// What if something else were asked of a service: fewer patients a year, more staff, more patients in time? Every way to
// place it is judged again by the same sums, all else as it is. Nothing here draws; parity is tested against Python.
"use strict";

// Rules and objectives that the page can work out for other patients, or that do not rest on patients.
const RULES_AGAIN = ["arriving", "share_within_standard", "unserved"], RULES_OF_SITES = ["designated", "sites", "services"];
const OBJECTIVES_OF_CHOICE = ["staff_short", "changes_from_today", "fewest_sites"];

// Whether more patients may be asked to go to the nearest hospital of all: where every rule and objective can follow.
function mayBePulled({border, services, rules, objectives}) {
  return Boolean(border) && services.every(({transfer, shared, offsets, beds}) => !transfer && !shared && !offsets && !beds)
    && rules.every(({again, unit}) => RULES_AGAIN.includes(again) || RULES_OF_SITES.includes(unit))
    && objectives.every(({name}) => [...OBJECTIVES_AGAIN, ...OBJECTIVES_OF_CHOICE].includes(name));
}

// The same question with another share of patients, on either side of the border, who go to the nearest of all.
function withPull(question, pull) {
  const part = many => partOf(many, Math.round(pull * 1e6), 1e6);
  const pulled = pull > 0 && pull < 1 ? Object.entries(question.patients).map(([activity, patients]) => [activity, Float64Array.from(patients, part)]) : [];
  return {...question, others: true, rows: new Map(), border: {...question.border, pull, pulled: Object.fromEntries(pulled)}};
}

// What may be asked otherwise, with what is asked now: the question's own figures, 0 where it asks for nothing.
function floorsOf(question, placed, code) {
  const service = question.service[code], share = question.rules.find(rule => rule.unit === SHARE && rule.names[0] === code);
  return {
    patients: placed.floor,
    staff: placed.team ? 0 : null,
    share: service.standard === null ? null : share ? lookUp(question, {}, [], share.right) : 0,
    pull: mayBePulled(question) ? question.border.pull : null,
  };
}

const SHARE = "share of patients", PATIENTS = "patients a year";

// The rules that a way to place a service breaks if this is asked: those of patients, staff and shares by what is asked.
function brokenIf(code, result, placed, floors) {
  const ofTeam = rule => placed.team && rule.relation === ">=" && rule.unit === placed.team[1] && rule.names.includes(placed.team[0]);
  const short = result.staff.filter(row => placed.team && row.team === placed.team[0] && row.unit === placed.team[1]).reduce((sum, row) => sum + row.short, 0);
  const broken = result.rules.filter(rule => {
    if (floors.patients !== null && rule.unit === PATIENTS && rule.relation === ">=" && rule.names[0] === code) return rule.left < floors.patients;
    if (rule.unit === SHARE && rule.names[0] === code) return false;
    return !rule.pass && !(ofTeam(rule) && short <= floors.staff + 1e-9);
  });
  const all = result.measures.get(`patients|${code}|`), beyond = result.measures.get(`patients_beyond_standard|${code}|`);
  const within = all ? Math.round((1 - beyond / all) * 1e12) / 1e12 : 1;
  return floors.share !== null && within < floors.share ? [...broken, {relation: ">=", unit: SHARE, left: within, right: floors.share}] : broken;
}

// The best of the ways that break nothing then: by every objective in turn, the first of equals; none where all break something.
function bestOf(rows) {
  const better = (one, other) => {
    for (const [number, {value}] of one.result.objectives.entries()) {
      const theirs = other.result.objectives[number].value;
      if (value !== theirs) return value < theirs;
    }
    return false;
  };
  return rows.filter(row => !row.broken.length).reduce((best, row) => (best && !better(row, best) ? best : row), null);
}

// What is chosen, in the address: sites by service as numbers, the service shown, and what is asked otherwise.
function addressOf(question, chosen, shown, floors) {
  const mask = code => chosen[code].reduce((sum, site) => sum + (1n << BigInt(question.codes.indexOf(site))), 0n).toString(36);
  const asked = Object.entries(floors).filter(([, value]) => Number.isFinite(value)).map(([name, value]) => `;${name}=${value}`).join("");
  return `#c=${question.services.map(({code}) => mask(code)).join(".")};show=${question.services.findIndex(({code}) => code === shown)}${asked}`;
}

// The same read back; null where an address says something else, or of another question.
function readAddress(question, hash) {
  const found = /^#c=([0-9a-z.]+);show=([0-9]{1,4})((?:;[a-z]+=[0-9.]{1,12})*)$/.exec(hash);
  const masks = found ? found[1].split(".") : [], service = found && question.services[Number(found[2])];
  if (masks.length !== question.services.length || !service || masks.some(mask => mask.length > 99 || !mask)) return null;
  const big = text => Array.from(text).reduce((sum, digit) => sum * 36n + BigInt(parseInt(digit, 36)), 0n), chosen = {};
  for (const [number, {code, fixed}] of question.services.entries()) {
    const mask = big(masks[number]);
    if (mask >> BigInt(question.codes.length)) return null;
    chosen[code] = question.codes.filter((site, bit) => mask >> BigInt(bit) & 1n);
    if (question.codes.some(site => site in fixed && fixed[site].provided !== chosen[code].includes(site))) return null;
  }
  const floors = Object.fromEntries(found[3].split(";").slice(1).map(one => one.split("=")).map(([name, value]) => [name, Number(value)]));
  return {chosen, shown: service.code, floors};
}
