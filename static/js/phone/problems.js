// What may go wrong, by name. A screen has a sentence for each; none of them loses anything.

// The server answered, and said no. `code` is the one of the API's problem details.
export class Problem extends Error {
  name = "Problem";

  constructor(status, code = "", detail = "") {
    super(detail || `${status} ${code}`);
    Object.assign(this, { status, code, detail });
  }
}

// Nobody answered, or somebody who is not our server: a block page, a captive portal.
export class Offline extends Error {
  name = "Offline";
}

// There is no room left on the phone. Nothing was kept of what did not fit.
export class Full extends Error {
  name = "Full";
}

// A chosen file could not be read to its end.
export class Unreadable extends Error {
  name = "Unreadable";
}

// This phone has no key yet, or was wiped in the meantime.
export class NotEnrolled extends Error {
  name = "NotEnrolled";
}
