// The direct sender: the fallback without a core, for a page that leaves before its core runs, and where none can run. It
// sends what it is given and leaves the rest in localStorage for the next page that has a core. Adoption, caps, a limit over
// tabs and the search for the event at fault are not its business.
import { tabName, uniqueName } from '../browser/environment.js';
import { names, read, remove, write } from '../browser/local-storage.js';
import { canOutlive, post } from '../browser/transport.js';
import { forgetStored } from '../capture/privacy.js';
import { destinationOf, projectOf } from '../capture/project.js';
import { bytesOf, pack, seal } from './envelope.js';
import { markOf, recordsOf } from './left.js';
import { outcomeOf } from './outcome.js';

/** Bytes that all pages together take of a localStorage that is the app's, too: a twentieth of what browsers give an origin. */
const MAX_LEFT_BYTES = 256 * 1024;

/** Bytes of a record besides the event's JSON: an id and separators. */
const EVENT_ROOM = 64;

/**
 * Makes a sender with the methods of the core (src/browser/exports.rs). `anonymous` is the user of lines that name none; `hear`
 * gets notices as the core gives them; `cause` is the fallback that made it necessary.
 *
 * An event is queued until a response confirms it. It is `kept` once the endpoint has refused its batch: the next core decides.
 */
export function makeDirectSender(options, anonymous, hear, cause) {
  const { instance = 'default', endpoint = POLICY_DEFAULT_ENDPOINT, metadata = true } = options;
  const { flushInterval = POLICY_DEFAULT_FLUSH_INTERVAL, batchSize = POLICY_MAX_BATCH_EVENTS } = options;
  const { requestsPerMinute = POLICY_REQUESTS_PER_MINUTE, persistence } = options;
  const place = (name) => `appizer:${instance}:${name}`;
  const account = { accepted: 0, delivered: 0, handedOver: 0, rejected: 0, uncertain: 0 };
  const dropped = {};
  let { apiKey } = options;
  let owner;
  let isGone;
  let release;
  let events;
  let flying;
  let given;
  let timer;
  /** Nothing goes before `until`: `limit` between two requests, or `backoff`. */
  let blocked;
  let failures = 0;
  let lastError;
  let flushes = [];
  begin();

  /** A page's life begins: it has a name of its own, and holds the lock of that name while it lives. */
  function begin() {
    owner = `${uniqueName()}.${projectOf({ apiKey, endpoint })}`;
    isGone = false;
    [events, given] = [[], []];
    blocked = { until: readLink().until, why: 'backoff' };
    const hold = () => new Promise((resolve) => (isGone ? resolve() : (release = resolve)));
    navigator.locks?.request(place(owner), hold).catch(() => {});
  }

  const waiting = () => events.filter(({ isKept, isFlying }) => !isKept && !isFlying);

  function track(lines) {
    const sealed = lines.split('\n').map((line) => seal(line, JSON.stringify(anonymous), metadata));
    events.push(...sealed);
    account.accepted += sealed.length;
    if (waiting().length >= batchSize) pump();
    else timer ??= setTimeout(pump, flushInterval);
  }

  /** Once an interval, when a batch is full, and when a request has ended. */
  function pump() {
    timer = clearTimeout(timer);
    if (isGone) return;
    leaveRecords();
    if (flying) return;
    if (!waiting().length) return settleFlushes();
    const wait = blocked.until - Date.now();
    if (wait <= 0) return send();
    timer = setTimeout(pump, wait);
    if (blocked.why === 'backoff') settleFlushes();
  }

  async function send() {
    const batch = pack(waiting(), POLICY_MAX_BATCH_BYTES, batchSize);
    // An event that no batch has room for goes alone.
    const { body, bytes, events: sent } = batch.events.length ? batch : pack(waiting(), Infinity, 1);
    const outlives = bytes <= POLICY_EXIT_SHARE_BYTES;
    const { reply, abort } = request(body, outlives);
    const mine = (flying = { sent, bytes, outlives, abort });
    sent.forEach((event) => (event.isFlying = true));
    const timeout = setTimeout(abort, POLICY_REQUEST_TIMEOUT);
    const answer = await reply;
    clearTimeout(timeout);
    if (flying !== mine) return;
    land();
    obey(answer, sent);
    pump();
  }

  function land() {
    flying.sent.forEach((event) => (event.isFlying = false));
    flying = undefined;
  }

  function cancel() {
    flying?.abort();
    if (flying) land();
  }

  /** Begins a request; `reply` resolves in any case. */
  function request(body, keepalive) {
    try {
      const { reply, abort } = post(endpoint, apiKey, body, keepalive);
      return { reply: reply.catch(failed), abort };
    } catch (error) {
      return { reply: Promise.resolve(failed(error)), abort() {} };
    }
  }

  function obey(reply, sent) {
    const { status, message, retryAfter, retryAt } = reply;
    const outcome = outcomeOf(reply, sent.length);
    if (outcome === 'delivered') {
      events = events.filter((event) => !sent.includes(event));
      account.delivered += sent.length;
      failures = 0;
      blocked = { until: Date.now() + (reply.relay ? 0 : 60_000 / requestsPerMinute), why: 'limit' };
      return hear({ type: 'delivered', count: sent.length, ids: sent.map(({ id }) => id) });
    }
    lastError = { status, message };
    if (outcome === 'kept') sent.forEach((event) => (event.isKept = true));
    const asked = retryAfter * 1000 || retryAt - Date.now() || 0;
    const delay = outcome === 'kept' ? 0 : Math.max(POLICY_DIRECT_BACKOFF, Math.min(asked, POLICY_MAX_RETRY_AFTER));
    blocked = { until: Date.now() + delay, why: 'backoff' };
    hear({ type: 'retry', attempt: ++failures, delay, status, message });
  }

  /** Leaves what is unconfirmed for the next page that has a core, as far as there is room for it. Returns that. */
  function leaveRecords() {
    if (persistence === 'memory') return events;
    const others = names(place('left:')).filter((name) => name !== place(`left:${owner}`));
    let room = others.reduce((room, name) => room - (read(name)?.length ?? 0), MAX_LEFT_BYTES);
    const kept = events.filter(({ json }) => (room -= bytesOf(json) + EVENT_ROOM) > 0);
    put('left', recordsOf(owner, Date.now(), kept));
    return kept;
  }

  /** Gives up what no page will have. */
  function drop(kept) {
    const count = events.length - kept.length;
    events = kept;
    if (!count) return;
    dropped.quota = (dropped.quota ?? 0) + count;
    hear({ type: 'dropped', reason: 'quota', count });
  }

  /** Marks what was given to the browser, where the last reply was good: only then the next success settles it. */
  function leaveMark() {
    const { destination, link } = readLink();
    const isTrusted = link === 'good' && !failures && canOutlive() && persistence !== 'memory';
    put('left-mark', isTrusted ? markOf(owner, destination, Date.now(), tabName() ?? '', given) : '');
  }

  function put(name, text) {
    const at = place(`${name}:${owner}`);
    if (text) write(at, text);
    else remove(at);
  }

  /** Reads the core's note on the endpoint (src/browser/driver.rs): `good`, or `wait` and its end. */
  function readLink() {
    const destination = destinationOf({ apiKey, endpoint });
    const [link, until] = (read(place(`link.${destination}`)) ?? '').split(' ');
    // A wait from further ahead than any lasts was stored by a clock that has been set back since.
    return { destination, link, until: until < Date.now() + POLICY_LONGEST_WAIT ? Number(until) : 0 };
  }

  /** The page goes: sends what may outlive it, marks it, and leaves all that is unconfirmed. */
  function leave() {
    if (isGone) return;
    isGone = true;
    timer = clearTimeout(timer);
    if (!flying?.outlives) cancel();
    given = flying?.sent.slice() ?? [];
    let share = POLICY_EXIT_SHARE_BYTES - (flying?.bytes ?? 0);
    const mayGo = Math.max(blocked.until, readLink().until) <= Date.now();
    for (let batch; mayGo && (batch = pack(waiting(), share)).events.length; share -= batch.bytes) handOver(batch);
    drop(leaveRecords());
    leaveMark();
    release?.();
    settleFlushes();
  }

  async function handOver({ body, events: handed }) {
    handed.forEach((event) => (event.isFlying = true));
    given.push(...handed);
    const { status } = await request(body, true).reply;
    // The page's own requests may have used up what may outlive it: then the browser says so while the page is kept.
    if (status || !isGone) return;
    given = given.filter((event) => !handed.includes(event));
    leaveMark();
  }

  function state() {
    const queued = events.length;
    if (isGone) return { queued, waiting: 'closed' };
    if (!queued) return { queued };
    if (flying) return { queued, waiting: 'request' };
    if (!waiting().length) return { queued, waiting: 'core' };
    if (blocked.until > Date.now()) return { queued, waiting: blocked.why, until: blocked.until };
    return { queued, waiting: 'interval' };
  }

  const settleFlushes = () => flushes.splice(0).forEach((settle) => settle());

  return {
    track,
    leave,
    close: leave,
    reset: (next) => (anonymous = next),
    // Lines name the user, and what is stored of an opt-out gives way to the visitor's newer word.
    identify() {},
    optIn() {},
    deadLetters: (settle) => settle([]),
    disposeOfLetters: (settle) => settle(0),

    /** The page is back: what it left is another page's to send. */
    comeBack() {
      if (!isGone) return;
      cancel();
      begin();
    },

    useKey(key) {
      apiKey = key;
      blocked.until = 0;
      pump();
    },

    optOut(next) {
      cancel();
      timer = clearTimeout(timer);
      const count = events.length;
      [events, anonymous] = [[], next];
      forgetStored(instance);
      if (!count) return;
      dropped.opt_out = (dropped.opt_out ?? 0) + count;
      hear({ type: 'dropped', reason: 'opt_out', count });
    },

    flush(settle) {
      const before = account.delivered;
      flushes.push(() => settle({ delivered: account.delivered - before, rejected: 0, ...state() }));
      pump();
    },

    stats(settle) {
      const inFlight = flying?.sent.length ?? 0;
      settle({ ...account, ...state(), dropped: { ...dropped }, inFlight, storage: 'memory', fallbacks: [cause, 'direct'], lastError });
    },
  };
}

const failed = (error) => ({ status: 0, message: `${error?.message}` });
