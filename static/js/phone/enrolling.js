export async function enrol(secret, label) { throw new Error("soon"); } // -> {device, election}; Problem, Offline
export async function enrolled() { return null; } // null | {device, election}
