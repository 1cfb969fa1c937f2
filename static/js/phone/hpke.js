// HPKE (RFC 9180), base mode, one message: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-GCM.

import { join, utf8 } from "./bytes.js";

const CURVE = { name: "ECDH", namedCurve: "P-256" };
const KEM = utf8("KEM\x00\x10");
const LENGTH = 32; // of a hash and of a shared secret
const NONCE = 12;
const NOTHING = new Uint8Array();

async function hmac(key, message) {
  // HMAC fills a short key up with zeros; browsers refuse to import an empty one.
  const raw = key.length ? key : new Uint8Array(LENGTH);
  const imported = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, message));
}

const extract = (suite, salt, label, material) => hmac(salt, join(utf8("HPKE-v1"), suite, utf8(label), material));

// No more than one block of the hash is ever asked for.
async function expand(suite, secret, label, info, length) {
  const asked = join(Uint8Array.of(0, length), utf8("HPKE-v1"), suite, utf8(label), info, Uint8Array.of(1));
  return (await hmac(secret, asked)).slice(0, length);
}

async function encapsulate(to, pair) {
  const theirs = await crypto.subtle.importKey("raw", to, CURVE, false, []);
  const enc = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const agreed = await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, pair.privateKey, LENGTH * 8);
  const secret = await extract(KEM, NOTHING, "eae_prk", new Uint8Array(agreed));
  return { enc, shared: await expand(KEM, secret, "shared_secret", join(enc, to), LENGTH) };
}

async function schedule(shared, info, keyLength) {
  // KEM 0x0010, KDF 0x0001, AEAD 0x0001 (AES-128) or 0x0002 (AES-256).
  const suite = join(utf8("HPKE"), Uint8Array.of(0, 0x10, 0, 1, 0, keyLength === 32 ? 2 : 1));
  const identity = await extract(suite, NOTHING, "psk_id_hash", NOTHING);
  const context = join(Uint8Array.of(0), identity, await extract(suite, NOTHING, "info_hash", info));
  const secret = await extract(suite, shared, "secret", NOTHING);
  return {
    key: await expand(suite, secret, "key", context, keyLength),
    nonce: await expand(suite, secret, "base_nonce", context, NONCE),
  };
}

// Gives enc ‖ ciphertext. `to` is an uncompressed point. The last three are for the RFC's vectors.
export async function seal({ to, info, plain, aad = NOTHING, keyLength = 32, ephemeral = null }) {
  const pair = ephemeral ?? (await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]));
  const { enc, shared } = await encapsulate(to, pair);
  const { key, nonce } = await schedule(shared, info, keyLength);
  const cipher = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData: aad }, cipher, plain);
  return join(enc, new Uint8Array(sealed));
}
