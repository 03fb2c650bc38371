// What a careful programmer writes by hand, without a library: memory, IndexedDB, segments of 100, keepalive fetch,
// a Web Lock that says this page lives. No caps, no limits, no backoff worth the name, no marks, no accounts.
const begun = performance.now();
const endpoint = `${sink}/v1/events/batch`;
const page = crypto.randomUUID();
const held = [];
const segments = [];
let database;
let scheduled = false;
let sending = false;
let number = 0;
let stored = 0;

function track(name, properties) {
  const id = `${page}-${++number}`;
  const time = new Date().toISOString();
  held.push(JSON.stringify({
    event_name: name, user_id: 'anon', ua: navigator.userAgent, properties: { ...properties, $event_id: id, $time: time },
  }));
  if (!scheduled) {
    scheduled = true;
    queueMicrotask(store);
  }
  return id;
}

function store() {
  scheduled = false;
  if (!database) return;
  const transaction = database.transaction('segments', 'readwrite');
  while (held.length) {
    const segment = { key: `${page}/${String(++stored).padStart(8, '0')}`, events: held.splice(0, 100) };
    transaction.objectStore('segments').put(segment);
    segments.push(segment);
  }
  transaction.oncomplete = send;
  transaction.commit();
}

async function send() {
  if (sending) return;
  sending = true;
  while (segments.length) {
    const segment = segments[0];
    const body = `{"events":[${segment.events.join(',')}]}`;
    const headers = { Authorization: 'Bearer bench_key', 'Content-Type': 'application/json' };
    const answer = await fetch(endpoint, { method: 'POST', headers, body, keepalive: body.length < 60_000 }).catch(() => null);
    await answer?.text();
    if (!answer?.ok) {
      setTimeout(send, 10_000);
      break;
    }
    segments.shift();
    database.transaction('segments', 'readwrite').objectStore('segments').delete(segment.key);
  }
  sending = false;
}

const ready = new Promise((opened) => {
  navigator.locks.request(page, () => new Promise(() => {}));
  const request = indexedDB.open('bare', 1);
  request.onupgradeneeded = () => request.result.createObjectStore('segments', { keyPath: 'key' });
  request.onsuccess = () => {
    database = request.result;
    database.transaction('segments').objectStore('segments').getAll().onsuccess = ({ target }) => {
      segments.unshift(...target.result);
      store();
      opened();
    };
  };
});

/** Milliseconds that its start blocks the page, as `init` does. */
const blocked = performance.now() - begun;

window.tracker = { ready, track, blocked };
