// QR codes (ISO/IEC 18004), byte mode, versions 1 to 20, levels L and M: enough for what is carried.

import { utf8 } from "./bytes.js";

const VERSIONS = 20;
// Of each version: check words in a block, and blocks.
const CHECKS = {
  L: [[7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28], [1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8]],
  M: [[10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26], [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16]],
};
const LEVEL_BITS = { L: 1, M: 0 };
const MASKS = [
  (x, y) => (x + y) % 2,
  (x, y) => y % 2,
  (x) => x % 3,
  (x, y) => (x + y) % 3,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2,
  (x, y) => ((x * y) % 2) + ((x * y) % 3),
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2,
];

// --- The field of 256 elements, and Reed and Solomon's check words ------------------------------

const POWERS = new Uint8Array(255);
const LOGS = new Uint8Array(256);
for (let at = 0, value = 1; at < 255; at += 1) {
  POWERS[at] = value;
  LOGS[value] = at;
  value = (value << 1) ^ (value & 0x80 ? 0x11d : 0);
}
const times = (a, b) => (a && b ? POWERS[(LOGS[a] + LOGS[b]) % 255] : 0);

function divisor(degree) {
  let found = [1];
  for (let at = 0; at < degree; at += 1) {
    const next = [...found, 0];
    found.forEach((factor, place) => { next[place + 1] ^= times(factor, POWERS[at]); });
    found = next;
  }
  return found.slice(1);
}

function checkWords(data, by) {
  const rest = new Uint8Array(by.length);
  for (const byte of data) {
    const factor = byte ^ rest[0];
    rest.copyWithin(0, 1);
    rest[rest.length - 1] = 0;
    by.forEach((word, at) => { rest[at] ^= times(word, factor); });
  }
  return rest;
}

// --- From text to code words ---------------------------------------------------------------------

const alignments = (version) => (version === 1 ? 0 : Math.floor(version / 7) + 2);

function wordsIn(version) {
  const across = alignments(version);
  let bits = (16 * version + 128) * version + 64;
  if (across) bits -= (25 * across - 10) * across - 55;
  if (version >= 7) bits -= 36;
  return bits >> 3;
}

const dataIn = (version, level) => wordsIn(version) - CHECKS[level][0][version - 1] * CHECKS[level][1][version - 1];
const lengthBits = (version) => (version < 10 ? 8 : 16);

function smallest(length, level) {
  for (let version = 1; version <= VERSIONS; version += 1) if (4 + lengthBits(version) + length * 8 <= dataIn(version, level) * 8) return version;
  throw new RangeError("too long for one code");
}

function dataWords(bytes, version, level) {
  const bits = [];
  const write = (value, count) => { for (let at = count - 1; at >= 0; at -= 1) bits.push((value >>> at) & 1); };
  write(4, 4);
  write(bytes.length, lengthBits(version));
  for (const byte of bytes) write(byte, 8);
  const room = dataIn(version, level) * 8;
  write(0, Math.min(4, room - bits.length));
  write(0, (8 - (bits.length % 8)) % 8);
  for (let filler = 0xec; bits.length < room; filler ^= 0xec ^ 0x11) write(filler, 8);
  return Uint8Array.from({ length: room / 8 }, (_, at) => bits.slice(at * 8, at * 8 + 8).reduce((sum, bit) => sum * 2 + bit, 0));
}

// Blocks with their check words, then a word of each in turn.
function codeWords(data, version, level) {
  const [checks, blocks] = CHECKS[level].map((row) => row[version - 1]);
  const by = divisor(checks);
  const short = Math.floor(data.length / blocks);
  const shorter = blocks - (data.length % blocks);
  const parts = [];
  for (let block = 0, at = 0; block < blocks; block += 1) {
    const length = short + (block < shorter ? 0 : 1);
    const part = data.subarray(at, at + length);
    parts.push({ part, checks: checkWords(part, by) });
    at += length;
  }
  const found = [];
  for (let at = 0; at <= short; at += 1) for (const { part } of parts) if (at < part.length) found.push(part[at]);
  for (let at = 0; at < checks; at += 1) for (const block of parts) found.push(block.checks[at]);
  return found;
}

// --- Drawing -------------------------------------------------------------------------------------

// `dark` holds the modules, `fixed` those that belong to no data.
function blank(version) {
  const size = version * 4 + 17;
  const grid = () => Array.from({ length: size }, () => new Uint8Array(size));
  return { version, size, dark: grid(), fixed: grid() };
}

function set(code, x, y, value) {
  code.dark[y][x] = value ? 1 : 0;
  code.fixed[y][x] = 1;
}

function square(code, middleX, middleY, reach, isDark) {
  for (let dy = -reach; dy <= reach; dy += 1) {
    for (let dx = -reach; dx <= reach; dx += 1) {
      const [x, y] = [middleX + dx, middleY + dy];
      if (x >= 0 && y >= 0 && x < code.size && y < code.size) set(code, x, y, isDark(Math.max(Math.abs(dx), Math.abs(dy))));
    }
  }
}

