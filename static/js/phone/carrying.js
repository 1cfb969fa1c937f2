// What waits, sealed, carried by any hand.

export async function toFile({ files = false } = {}) { throw new Error("soon"); } // -> Blob
export async function toCodes(size = 400) { return []; } // -> [text for one QR code, …]
export async function fromFile(blob) { return { added: 0, known: 0, bad: 0 }; }
// codes: an async iterable of scanned texts; onFrame(have, total). Resolves when all frames are there.
export async function fromCodes(codes, onFrame = () => {}) { return { added: 0, known: 0, bad: 0 }; }
