// The service worker, and when a new version of it may take over: never while a form anywhere
// holds something that was not sent.

let registration = null;

// `busy()` is true while a form on this page holds something.
export async function register(busy = () => false) {
  const workers = navigator.serviceWorker;
  if (!workers) return;
  let controlled = Boolean(workers.controller); // the first one takes nobody's place
  workers.addEventListener("message", ({ data, ports: [port] }) => {
    if (data === "busy?") port?.postMessage(Boolean(busy()));
  });
  workers.addEventListener("controllerchange", () => {
    if (controlled && !busy()) location.reload();
    controlled = true;
  });
  workers.startMessages();
  registration = await workers.register("/report/worker.js", { scope: "/report/", updateViaCache: "none" });
  idle();
}

// A form became empty: an update that waited may come now, if no other page holds anything.
export function idle() {
  registration?.waiting?.postMessage("update");
}
