// Everything of it, from the phone: keys, outbox, caches, worker, session. Never returns to the app.
export async function wipe() { throw new Error("soon"); }
