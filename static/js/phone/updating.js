// The service worker of the phone. `busy()` is true while a form holds something that was not sent.
export async function register(busy = () => false) {}
// A form became empty: an update that waited may come now.
export function idle() {}