function drawFixed(code) {
  const { size, version } = code;
  for (let at = 0; at < size; at += 1) {
    set(code, 6, at, at % 2 === 0);
    set(code, at, 6, at % 2 === 0);
  }
  for (const [x, y] of [[3, 3], [size - 4, 3], [3, size - 4]]) square(code, x, y, 4, (ring) => ring !== 2 && ring !== 4);
  const count = alignments(version);
  const step = Math.ceil((version * 4 + 4) / (count * 2 - 2)) * 2;
  const places = Array.from({ length: count }, (_, at) => (at ? size - 7 - (count - 1 - at) * step : 6));
  const corner = (a, b) => (a === 0 && b === 0) || (a === 0 && b === count - 1) || (a === count - 1 && b === 0);
  places.forEach((x, a) => places.forEach((y, b) => { if (!corner(a, b)) square(code, x, y, 2, (ring) => ring !== 1); }));
  drawFormat(code, "M", 0); // keeps the place
  if (version >= 7) drawVersion(code);
}

function remainder(value, bits, generator) {
  let rest = value;
  for (let at = 0; at < bits; at += 1) rest = (rest << 1) ^ ((rest >>> (bits - 1)) * generator);
  return rest;
}

function drawVersion(code) {
  const bits = (code.version << 12) | remainder(code.version, 12, 0x1f25);
  for (let at = 0; at < 18; at += 1) {
    const [a, b] = [code.size - 11 + (at % 3), Math.floor(at / 3)];
    set(code, a, b, (bits >>> at) & 1);
    set(code, b, a, (bits >>> at) & 1);
  }
}

function drawFormat(code, level, mask) {
  const data = (LEVEL_BITS[level] << 3) | mask;
  const bits = ((data << 10) | remainder(data, 10, 0x537)) ^ 0x5412;
  const bit = (at) => (bits >>> at) & 1;
  const { size } = code;
  for (let at = 0; at < 6; at += 1) set(code, 8, at, bit(at));
  set(code, 8, 7, bit(6));
  set(code, 8, 8, bit(7));
  set(code, 7, 8, bit(8));
  for (let at = 9; at < 15; at += 1) set(code, 14 - at, 8, bit(at));
  for (let at = 0; at < 8; at += 1) set(code, size - 1 - at, 8, bit(at));
  for (let at = 8; at < 15; at += 1) set(code, 8, size - 15 + at, bit(at));
  set(code, 8, size - 8, 1);
}

// Up and down in columns of two, from the right.
function drawData({ size, dark, fixed }, words) {
  let at = 0;
  for (let right = size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5;
    for (let step = 0; step < size; step += 1) {
      const y = (right + 1) & 2 ? step : size - 1 - step;
      for (const x of [right, right - 1]) {
        if (fixed[y][x] || at >= words.length * 8) continue;
        dark[y][x] = (words[at >>> 3] >>> (7 - (at & 7))) & 1;
        at += 1;
      }
    }
  }
}

function masked({ size, dark, fixed, version }, level, mask) {
  const code = { size, version, fixed: fixed.map((row) => row.slice()), dark: dark.map((row, y) => row.map((bit, x) => (fixed[y][x] || MASKS[mask](x, y) ? bit : bit ^ 1))) };
  drawFormat(code, level, mask);
  return code;
}

// --- How well a mask reads -----------------------------------------------------------------------

const LIKE_A_CORNER = /(?=00001011101|10111010000)/g;

function badness({ size, dark }) {
  let found = 0;
  for (let y = 0; y < size; y += 1) {
    const row = dark[y].join("");
    const column = dark.map((line) => line[y]).join("");
    for (const line of [row, column]) {
      for (const [run] of line.matchAll(/0{5,}|1{5,}/g)) found += run.length - 2;
      found += 40 * [...line.matchAll(LIKE_A_CORNER)].length;
    }
  }
  let sum = 0;
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const bit = dark[y][x];
      sum += bit;
      if (x && y && bit === dark[y][x - 1] && bit === dark[y - 1][x] && bit === dark[y - 1][x - 1]) found += 3;
    }
  }
  return found + 10 * Math.floor(Math.abs(sum * 20 - size * size * 10) / (size * size));
}

// Rows of 0 and 1. RangeError for a text that is too long for version 20.
export function matrix(text, level = "M") {
  const bytes = utf8(text);
  const version = smallest(bytes.length, level);
  const code = blank(version);
  drawFixed(code);
  drawData(code, codeWords(dataWords(bytes, version, level), version, level));
  const all = MASKS.map((_, mask) => masked(code, level, mask));
  const scores = all.map(badness);
  return all[scores.indexOf(Math.min(...scores))].dark;
}

// Black on white whatever the colours of the page: cameras expect that.
export function svg(text, level = "M") {
  const rows = matrix(text, level);
  const side = rows.length + 8;
  const make = (name, attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const path = rows.map((row, y) => Array.from(row, (bit, x) => (bit ? `M${x + 4} ${y + 4}h1v1h-1z` : "")).join("")).join("");
  const drawn = make("svg", { viewBox: `0 0 ${side} ${side}`, "shape-rendering": "crispEdges", role: "img" });
  drawn.append(make("rect", { width: side, height: side, fill: "#fff" }), make("path", { d: path, fill: "#000" }));
  return drawn;
}
