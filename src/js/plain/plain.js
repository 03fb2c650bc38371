// The tracker without WebAssembly: where it may not or cannot run, and where the page leaves before it does. It has the
// core's methods, its store and its rows (src/core/rows.rs), so that pages of both kinds adopt what the other left; and
// batches of at most 100, one request at a time and a fixed backoff, no more.
import { isOnline, uniqueName } from '../environment.js';
import { canOutlive } from '../transport.js';
import { find, forgetAll, keep, makeStore, SEPARATOR, takeLeft } from '../store.js';
import { destination, idsOf, pack, post, seal } from './envelope.js';

// What the store tells; `Kind` of src/browser/store.rs.
const OPENED = 0;
const WRITTEN = 1;
const ORPHANS = 2;
const LEASE = 3;
const USURPED = 4;
const LOADED = 5;
const CLOSED = 12;

// The columns of an account (src/core/account.rs).
const ACCEPTED = 0;
const DELIVERED = 1;
const HANDED_OVER = 2;
const REJECTED = 3;
const UNCERTAIN = 4;
const STORAGE_LOST = 5;
const OPT_OUT = 11;

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
  /** `{ key, at, due, stored, events: [{ id, json, sent, isHeld }] }`; `isHeld`: given to the browser by a page that is gone. */
  let records = [];
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
  let last = 0;
  // Of this life of the page; it has another when it comes back.
  let life;
  let owner;
  let store;
  let account;
  let number;
  let given;
  let unloaded;
  let loading;
  /** Pages whose marks are in force, and the ids in these. */
  let marked;
  let marks;
  /** Rows to be written, by store and key: texts, or records. */
  let dirty;
  let writes;

  begin();

  function begin() {
    const mine = (life = {});
    owner = uniqueName();
    store = makeStore(instance, owner, POLICY_LEASE_RENEWAL, (...told) => (mine === life ? answer(...told) : undefined));
    account = Array(12).fill(0);
    number = unloaded = loading = 0;
    [given, marked, marks, dirty, writes] = [[], [], new Set(), new Map(), new Map()];
    isOpen = isStored = gone = false;
    isTrusted = true;
    flying = undefined;
    const unkept = isKept ? [] : records.filter((record) => !record.stored).flatMap((record) => record.events);
    records = [];
    add(unkept.map(({ id, json }) => ({ id, json })));
  }

  function open() {
    if (inMemory) return start();
    const mine = life;
    store.open(1, identityRow());
    setTimeout(() => mine === life && !isOpen && start(), POLICY_OPEN_TIMEOUT);
  }

  function answer(kind, id, text, failure) {
    if (kind === LEASE) return lease(text);
    if (gone) return;
    if (kind === OPENED) {
      isStored = !failure;
      // After its time what is left stays for the next page.
      if (failure && !isOpen) load(takeLeft(instance).split(SEPARATOR), 3);
      if (failure) setTimeout(reopen, POLICY_REOPEN_INTERVAL, life);
      start(text);
    } else if (kind === WRITTEN) {
      for (const [place, row] of writes.get(id)) {
        if (!failure) row.stored = true;
        else if (!dirty.has(place)) dirty.set(place, row);
      }
      writes.delete(id);
    } else if (kind === ORPHANS) {
      adopt(text.split(SEPARATOR));
    } else if (kind === LOADED && text != null) {
      unloaded -= load(text.split(SEPARATOR), 2);
      // A page that died before its account was written left events that no account speaks of.
      if (!--loading) {
        account[unloaded < 0 ? ACCEPTED : STORAGE_LOST] += Math.abs(unloaded);
        unloaded = 0;
        write();
        pump();
      }
    } else if (kind === USURPED) {
      leave();
      begin();
      open();
    } else if (kind === CLOSED) {
      isStored = false;
      setTimeout(reopen, POLICY_REOPEN_INTERVAL, life);
    }
  }

  function reopen(mine) {
    if (mine === life && !gone) store.open(1, identityRow());
  }

  function start(row) {
    const isFirst = !isOpen;
    isOpen = true;
    if (isFirst) {
      if (row?.[0] === '1') {
        const [stored, user] = row.slice(1).split('\n');
        identity = { anonymous: stored, user: options.userId ?? user };
      }
      waiting.splice(0).forEach((act) => act());
      hear({ type: 'opened', ...identity });
    }
    if (isStored) {
      write();
      store.adopt(1);
      // The page before it in the same tab may have gone so lately that the browser still holds its lock.
      setTimeout((mine) => mine === life && !gone && store.adopt(1), POLICY_ADOPT_SOON, life);
    } else if (isFirst && !inMemory) {
      hear({ type: 'degraded', fallback: 'memory_queue', message: 'the browser gives no storage: a closed page loses what is queued' });
    }
    pump();
  }

  function lease(row) {
    const [until, holder] = row ? row.slice(1).split(' ') : [];
    const now = Date.now();
    if (row && (row[0] !== '1' || (holder !== owner && until >= now && until <= now + POLICY_LEASE))) return;
    return `1${now + POLICY_LEASE} ${owner}`;
  }

  function adopt(fields) {
    for (let at = 0; at + 2 < fields.length; at += 3) {
      const [of, counted, mark] = fields.slice(at, at + 3);
      if (of === owner) continue;
      if (counted[0] === '1') {
        const theirs = counted.slice(1).split(' ').map(Number);
        account = account.map((count, column) => count + (theirs[column] || 0));
        unloaded += queued(theirs);
        dirty.set(`accounts${SEPARATOR}${of}`, '');
      }
      if (mark[0] === '1') {
        const [to, ...ids] = mark.slice(1).split(' ');
        marked.push(of);
        if (to === destination(options)) ids.forEach((id) => marks.add(id));
      }
      loading++;
      // "0" is the character after "/".
      store.read(LOADED, 1, 'segments', `${of}/`, `${of}0`, 0);
    }
    write();
  }

  // Records of a joined text, `width` fields each, of which the last are key and row. What cannot be read stays as it is.
  function load(fields, width) {
    let count = 0;
    for (let at = width; at <= fields.length; at += width) {
      const [key, row] = fields.slice(at - 2, at);
      const [head, ...lines] = row.slice(1).split('\n');
      const [time, ...ids] = head.split(' ');
      if (row[0] !== '1' || ids.length !== lines.length) continue;
      const events = ids.map((id, n) => ({ id, json: lines[n].replace(/,$/, ''), isHeld: marks.has(id) && !failed.has(id) }));
      records.push({ key, at: time, due: 0, stored: width === 2, events });
      if (width === 3) account[ACCEPTED] += events.length;
      count += events.length;
    }
    return count;
  }

  function add(events) {
    for (let first = 0; first < events.length; first += POLICY_MAX_SEGMENT_EVENTS) {
      const at = Date.now();
      const key = `${owner}/${`${number++}`.padStart(8, '0')}`;
      const record = { key, at, due: at + flushInterval, events: events.slice(first, first + POLICY_MAX_SEGMENT_EVENTS) };
      records.push(record);
      touch(record);
    }
    account[ACCEPTED] += events.length;
  }

  function touch(record) {
    dirty.set(`segments${SEPARATOR}${record.key}`, record);
  }

  function write(letters) {
    if (!isStored || !dirty.size) return;
    const changes = ['accounts', owner, `1${account.join(' ')}`];
    for (const [place, row] of dirty) changes.push(place, row.events ? rowOf(row) : row);
    writes.set(++last, dirty);
    dirty = new Map();
    store.commit(last, changes.join(SEPARATOR), letters ? POLICY_MAX_DEAD_LETTERS : 0);
  }

  const identityRow = () => `1${identity.anonymous}${identity.user ? `\n${identity.user}` : ''}`.replaceAll(SEPARATOR, '');

  function noteIdentity() {
    dirty.set(`identity${SEPARATOR}identity`, identityRow());
    write();
  }

  const pending = () => records.flatMap((record) => record.events).filter((event) => !event.sent && !event.isHeld);
  const isOptedOut = () => find(place('opt_out'));

  // Sends what is due, or waits for it.
  function pump() {
    clearTimeout(timer);
    if (flying || gone || !isOpen || isOptedOut()) return;
    const batch = pack(pending(), POLICY_MAX_BATCH_BYTES, batchSize);
    const now = Date.now();
    let due = batch.events.length < batchSize ? Infinity : 0;
    records.forEach((record) => record.events.some((event) => !event.isHeld) && (due = Math.min(due, record.due)));
    due = Math.max(due, blocked);
    if (due <= now) return send(batch);
    flushes.splice(0).forEach((answer) => answer());
    if (due < Infinity) timer = setTimeout(pump, Math.min(due - now, 2 ** 31 - 1));
  }

  async function send(batch) {
    const mine = life;
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
    if (mine !== life || gone) return body.success === true || retract(events);
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
      remove(events, DELIVERED);
      hear({ type: 'delivered', count: events.length, ids: events.map((event) => event.id) });
      if (!loading) settleMarks(true);
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
      settleMarks(false);
      hear({ type: 'paused', reason: 'forbidden', status, message, until: blocked });
    } else {
      hear({ type: 'retry', attempt: ++failures, delay, status, message });
    }
  }

  // Which of them is at fault is not looked for: all become dead letters, for somebody to look at.
  function setAside(events, status, message) {
    const at = Date.now();
    const said = message.replaceAll(SEPARATOR, '');
    for (const { id, json } of events) {
      dirty.set(`dead_letters${SEPARATOR}${`${at}`.padStart(15, '0')}/${id}`, `1u${status} ${at} ${id}\n${json}\n${said}`);
    }
    remove(events, UNCERTAIN, true);
    hear({ type: 'rejected', code: 'uncertain', message, ids: events.map((event) => event.id), status });
  }

  // What was handed over has arrived, if the endpoint takes what is sent to it; a refused key means that it has not.
  function settleMarks(arrived) {
    const held = records.flatMap((record) => record.events).filter((event) => event.isHeld);
    if (!marked.length) return;
    marked.splice(0).forEach((of) => dirty.set(`marks${SEPARATOR}${of}`, ''));
    marks.clear();
    if (arrived) return remove(held, HANDED_OVER);
    held.forEach((event) => (event.isHeld = false));
    write();
  }

  function remove(events, column, letters) {
    const all = new Set(events);
    for (const record of records) {
      const rest = record.events.filter((event) => !all.has(event));
      if (rest.length < record.events.length) touch(record);
      record.events = rest;
    }
    records = records.filter((record) => record.events.length);
    account[column] += all.size;
    write(letters);
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
    if (isOnline() && blocked <= Date.now() && !isOptedOut()) {
      let share = POLICY_EXIT_SHARE_BYTES - pack(given, Infinity).bytes;
      for (let batch; (batch = pack(pending(), share, POLICY_MAX_BATCH_EVENTS)).events.length; share -= batch.bytes) {
        batch.events.forEach((event) => (event.sent = true));
        post(options, batch, true)
          .then(async (response) => (await response.text(), response.ok || retract(batch.events)))
          .catch(() => retract(batch.events));
        given.push(...batch.events);
      }
    }
    flying = undefined;
    if (inMemory) return;
    const unstored = records.filter((record) => !record.stored);
    const changes = unstored.flatMap((record) => ['segments', record.key, rowOf(record)]);
    isKept = keep(place(`left:${owner}`), changes.join(SEPARATOR));
    if (changes.length && !isKept && !isStored) console.warn('appizer: no storage took the events of a page that left');
    store.leave(isTrusted && given.length ? mark() : '');
  }

  const mark = () => ['marks', owner, given.length ? `1${destination(options)} ${idsOf(given)}` : ''].join(SEPARATOR);

  // What the page handed over as it left has not arrived after all.
  function retract(events) {
    events.forEach((event) => failed.add(event.id));
    const held = records.flatMap((record) => record.events).filter((event) => event.isHeld && failed.has(event.id));
    held.forEach((event) => (event.isHeld = false));
    given = given.filter((event) => !failed.has(event.id));
    // What is kept here goes over what the store holds.
    if (gone && isTrusted) keep(place(`left-mark:${owner}`), mark());
  }

  function comeBack() {
    if (!gone) return;
    begin();
    open();
  }

  function listen(how) {
    globalThis[how]?.('pagehide', leave);
    globalThis[how]?.('pageshow', comeBack);
    globalThis.document?.[how]('freeze', leave);
    globalThis.document?.[how]('resume', comeBack);
  }

  function state() {
    const until = blocked;
    if (gone) return { waiting: 'closed' };
    if (!isOpen) return { waiting: 'opening' };
    if (flying) return { waiting: 'request' };
    if (!records.length) return {};
    if (until > Date.now()) return { waiting: paused ? 'paused' : 'backoff', until };
    return { waiting: pending().length ? 'interval' : 'reply' };
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
      listen('addEventListener');
      open();
    },

    track: (lines) =>
      whenOpen(() => {
        if (isOptedOut()) return;
        const user = JSON.stringify(identity.user ?? identity.anonymous);
        add(lines.split('\n').map((line) => seal(line, user, options.metadata !== false)));
        write();
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
      const count = records.reduce((sum, record) => sum + record.events.length, 0);
      account[OPT_OUT] += count;
      [records, waiting, marked] = [[], [], []];
      marks.clear();
      dirty.clear();
      identity = { anonymous: next };
      if (isStored) store.clear('segments accounts identity marks dead_letters');
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
        const [before, uncertain] = [account[DELIVERED], account[UNCERTAIN]];
        const answer = () =>
          settle({ delivered: account[DELIVERED] - before, rejected: account[UNCERTAIN] - uncertain, queued: queued(account), ...state() });
        records.forEach((record) => (record.due = 0));
        flushes.push(answer);
        setTimeout(answer, POLICY_REQUEST_TIMEOUT);
      }),

    stats(settle) {
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
      listen('removeEventListener');
      leave();
      flushes.splice(0).forEach((answer) => answer());
      life = undefined;
    },
  };
}

const queued = (account) => account.slice(1).reduce((rest, gone) => rest - gone, account[0]);

const rowOf = ({ at, events }) => (events.length ? `1${at} ${idsOf(events)}\n${events.map((event) => event.json).join(',\n')}` : '');
