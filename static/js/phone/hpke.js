// HPKE (RFC 9180), base mode, one message: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-GCM.

// Gives enc ‖ ciphertext. `to` is an uncompressed point, `ephemeral` a key pair (tests of the RFC).
export async function seal({ to, info, plain, keyLength = 32, ephemeral = null }) { throw new Error("soon"); }
