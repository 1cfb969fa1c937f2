// What became of my reports, from the server; without network, what the phone itself knows.

import { mine } from "../mine.js";
import { sent, send } from "../outbox.js";
import { nudge } from "../sending.js";
import { answers, follow, settle } from "./draft.js";
import { clock, draw, say, tell } from "./drawing.js";
import { again, go, screen } from "./router.js";

const answered = new Set(); // questions answered in this run, until the server says so too

// A report in quarantine looks like one that waits: who holds the phone must not learn of it.
function fateOf(report) {
  if (report.state === "linked") return say("mine.linked");
  if (report.state === "dismissed") return say("mine.closed", { reason: report.closed_reason ?? "" });
  if (report.seen_at) return say("mine.seen", { time: clock(report.seen_at) });
  return say("mine.unread");
}

function fate(report, known) {
  const { root, at } = draw("fate");
  at.ref.textContent = report.ref ?? "";
  at.fate.textContent = known ? fateOf(report) : say("mine.unknown");
  at.received.textContent = say("mine.received", { time: clock(report.received_at) });
  at.add.addEventListener("click", () => {
    follow(report);
    go("happened");
  });
  for (const one of report.questions ?? []) {
    const last = one.answers?.at(-1);
    at.questions.append(last || answered.has(one.id) ? done(one, last) : question(report, one));
  }
  return root;
}

function done(one, last) {
  const { root, at } = draw("question");
  at.text.textContent = one.text ?? one.question;
  for (const field of [at.label, at.wrong, at.answer, root.querySelector("button")]) field.remove();
  root.append(Object.assign(document.createElement("p"), {
    textContent: last ? say("mine.answered", { time: clock(last.received_at) }) : say("mine.answer-saved"),
  }));
  return root;
}

function question(report, one) {
  const { root, at } = draw("question");
  at.text.textContent = one.text ?? one.question;
  at.label.htmlFor = at.answer.id = `answer-${one.id}`;
  at.answer.value = answers.get(one.id) ?? "";
  at.answer.addEventListener("input", () => {
    answers.set(one.id, at.answer.value);
    tell(at.wrong, "");
  });
  root.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = at.answer.value.trim();
    const button = root.querySelector("button");
    if (!text) tell(at.wrong, say("mine.answer-empty"));
    if (!text || button.disabled) return at.answer.focus();
    button.disabled = true;
    try {
      await send("answer", { report: report.id, question: one.id, text });
    } catch {
      button.disabled = false;
      return tell(at.wrong, say("happened.not-kept"));
    }
    answers.delete(one.id);
    answered.add(one.id);
    settle();
    nudge();
    const after = done(one);
    after.tabIndex = -1;
    root.replaceWith(after);
    return after.focus();
  });
  return root;
}

async function show(at) {
  let reports;
  try {
    reports = await mine();
    tell(at.problem, "");
  } catch (error) {
    tell(at.problem, say(error.name === "Offline" || error.name === "TypeError" ? "mine.offline" : "mine.refused"));
    at.list.append(...(await sent()).filter((one) => one.kind === "report").map((one) => fate(one, false)));
  }
  at.asking.hidden = true;
  if (reports) at.list.append(...reports.map((one) => fate(one, true)));
  at.list.hidden = !at.list.firstChild;
  at.empty.hidden = Boolean(at.list.firstChild);
}

screen("mine", () => {
  const { root, at } = draw("mine");
  at.again.addEventListener("click", again);
  show(at);
  return { root };
});
