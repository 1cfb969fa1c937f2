export async function mine() { return []; } // [{id, ref, received_at, state, seen_at, questions, closed_reason…}]; Problem, Offline
