// What waits to be sent: sealed, signed, on the disk before anybody says "saved".

// kind: report, answer, check_in. inside: its fields. files: File objects (reports only).
// Options: id (a UUID, else a new one), onProgress(share 0..1) while files are sealed.
// Throws Full, Unreadable, NotEnrolled; then nothing was kept and the form stays as it is.
export async function send(kind, inside, files = [], { id, onProgress } = {}) { throw new Error("soon"); } // -> {id}
export async function waiting() { return []; } // [{id, kind, seq, saved_at, state, tries, foreign, files: [{size, sent}]}]
export async function sent() { return []; } // newest first: [{id, ref, received_at, kind}]
export function watch(callback) { return () => {}; } // -> stop(); called after each change
export async function storage() { return { ok: true, free: 0 }; } // free: bytes, null when unknown
