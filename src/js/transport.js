// The only code that calls fetch and its kin. It is mechanical and decides nothing: src/core/verdict.rs says what an answer
// means. Plain JavaScript, because what waits for a promise is a line here, and in WebAssembly a state machine with a queue
// of tasks behind it.
import { ofDocument } from './environment.js';
import { SEPARATOR } from './store.js';

// What `answer` is told; see src/browser/store.rs.
const RESPONSE = 13;

/** A request as the endpoint wants it, for `fetch`. */
export const request = (apiKey, body, more) => ({
  method: 'POST',
  headers: { Authorization: `Bearer ${apiKey}`, 'Content-Type': 'application/json' },
  body,
  ...more,
});

/** Whether a request may outlive its page and carry the key. */
export const canOutlive = () => 'keepalive' in (globalThis.Request?.prototype ?? {});

/** Whether the browser can be given a request for the case that the page dies. */
export const canInsure = () => typeof globalThis.fetchLater === 'function';

const isHidden = () => ofDocument('hidden');

/** What became of a request is told by `answer(RESPONSE, id, text, failure)`, where `text` is as `read` has it. */
export function makeTransport(answer) {
  const underway = new Map();
  let insurance;

  return {
    /** Sends at once, within the call: there may be no later. At exit a beacon serves where `fetch` cannot. */
    send(id, endpoint, apiKey, body, keepalive, atExit, beaconUrl) {
      const abort = new AbortController();
      underway.set(id, abort);
      const attempt = async () => {
        let reply;
        try {
          if (!atExit || canOutlive()) reply = fetch(endpoint, request(apiKey, body, { keepalive, signal: abort.signal }));
        } catch (error) {
          if (!atExit) throw error;
        }
        return reply ? read(await reply) : sendBeacon(beaconUrl ?? withKey(endpoint, apiKey), body);
      };
      const tell = (text, failure) => {
        underway.delete(id);
        answer(RESPONSE, id, text, failure);
      };
      const fail = (error) => tell(undefined, `${error?.message ?? error}`);
      // Of a page that closes itself Chromium fails what outlives it, a moment before the page hears that it goes. A page that is
      // left hears of that first, while it is still seen: what it sends then fails for a reason, as where its own requests leave
      // no room.
      const isLeft = atExit && !isHidden();
      const isDoubtful = () => keepalive && !isLeft && isHidden();
      attempt().then(tell, (error) => (isDoubtful() ? setTimeout(fail, 100, error) : fail(error)));
    },

    /** Gives a request up. */
    abort(id) {
      underway.get(id)?.abort();
    },

    /** Has `body` sent if the page dies, in place of one given before. */
    insure(endpoint, apiKey, body) {
      insurance?.abort();
      insurance = undefined;
      if (body === undefined) return;
      insurance = new AbortController();
      try {
        fetchLater(endpoint, request(apiKey, body, { signal: insurance.signal }));
      } catch {
        // Over its quota, or forbidden by a policy: then there is no insurance.
      }
    },
  };
}

// `Response` of src/core/verdict.rs as text. The body is always read to its end: a browser would go on counting an unread
// one against what may outlive the page. A body that cannot be read, because the page's own wrapper of fetch has read it, say,
// makes the answer not the endpoint's; the status tells what it tells.
async function read(response) {
  let body;
  try {
    body = JSON.parse(await response.text());
  } catch (error) {
    body = { message: `the answer cannot be read: ${error?.message}` };
  }
  const given = (name, type) => (typeof body?.[name] === type ? body[name] : undefined);
  const after = response.headers.get('Retry-After');
  return [
    response.status,
    given('success', 'boolean'),
    given('processed_count', 'number'),
    Array.from(given('failed_indices', 'object') ?? []).filter(Number.isInteger).join(' '),
    after,
    Date.parse(after),
    given('message', 'string'),
  ].join(SEPARATOR);
}

// A beacon cannot carry the key as a header; it has no answer either, so its events stay queued. `text/plain` needs no
// preflight, for which there may be no time.
function sendBeacon(url, body) {
  if (!navigator.sendBeacon?.(url, body)) throw new Error('the browser took no beacon');
}

const withKey = (endpoint, apiKey) => `${endpoint}${endpoint.includes('?') ? '&' : '?'}access_token=${encodeURIComponent(apiKey)}`;
