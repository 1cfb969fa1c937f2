// The phone's own key, and the receipts of the server.

export async function make() { throw new Error("soon"); } // -> {pair, point}
export async function sign(message) { throw new Error("soon"); } // -> base64url
// Whether the server signed for exactly these bytes.
export async function receiptHolds(receipt, { id, sha256 }) { throw new Error("soon"); }
