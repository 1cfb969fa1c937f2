// What the phone keeps, in IndexedDB. Of what an observer wrote: ciphertext, nothing else.

import { Full, NotEnrolled } from "./problems.js";

const NAME = "field";
const VERSION = 1;
export const STORES = ["keys", "outbox", "parts", "sent", "reference", "settings"];

let opened = null;
let over = false;

export function open() {
  if (over) return Promise.reject(new NotEnrolled());
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, VERSION);
    asked.onupgradeneeded = (event) => upgrade(asked.result, event.oldVersion);
    asked.onsuccess = () => resolve(ready(asked.result));
    asked.onerror = () => reject(named(asked.error));
  });
  opened.catch(() => { opened = null; });
  return opened;
}

// Each step goes from one version to the next and drops no store: a phone in the field may be
// several versions behind, with reports waiting.
function upgrade(database, from) {
  if (from < 1) for (const store of STORES) database.createObjectStore(store);
}

// Another tab may need a newer version, or wipe: a connection that stays open would stop it.
function ready(database) {
  const forget = () => { opened = null; };
  database.onversionchange = () => { database.close(); forget(); };
  database.onclose = forget;
  return database;
}

const named = (error) => (error?.name === "QuotaExceededError" ? new Full() : error);

// Runs `work(store, …)` in one transaction; resolves with what its requests gave once all of it is
// on the disk. `work` may not wait for anything but requests of this transaction.
export async function change(stores, work, { mode = "readwrite" } = {}) {
  const database = await open();
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(stores, mode, { durability: "strict" });
    let result;
    transaction.oncomplete = () => resolve(result);
    transaction.onabort = () => reject(named(transaction.error) || new DOMException("Stopped", "AbortError"));
    const give = (value) => { result = value; };
    try {
      work(Object.fromEntries([stores].flat().map((name) => [name, transaction.objectStore(name)])), { give, abort: () => transaction.abort() });
    } catch (error) {
      transaction.abort();
      reject(named(error));
    }
  });
}

const read = (store, ask) => change(store, (at, { give }) => {
  const asked = ask(at[store]);
  asked.onsuccess = () => give(asked.result);
}, { mode: "readonly" });

export const get = (store, key) => read(store, (at) => at.get(key));
export const all = (store) => read(store, (at) => at.getAll());
export const names = (store) => read(store, (at) => at.getAllKeys());
export const put = (store, key, value) => change(store, (at) => { at[store].put(value, key); });
export const remove = (store, key) => change(store, (at) => { at[store].delete(key); });

// From now on this page reads and writes nothing: what still runs in it must not begin anew.
export function shut() {
  over = true;
  opened?.then((database) => database.close(), () => {});
}

// Emptied first: deleting waits for other tabs, emptying does not.
export async function wipe() {
  await change(STORES, (at) => { for (const store of STORES) at[store].clear(); });
  shut();
  await new Promise((resolve) => {
    const asked = indexedDB.deleteDatabase(NAME);
    asked.onsuccess = asked.onerror = asked.onblocked = resolve;
  });
}
