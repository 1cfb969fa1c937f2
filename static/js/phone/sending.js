// One sender at a time, over all tabs.

export function start() {} // idempotent
export function nudge() {} // now, whatever was planned
