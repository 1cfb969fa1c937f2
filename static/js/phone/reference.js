export async function reference(language) { return null; } // object | null, from the vault
export async function refresh(language) { return false; } // true when there is something new; Problem, Offline
