// Look up a place by what people call it: districts, towns, hospitals, wards and areas, whatever the case, hyphens and spaces.
// Uses the words of page.js. Text goes in as textContent only.
"use strict";

const plainName = text => text.normalize("NFKD").toLowerCase().replace(/[^a-z0-9]/g, "");
const POSTCODE = /^[a-z]{1,2}[0-9][0-9a-z]?( ?[0-9]([a-z]{2})?)?$/i;
const MOST_PLACES = 8, LEAST_TYPED = 2, LEAST_BEGUN = 4;
let known = null;

// Every place that can be found, in the order in which kinds are listed.
function placesKnown() {
  if (known) return known;
  const {areas, sites} = question, of = (kind, name, more, also = "") => ({kind, name, plain: plainName(name), also: plainName(also), ...more});
  const districts = (areas.districts || []).map((name, district) => of("district", name, {district}));
  const named = new Set(districts.map(one => one.plain));
  const towns = (PAGE.map ? PAGE.map.towns : []).map(([name, area]) => of("town", name, {area})).filter(one => !named.has(one.plain));
  const hospitals = sites.map(({code, name}) => of("hospital", name, {site: code}, names(code)));
  const wards = (areas.wards || []).map((name, ward) => of("ward", name, {ward}));
  const each = areas.codes.map((code, area) => of("area", areas.names[area] || code, {area}, code));
  known = [...districts, ...towns, ...hospitals, ...wards, ...each];
  return known;
}

// Those that begin so, then those that have it in them; where there is none, those that are spelt nearly so, or with which
// it begins: people say more than the name of a ward.
function placesLike(text) {
  const wanted = plainName(text);
  if (wanted.length < LEAST_TYPED) return {found: [], nearly: false};
  const every = placesKnown(), begins = one => one.plain.startsWith(wanted) || one.also.startsWith(wanted);
  const first = every.filter(begins), within = every.filter(one => !begins(one) && one.plain.includes(wanted));
  if (first.length || within.length) return {found: [...first, ...within], nearly: false};
  const most = wanted.length < 5 ? 1 : 2, named = every.filter(one => one.kind !== "area");
  const far = new Map(named.map(one => [one, stepsApart(wanted, one.plain.slice(0, wanted.length + 1), most)]));
  const begun = named.filter(one => far.get(one) > most && one.plain.length >= LEAST_BEGUN && wanted.startsWith(one.plain));
  return {found: [...named.filter(one => far.get(one) <= most).sort((one, other) => far.get(one) - far.get(other)), ...begun], nearly: true};
}

// How many letters are missing, too many, wrong or changed over between two words; more than the most is not counted out.
function stepsApart(one, other, most) {
  if (Math.abs(one.length - other.length) > most) return most + 1;
  let before = [], last = Array.from({length: other.length + 1}, (_, at) => at);
  for (let row = 1; row <= one.length; row++) {
    const line = [row];
    for (let at = 1; at <= other.length; at++) {
      const same = one[row - 1] === other[at - 1];
      line[at] = Math.min(last[at] + 1, line[at - 1] + 1, last[at - 1] + (same ? 0 : 1));
      if (row > 1 && at > 1 && one[row - 1] === other[at - 2] && one[row - 2] === other[at - 1]) line[at] = Math.min(line[at], before[at - 2] + 1);
    }
    [before, last] = [last, line];
  }
  return last[other.length];
}

function listPlaces() {
  const typed = byId("place").value, {found, nearly} = placesLike(typed), some = found.slice(0, MOST_PLACES);
  const of = found.length > some.length ? `${some.length} of ${commas(found.length)} places shown: type more to narrow them down` : `${found.length} place${found.length === 1 ? "" : "s"}`;
  const none = POSTCODE.test(typed.trim()) ? "Postcodes are not known here. Try a town, a district or a hospital." : `No such place. ${question.areas.wards ? "Villages are" : "Villages and wards are"} not known here: try a town, a district${question.areas.wards ? ", a ward" : ""} or a hospital.`;
  const said = plainName(typed).length < LEAST_TYPED ? "" : !found.length ? none : nearly ? "No such place. Did you mean:" : `${of}.`;
  byId("places-said").textContent = said;
  byId("places").replaceChildren(...some.map(one => {
    const item = element("li"), button = element("button", calledPlace(one), {type: "button"});
    button.addEventListener("click", () => showFound(one));
    item.append(button);
    return item;
  }));
}

