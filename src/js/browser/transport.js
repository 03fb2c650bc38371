// Requests to the endpoint, for the core and the direct sender alike.

/**
 * Begins a request at once, within the call: there may be no later. `reply` resolves with what was answered, or rejects where
 * nothing was; `abort` gives it up.
 */
export function post(endpoint, apiKey, body, keepalive) {
  const controller = new AbortController();
  const reply = Promise.resolve(fetch(endpoint, { ...init(apiKey, body, controller), keepalive })).then(read);
  return { reply, abort: () => controller.abort() };
}

/** Has a request sent if the page dies; returns what takes it back. Throws over a quota, or where a policy forbids it. */
export function insure(endpoint, apiKey, body) {
  const controller = new AbortController();
  fetchLater(endpoint, init(apiKey, body, controller));
  return () => controller.abort();
}

/** Returns true if a request may outlive its page and carry the key. */
export const canOutlive = () => 'keepalive' in (globalThis.Request?.prototype ?? {});

function init(apiKey, body, { signal }) {
  // Without a key nothing needs a preflight, if the type is one that forms have.
  const headers = apiKey ? { 'Content-Type': 'application/json', Authorization: `Bearer ${apiKey}` } : { 'Content-Type': 'text/plain' };
  return { method: 'POST', headers, body, signal };
}

/**
 * Reads a response to its end: a browser would go on counting an unread one against what may outlive the page. A body that
 * cannot be read, because the page's own wrapper of `fetch` has read it, say, makes the answer not the endpoint's; its status
 * tells what it tells. A member of another type than documented counts as absent.
 */
async function read(response) {
  const retryAfter = response.headers.get('Retry-After') ?? '';
  const reply = { status: response.status, retryAfter, retryAt: Date.parse(retryAfter), failed: new Uint32Array(), relay: false, message: '' };
  try {
    const { success, processed_count: count, failed_indices: failed, relay, message } = Object(JSON.parse(await response.text()));
    if (typeof success === 'boolean') reply.success = success;
    // A count that is none tells no number of events: none of them is known to have been taken.
    if (typeof count === 'number') reply.count = isPlace(count) ? count : 0;
    if (Array.isArray(failed)) reply.failed = Uint32Array.from(failed.filter((place) => isPlace(place) && place < 2 ** 32));
    reply.relay = relay === true;
    if (typeof message === 'string') reply.message = message;
  } catch (error) {
    reply.message = `the answer cannot be read: ${error?.message}`;
  }
  return reply;
}

const isPlace = (number) => Number.isInteger(number) && number >= 0;
