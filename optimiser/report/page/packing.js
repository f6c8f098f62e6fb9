// Reads what packing.py wrote in few letters: whole numbers, codes and names of areas, and stretches of border.
"use strict";

function bytesOf(base64) {
  const text = atob(base64), bytes = new Uint8Array(text.length);
  for (let place = 0; place < bytes.length; place++) bytes[place] = text.charCodeAt(place);
  return bytes;
}

const wholeNumbers = (bits, many) => new (bits <= 8 ? Uint8Array : bits <= 16 ? Uint16Array : Uint32Array)(many);

// Small whole numbers, counted 0, −1, 1, −2 …: as many noughts as there are more digits than order and one, then the digits.
function decoded({order, many, base64}) {
  const bytes = bytesOf(base64), found = new Int32Array(many), bit = at => (bytes[at >>> 3] >>> (7 - (at & 7))) & 1;
  for (let number = 0, at = 0; number < many; number++) {
    let more = order, value = 0;
    while (!bit(at++)) more++;
    for (at--; more >= 0; more--) value = 2 * value + bit(at++);
    value -= 2 ** order;
    found[number] = value % 2 ? -(value + 1) / 2 : value / 2;
  }
  return found;
}

// A table of whole numbers, each written as how far it is from what those beside it and in a row before foretell.
function foretold({bits, rows, columns, back, over}) {
  const wide = columns.length, left = decoded(over), far = unpacked(back), known = new Int32Array(rows * wide);
  const found = wholeNumbers(bits, rows * wide), missing = 2 ** bits - 1;
  for (let row = 0, at = 0; row < rows; row++) {
    const above = at - wide * (1 + far[row]), start = at;
    for (const column of columns) {
      const up = above < 0 ? 0 : known[above + at - start];
      const beside = at === start ? 0 : known[at - 1] - (above < 0 ? 0 : known[above + at - start - 1]);
      known[at] = up + beside + left[at];
      found[start + column] = known[at] < 0 ? missing : known[at];
      at++;
    }
  }
  return found;
}

// Whole numbers of so many bits each stand one after another, the highest bit first; of 64 bits they are floats.
function unpacked({bits, many, base64}) {
  const bytes = bytesOf(base64);
  if (bits === 64) return new Float64Array(bytes.buffer);
  const found = wholeNumbers(bits, many);
  for (let number = 0, at = 0; number < many; number++, at += bits) {
    let taken = 0, value = 0;
    while (taken < bits) {
      const from = (at + taken) & 7, some = Math.min(8 - from, bits - taken);
      value = (value << some) | ((bytes[(at + taken) >>> 3] >>> (8 - from - some)) & ((1 << some) - 1));
      taken += some;
    }
    found[number] = value;
  }
  return found;
}

function codesOf(codes) {
  if (!codes.length || typeof codes[0] === "string") return codes;
  return codes.flatMap(({letters, digits, after}) => {
    let number = 0;
    return Array.from(decoded(after), more => letters + String(number += more).padStart(digits, "0"));
  });
}

// Where the name of an area begins with that of its district, it is written without.
const withWhatIsShared = ({names, district, districts}) => names.map((name, area) => (name.startsWith("\t") ? districts[district[area]] + name.slice(1) : name));

// Each stretch of border between two areas: the numbers of both, and its path.
function stretchesOf({one, beyond, start, many, steps}) {
  const [froms, beyonds, starts, counts, each] = [one, beyond, start, many, steps].map(decoded);
  let area = 0, x = 0, y = 0, at = 0;
  return Array.from(froms, (after, number) => {
    area += after;
    x += starts[2 * number];
    y += starts[2 * number + 1];
    const end = at + 2 * counts[number], path = `M${x} ${y}l${Array.from(each.subarray(at, end)).join(" ")}`;
    at = end;
    return [area, area + beyonds[number], path];
  });
}