// An area has its code and district beside its name; the others say what they are.
function calledPlace({kind, name, area, ward}) {
  if (kind === "ward") return [name, kind, districtOf(areasOf("ward", ward)[0])].filter(Boolean).join(", ");
  if (kind !== "area") return `${name}, ${kind}`;
  const {areas} = question, district = districtOf(area);
  return [name, areas.codes[area], district].filter((one, at, all) => one && all.indexOf(one) === at).join(", ");
}

const areasOf = (kind, number) => question.areas.codes.map((_, area) => area).filter(area => question.areas[kind][area] === number);

function districtOf(area) {
  const {areas} = question;
  return areas.districts && areas.district[area] < areas.districts.length ? areas.districts[areas.district[area]] : "";
}

// Enter chooses the only one that is left, or the only one of just this name.
function choosePlace() {
  const typed = byId("place").value, {found, nearly} = placesLike(typed), just = found.filter(one => one.plain === plainName(typed));
  if (just.length === 1 || (found.length === 1 && !nearly)) showFound(just[0] || found[0]);
  else if (found.length > 1) byId("places-said").textContent = `${commas(found.length)} places are like this: choose one.`;
}

function showFound({kind, name, area, district, site, ward}) {
  if (kind === "district") showDistrict(name, district);
  else if (kind === "ward") showWard(name, ward);
  else if (kind === "hospital") showHospital(name, site);
  else if (area < 0) tellPlace(`${name} lies outside the areas that are counted here.`);
  else showPlace(area, kind === "town" ? name : "");
}

// A district in a sentence for each service: its average, and the nearest and farthest of its areas.
function showDistrict(name, district) {
  const own = areasOf("district", district);
  if (!own.some(area => question.areas.resident[area])) return tellPlace(`${name} lies outside the system: nobody who lives there is decided for here.`);
  return tellMinutes(`${name}, ${commas(own.length)} areas, by your choice`, code => {
    const [is, was] = [now, today].map(result => measure(result, "mean_minutes", code, `district ${name}`)), each = minutesOf(now, code, own);
    const apart = each.length ? `; from ${FORMS.whole(Math.min(...each))} to ${FORMS.whole(Math.max(...each))} by area` : "";
    return `${FORMS.d1(is)} minutes on average${apart}; ${FORMS.d1(was)} with today’s sites`;
  });
}

// A ward in a sentence for each service: the nearest and farthest of its few areas.
function showWard(name, ward) {
  const own = areasOf("ward", ward), many = own.length === 1 ? "1 area" : `${own.length} areas`;
  markPlace(own[0]);
  return tellMinutes(`${[name, districtOf(own[0])].filter(Boolean).join(", ")}: ward of ${many}${question.areas.resident[own[0]] ? "" : " outside the system"}, by your choice`, code => {
    const [is, was] = [now, today].map(result => {
      const [least, most] = [Math.min, Math.max].map(one => FORMS.whole(one(...minutesOf(result, code, own))));
      return minutesOf(result, code, own).length ? (least === most ? least : `${least} to ${most}`) : "no site";
    });
    return `${is} minutes; ${was} with today’s sites`;
  });
}

// Minutes of some areas to a service; of who leaves whatever is chosen, nobody's.
function minutesOf(result, code, own) {
  const {minutes, rows} = result.going[code], some = new Set(own), each = [];
  rows.area.forEach((area, row) => { if (some.has(area) && !(rows.to[row] >= 0) && Number.isFinite(minutes[row])) each.push(minutes[row] / question.scales.minutes); });
  return each;
}

function tellMinutes(head, said) {
  const list = element("ul");
  list.append(...question.services.filter(one => one.activity).map(({code}) => element("li", `${nameOf(code)}: ${said(code)}`)));
  return tellPlace(head, list);
}

function showHospital(name, site) {
  const at = choice => question.services.filter(({code}) => choice[code].includes(site)).map(one => lower(one.name));
  if (!question.codes.includes(site)) {
    tellPlace(`${name} lies outside the system: what it provides is not decided here.`);
    return;
  }
  const [is, was] = [chosen, PAGE.today].map(at), list = element("ul");
  list.append(element("li", `Your choice has there: ${is.length ? joined(is) : "none of these services"}.`), element("li", `Today: ${was.length ? joined(was) : "none of these services"}.`));
  if (shown) list.append(element("li", `${nameOf(shown)}: ${FORMS.whole(measure(now, "site_patients", shown, site) || 0)} patients a year.`));
  tellPlace(name, list);
}
