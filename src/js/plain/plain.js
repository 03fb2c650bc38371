// The tracker without WebAssembly: where it may not or cannot run, and where the page leaves before it does. It has the
// core's methods, its store and its rows (src/core/rows.rs), so that pages of both kinds adopt what the other left; and
// batches of at most 100, one request at a time and a fixed backoff, no more.
import { listen, uniqueName } from '../environment.js';
import { projectOf } from '../project.js';
import { find, forgetAll, keep, makeStore, names, SEPARATOR } from '../store.js';
import { canOutlive } from '../transport.js';
import { destination, pack, post, seal } from './envelope.js';
import { DELIVERED, makeQueue, OPT_OUT, queued, STORAGE_LOST, UNCERTAIN } from './queue.js';
import { identityRow, inside, letterRow, markRow, segmentRow, takeLease } from './rows.js';

// What the store tells; `Kind` of src/browser/store.rs.
const OPENED = 0;
const WRITTEN = 1;
const ORPHANS = 2;
const LEASE = 3;
const USURPED = 4;
const LOADED = 5;
const CLOSED = 12;
const ENTER = 15;
const CANDIDATES = 16;

const REFUSED = [400, 413, 422];
const NOT_YET = [408, 425, 429];

/** `hear` gets the notices. Nothing is opened yet: `leave` alone serves a page that goes at once. */
export function makePlain(options, anonymous, hear) {
  const { instance = 'default', flushInterval = POLICY_DEFAULT_FLUSH_INTERVAL, batchSize = POLICY_MAX_BATCH_EVENTS } = options;
  const inMemory = options.persistence === 'memory';
  const place = (name) => `appizer:${instance}:${name}`;
  let identity = { anonymous, user: options.userId };
  /** Calls that wait for the identity in the store. */
  let waiting = [];
  let flushes = [];
  let isOpen = false;
  let isStored = false;
  let gone = false;
  /** Whether localStorage has what the store may not have. */
  let isKept = false;
  /** Whether what it gives to the browser may be marked. */
  let isTrusted;
  /** Ids that were given to the browser and did not arrive. */
  const failed = new Set();
  let failures = 0;
  let blocked = 0;
  let paused = false;
  let flying;
  let lastError;
  let timer;
  let stops;
  // Of this life of the page; it has another when it comes back.
  let owner;
  let store;
  let queue;
  let given;
  /** The identity's row, as it was found. */
  let entry;

  begin();

  function begin() {
    const unkept = isKept || !queue ? [] : unstored().flatMap((segment) => segment.events);
    owner = `${uniqueName()}.${projectOf(options)}`;
    const mine = makeStore(instance, owner, POLICY_LEASE_RENEWAL, (...told) => (mine === store ? answer(...told) : undefined));
    store = mine;
    queue = makeQueue(owner, flushInterval, failed, (...changes) => isStored && (store.commit(...changes), true));
    given = [];
    isOpen = isStored = gone = false;
    isTrusted = true;
    flying = undefined;
    queue.add(unkept.map(({ id, json }) => ({ id, json })));
  }

  function open() {
    if (inMemory) return start();
    const mine = store;
    store.open(1);
    setTimeout(() => mine === store && !gone && !isOpen && start(), POLICY_OPEN_TIMEOUT);
  }

  function answer(kind, id, text, failure) {
    if (kind === LEASE) return takeLease(text, owner);
    if (kind === ENTER) return enter(text.split(SEPARATOR));
    if (kind === CANDIDATES) return text.split(SEPARATOR).filter(isMine).join(SEPARATOR);
    if (gone) return;
    if (kind === OPENED) {
      isStored = !failure;
      // After its time what is left stays for the next page.
      if (failure && !isOpen) queue.load(takeLeft(), 3);
      if (failure) setTimeout(reopen, POLICY_REOPEN_INTERVAL, store);
      start(entry);
    } else if (kind === WRITTEN) {
      queue.settleWrite(id, failure);
    } else if (kind === ORPHANS) {
      // "0" is the character after "/".
      queue.adopt(text, destination(options), (of) => store.read(LOADED, 1, 'segments', `${of}/`, `${of}0`, 0));
    } else if (kind === LOADED && text != null) {
      if (queue.adoptSegments(text)) pump();
    } else if (kind === USURPED) {
      leave();
      begin();
      open();
    } else if (kind === CLOSED) {
      isStored = false;
      setTimeout(reopen, POLICY_REOPEN_INTERVAL, store);
    }
  }

  const isMine = (of) => !of.includes('.') || of.endsWith(`.${projectOf(options)}`);

  /** The identity's row of the project, or that of version 0.1.0. */
  function enter(rows) {
    const row = (key) => rows[rows.findIndex((field, at) => at % 2 === 0 && field === key) + 1];
    const own = identityKey();
    entry = rows.includes(own) ? row(own) : rows.includes('identity') ? row('identity') : identityRow(identity);
    return ['identity', own, entry].join(SEPARATOR);
  }

  const identityKey = () => `identity.${projectOf(options)}`;

  function takeLeft() {
    const prefix = place('left:');
    const texts = names(prefix).split(SEPARATOR).filter((name) => name && isMine(name.slice(prefix.length))).map((name) => {
      const text = find(name);
      keep(name);
      return text;
    });
    return texts.join(SEPARATOR);
  }

  function reopen(mine) {
    if (mine === store && !gone) store.open(1);
  }

  function start(row) {
    const isFirst = !isOpen;
    isOpen = true;
    if (isFirst) {
      const [stored, user] = inside(row).split('\n');
      if (stored) identity = { anonymous: stored, user: options.userId ?? user };
      waiting.splice(0).forEach((act) => act());
      hear({ type: 'opened', ...identity });
    }
    if (isStored) {
      queue.write();
      store.adopt(1);
      // The page before it in the same tab may have gone so lately that the browser still holds its lock.
      setTimeout((mine) => mine === store && !gone && store.adopt(1), POLICY_ADOPT_SOON, store);
    } else if (isFirst && !inMemory) {
      hear({ type: 'degraded', fallback: 'memory_queue', message: 'the browser gives no storage: a closed page loses what is queued' });
    }
    pump();
  }

  function noteIdentity() {
    queue.note('identity', identityKey(), identityRow(identity));
    queue.write();
  }

  const isOptedOut = () => find(place('opt_out'));

  // Sends what is due, or waits for it.
  function pump() {
    clearTimeout(timer);
    if (flying || gone || !isOpen || isOptedOut()) return;
    const batch = pack(queue.unsent(), POLICY_MAX_BATCH_BYTES, batchSize);
    const now = Date.now();
    let due = batch.events.length < batchSize ? Infinity : 0;
    queue.segments().forEach((segment) => segment.events.some((event) => !event.isHeld) && (due = Math.min(due, segment.due)));
    due = Math.max(due, blocked);
    if (due <= now) return send(batch);
    flushes.splice(0).forEach((answer) => answer());
    if (due < Infinity) timer = setTimeout(pump, Math.min(due - now, 2 ** 31 - 1));
  }

  async function send(batch) {
    const mine = store;
    const { events, bytes } = batch;
    const abort = new AbortController();
    const timeout = setTimeout(() => abort.abort(), POLICY_REQUEST_TIMEOUT);
    flying = { ...batch, abort, since: Date.now(), keepalive: bytes <= POLICY_EXIT_SHARE_BYTES };
    events.forEach((event) => (event.sent = true));
    let response = { status: 0 };
    let body = {};
    try {
      response = await post(options, batch, flying.keepalive, abort.signal);
      body = JSON.parse(await response.text()) ?? {};
    } catch (error) {
      body.message = response.status ? 'not an answer of the endpoint' : error.message;
    }
    clearTimeout(timeout);
    // A page that has left cannot delete: the next one learns from the mark.
    if (mine !== store || gone) return body.success === true || retract(events);
    flying = undefined;
    events.forEach((event) => (event.sent = false));
    judge(events, response, body);
    pump();
  }

  function judge(events, { status, headers }, { success, processed_count: count, message: said }) {
    const message = `${said ?? ''}`;
    const succeeded = status >= 200 && status < 300 && success === true;
    if (succeeded && (count ?? events.length) === events.length) {
      failures = 0;
      remember(destination(options));
      queue.remove(events, DELIVERED);
      hear({ type: 'delivered', count: events.length, ids: events.map((event) => event.id) });
      queue.settleMarks(true);
      return;
    }
    lastError = { status, message };
    if (succeeded || REFUSED.includes(status)) return setAside(events, status, message);
    remember();
    paused = status >= 400 && status < 500 && !NOT_YET.includes(status);
    const after = headers?.get('Retry-After');
    const asked = after * 1000 || Date.parse(after) - Date.now() || 0;
    const delay = paused ? POLICY_PAUSE : Math.max(POLICY_PLAIN_BACKOFF, Math.min(asked, POLICY_MAX_RETRY_AFTER));
    blocked = Date.now() + delay;
    if (paused) {
      queue.settleMarks(false);
      hear({ type: 'paused', reason: 'forbidden', status, message, until: blocked });
    } else {
      hear({ type: 'retry', attempt: ++failures, delay, status, message });
    }
  }

  // Which of them is at fault is not looked for: all become dead letters, for somebody to look at.
  function setAside(events, status, message) {
    const at = Date.now();
    events.forEach((event) => queue.note('dead_letters', `${`${at}`.padStart(15, '0')}/${event.id}`, letterRow(event, status, at, message)));
    queue.remove(events, UNCERTAIN, POLICY_MAX_DEAD_LETTERS);
    hear({ type: 'rejected', code: 'uncertain', message, ids: events.map((event) => event.id), status });
  }

  function remember(good) {
    if (!inMemory) keep(place('good_link'), good);
  }

  // Gives the browser what fits the exit share, and keeps what the store may not have.
  function leave() {
    waiting.splice(0).forEach((act) => act());
    gone = true;
    clearTimeout(timer);
    if (flying) {
      // A mark is for where the last reply was a success, and none is overdue (src/core/exit.rs says why).
      isTrusted = Date.now() - flying.since < POLICY_DOUBTFUL_REPLY;
      if (flying.keepalive) given.push(...flying.events);
    }
    isTrusted &&= !inMemory && canOutlive() && find(place('good_link')) === destination(options);
    if (blocked <= Date.now() && !isOptedOut()) {
      let share = POLICY_EXIT_SHARE_BYTES - pack(given, Infinity).bytes;
      for (let batch; (batch = pack(queue.unsent(), share, POLICY_MAX_BATCH_EVENTS)).events.length; share -= batch.bytes) {
        batch.events.forEach((event) => (event.sent = true));
        post(options, batch, true)
          .then(async (response) => (await response.text(), response.ok || retract(batch.events)))
          .catch(() => retract(batch.events));
        given.push(...batch.events);
      }
    }
    flying = undefined;
    if (inMemory) return;
    const changes = unstored().flatMap((segment) => ['segments', segment.key, segmentRow(segment)]);
    isKept = keep(place(`left:${owner}`), changes.join(SEPARATOR));
    if (changes.length && !isKept && !isStored) console.warn('appizer: no storage took the events of a page that left');
    store.leave(isTrusted && given.length ? mark() : '');
  }

  function unstored() {
    return queue.segments().filter((segment) => !segment.stored);
  }

  const mark = () => ['marks', owner, markRow(destination(options), given)].join(SEPARATOR);

  // What the page handed over as it left has not arrived after all.
  function retract(events) {
    events.forEach((event) => failed.add(event.id));
    queue.liftMarks();
    given = given.filter((event) => !failed.has(event.id));
    // What is kept here goes over what the store holds.
    if (gone && isTrusted) keep(place(`left-mark:${owner}`), mark());
  }

  function comeBack() {
    if (!gone) return;
    begin();
    open();
  }

  function state() {
    const until = blocked;
    if (gone) return { waiting: 'closed' };
    if (!isOpen) return { waiting: 'opening' };
    if (flying) return { waiting: 'request' };
    if (!queue.segments().length) return {};
    if (until > Date.now()) return { waiting: paused ? 'paused' : 'backoff', until };
    return { waiting: queue.unsent().length ? 'interval' : 'reply' };
  }

  // Once the identity is known, or the page leaves.
  function whenOpen(act) {
    if (isOpen || gone) act();
    else waiting.push(act);
    if (gone) leave();
    else if (isOpen) pump();
  }

  return {
    leave,

    start() {
      stops = [listen(leave, ['pagehide'], ['freeze']), listen(comeBack, ['pageshow'], ['resume'])];
      open();
    },

    track: (lines) =>
      whenOpen(() => {
        if (isOptedOut()) return;
        const user = JSON.stringify(identity.user ?? identity.anonymous);
        queue.add(lines.split('\n').map((line) => seal(line, user, options.metadata !== false)));
        queue.write();
      }),

    identify: (user) =>
      whenOpen(() => {
        identity.user = user;
        noteIdentity();
      }),

    reset: (next) =>
      whenOpen(() => {
        identity = { anonymous: next };
        noteIdentity();
      }),

    optOut(next) {
      flying?.abort.abort();
      waiting = [];
      const count = queue.clear();
      identity = { anonymous: next };
      if (isStored) store.clear(`identity${SEPARATOR}opt_out${SEPARATOR}1`);
      else forgetAll(instance);
      if (count) hear({ type: 'dropped', reason: 'opt_out', count });
    },

    optIn() {
      noteIdentity();
      hear({ type: 'opened', ...identity });
    },

    useKey(key) {
      options.apiKey = key;
      blocked = 0;
      pump();
    },

    flush: (settle) =>
      whenOpen(() => {
        const { account } = queue;
        const [before, uncertain] = [account[DELIVERED], account[UNCERTAIN]];
        const answer = () =>
          settle({ delivered: account[DELIVERED] - before, rejected: account[UNCERTAIN] - uncertain, queued: queued(account), ...state() });
        queue.segments().forEach((segment) => (segment.due = 0));
        flushes.push(answer);
        setTimeout(answer, POLICY_REQUEST_TIMEOUT);
      }),

    stats(settle) {
      const { account } = queue;
      const [accepted, delivered, handedOver, rejected, uncertain] = account;
      const dropped = { storage_lost: account[STORAGE_LOST], opt_out: account[OPT_OUT] };
      const fallbacks = ['no_webassembly'];
      if (!isStored) fallbacks.push('memory_queue');
      if (store.leases) fallbacks.push('leases');
      const storage = isStored ? 'indexeddb' : 'memory';
      const inFlight = flying?.events.length ?? 0;
      settle({ accepted, delivered, handedOver, queued: queued(account), rejected, uncertain, dropped, inFlight, storage, fallbacks, lastError, ...state() });
    },

    deadLetters: (settle) => settle([]),
    disposeOfLetters: (settle) => settle(0),

    close() {
      stops.forEach((stop) => stop());
      leave();
      flushes.splice(0).forEach((answer) => answer());
    },
  };
}
