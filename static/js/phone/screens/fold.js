// One spelling for searching, the same as elections/folding.py: what people type and what is
// in the list are folded alike. The result is for comparing, never for showing.

const pairs = (from, to) => new Map([...from].map((sign, at) => [sign, [...to][at]]));

// Told apart by case: "H" looks like "Н", but "h" looks like the Kazakh "һ".
const LOOK_ALIKES = pairs("ABCEHIKMOPTXYËƏaceëhikmopxyə", "АВСЕНІКМОРТХУЁӘасеёһікморхуә");
const TO_RUSSIAN = pairs("ёәғқңөұүһі", "еагкноуухи");
const each = (text, map) => [...text].map((sign) => map.get(sign) ?? sign).join("");

// A word that mixes alphabets, or a number with a look-alike letter, becomes Cyrillic.
function oneAlphabet(word) {
  const letters = [...word].filter((sign) => /\p{L}/u.test(sign));
  const numbered = letters.length < [...word].length && letters.every((sign) => LOOK_ALIKES.has(sign) || /[Ѐ-ӿ]/.test(sign));
  return /[Ѐ-ӿ]/.test(word) || numbered ? each(word, LOOK_ALIKES) : word;
}

export function fold(text) {
  const printable = text.toWellFormed?.() ?? text;
  const plain = printable.replace(/\s/gu, " ").replace(/[\p{Cc}\p{Cf}\p{Cs}\ufffd]/gu, "").normalize("NFKC");
  const lower = plain.replace(/[\p{L}\p{N}_]+/gu, oneAlphabet).toLowerCase().normalize("NFC");
  return each(lower, TO_RUSSIAN)
    .replace(/[‐‑‒–—―−]/g, "-")
    .replace(/((?<![\p{L}\p{N}_])no?[.°o]?|#)\s*(?=\d)/gu, "")
    .replace(/(?<!\d)0+(?=\d)/g, "")
    .split(/\s+/).filter(Boolean).join(" ");
}

export const foldWords = (text) => fold(text).replace(/_/g, " ").match(/[\p{L}\p{N}]+/gu) ?? [];
