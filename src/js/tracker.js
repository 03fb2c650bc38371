// The facade: takes calls at once, from when the page is there, and decides nothing of queue and delivery.
import { bare } from './address.js';
import { clientHints } from './client-hints.js';
import { makeContext } from './context.js';
import { isAsked, makeDebug } from './debug.js';
import { copyOf, isPlain, Refusal, toDraft } from './event.js';
import { makeHandOver } from './hand-over.js';
import { makeListeners } from './listeners.js';
import { listen, ofDocument, steadyNow, uniqueName } from './environment.js';
import { jsonOf } from './json.js';
import { AppizerError, checked, invalidOption, isKey, KEY } from './options.js';
import { pageProperties, watchPages } from './page-views.js';
import { forgetStored, isBot, makeConsent } from './privacy.js';

/** Why `track` gives `null` without a word in the console: nobody has made a mistake. */
const SILENT = ['opted_out', 'bot'];

/** The options of the page's live trackers. */
const live = new Set();

/**
 * `wasm` gives the slim package's module.
 * @returns {import('./index.d.ts').Tracker}
 */
export function makeTracker(wasm = () => {}) {
  const { on, notify, warn } = makeListeners();
  const debug = makeDebug(on);
  let core = makeHandOver(endOfTask, wasm);
  const timers = new Map();
  /** What waits for `init`, for consent, or for a page that is prerendered to be shown; in order, as `{ run, isEvent }`. */
  let early = [];
  let page;
  let tracked = 0;
  let refused = 0;
  let options;
  let forCore;
  let consent;
  /** What the visitor said before `init`. */
  let said;
  /** There while the tracker may work. */
  let context;
  /** The address and referrer that the page began with. */
  let landing;
  let starting;
  let opening;
  let stopListening;
  let stopWatching;
  let bot = false;
  let denied = false;
  let closed = false;

  return {
    init,
    track: (name, properties, overrides) => record(name, properties, overrides),
    identify,
    reset: () => later(() => core.call('reset', context.reset())),
    register: (properties) => change('register', copyOf(properties)),
    registerOnce: (properties) => change('registerOnce', copyOf(properties)),
    unregister: (name) => change('unregister', name),
    timeEvent: (name) => void timers.set(name, steadyNow()),
    page: recordPage,
    optOut: () => say(false),
    optIn: () => say(true),
    hasOptedOut: () => (consent ? consent.state() === 'denied' : said === false || makeConsent({}).state() === 'denied'),
    flush,
    on,
    stats,
    deadLetters,
    resendDeadLetters: () => ask('disposeOfLetters', () => 0, true),
    discardDeadLetters: () => ask('disposeOfLetters', () => 0, false),
    debug: (logs) => {
      if (typeof logs === 'boolean') debug.logs(logs);
      return stats().then(debug.print);
    },
    close,
  };

  function init(given) {
    if (starting) return initAgain(given);
    try {
      forCore = checked(given);
      options = { ...given };
      claim();
      starting = start();
    } catch (error) {
      starting = Promise.reject(error);
    }
    starting.catch(failed);
    return starting;
  }

  async function start() {
    if (closed) core = makeHandOver(endOfTask, wasm);
    closed = false;
    debug.logs(options.debug || isAsked());
    consent = makeConsent(options);
    if (said !== undefined) consent.say(said);
    landing = globalThis.document && { url: location.href, referrer: ofDocument('referrer') };
    stopListening = listen(checkConsent, ['storage', 'pageshow'], ['resume']);
    if (isPrerendering()) await new Promise((resolve) => listen(resolve, [], ['prerenderingchange'], { once: true }));
    return begin();
  }

  function failed() {
    starting = opening = undefined;
    stop();
    stopListening?.();
    live.delete(options);
    core.answerWithoutCore();
  }

  function endOfTask() {
    context?.stale();
  }

  /** From here on the tracker works, if it may. */
  function begin() {
    denied = consent.state() === 'denied';
    bot = options.bots === 'drop' && isBot();
    if (denied) giveUpEarly();
    if (closed || denied || bot) return Promise.resolve();
    if (consent.state() === 'pending') {
      // What the page is when it is shown is told now, and kept in memory until consent.
      watch();
      return Promise.resolve();
    }
    if (context) return opening;
    context = makeContext(options, landing, warn);
    if (options.clientHints) clientHints().then((properties) => context?.add(properties));
    const waiting = early;
    early = [];
    waiting.forEach(({ run }) => run());
    watch();
    if (opening) {
      // It was told of an opt-out, or has seen it itself.
      core.call('optIn');
    } else {
      const mine = core;
      let resolve;
      const isOpen = new Promise((given) => (resolve = given));
      const heard = (notice) => (notice.type === 'opened' ? opened(notice, mine, resolve) : hear(notice));
      opening = core.open(forCore, context.anonymous(), heard).then(() => isOpen);
    }
    return opening;
  }

  function watch() {
    if (options.pageViews && globalThis.document) stopWatching ??= watchPages(record, options.stripQuery);
  }

  function initAgain(given) {
    for (const name of new Set([...Object.keys(options), ...Object.keys(given ?? {})])) {
      if (name !== 'apiKey' && !isSame(options[name], given?.[name])) {
        const message = `init was called before with another ${name}; a tracker of its own needs createTracker`;
        return Promise.reject(new AppizerError('already_initialized', message, name));
      }
    }
    const { apiKey } = given ?? {};
    if (apiKey !== options.apiKey) {
      if (!isKey(apiKey)) return Promise.reject(invalidOption('apiKey', 'cannot be used', KEY));
      forCore.apiKey = options.apiKey = apiKey;
      if (opening) core.call('useKey', apiKey);
    }
    return starting;
  }

  function record(name, properties, overrides, passive, isPage) {
    try {
      if (closed) throw new Refusal('closed');
      if (!core.isScheduled()) checkConsent();
      if (denied) throw new Refusal('opted_out');
      if (bot) throw new Refusal('bot');
      if (!core.isOpen() && isFull()) throw new Refusal('too_many_held');
      const draft = toDraft(name, timed(name, properties), overrides);
      page ??= uniqueName();
      const id = page + '-' + (tracked++).toString(36);
      if (context) return finish(id, draft, passive);
      early.push({ run: () => finishLate(id, draft, isPage), isEvent: true });
      return id;
    } catch (refusal) {
      refuse(refusal, name);
      return null;
    }
  }

  function finish(id, draft, passive) {
    core.schedule();
    const line = context.seal(id, draft, passive);
    if (line) {
      debug.tracked(id, draft.name, draft.given);
      core.queue(line);
      return id;
    }
    refused++;
    notify({ type: 'dropped', reason: 'before_send', count: 1 });
    return null;
  }

  function finishLate(id, draft, isPage) {
    try {
      // What the page gave may be something else by now: the text counts.
      const given = draft.text && JSON.parse(draft.text);
      if (isPage && options.stripQuery) {
        given.url = bare(`${given.url}`, true);
        given.referrer = bare(`${given.referrer}`, true);
        draft.text = jsonOf(given);
      }
      finish(id, { ...draft, given });
    } catch (refusal) {
      refuse(refusal, draft.name);
    }
  }

  function refuse(refusal, name) {
    refused++;
    // Whatever else was thrown came out of the page's own getters.
    const { code, message } = refusal instanceof Refusal ? refusal : new Refusal('not_serializable');
    if (!SILENT.includes(code)) warn(code, `an event was refused (${code}): ${message}`);
    notify({ type: 'rejected', code, message, ...(typeof name === 'string' && { name }) });
  }

  function timed(name, properties) {
    const start = timers.get(name);
    if (start === undefined || !isPlain(properties ?? {})) return properties;
    timers.delete(name);
    return { $duration_ms: Math.round(steadyNow() - start), ...properties };
  }

  function recordPage(name, properties) {
    const ofPage = globalThis.document && pageProperties(ofDocument('referrer'), options?.stripQuery);
    const own = copyOf(properties ?? {});
    const all = own ? { ...ofPage, ...(name != null && { name }), ...own } : properties;
    return record('page_view', all, undefined, false, true);
  }

  function identify(userId, traits) {
    const known = copyOf(traits);
    if (typeof userId !== 'string' || !userId.trim() || (traits != null && !known)) {
      return warn('identify', 'identify takes a user id, a string that is not empty, and traits as a plain object; the call is ignored');
    }
    later(() => {
      const isNews = context.identify(userId);
      core.call('identify', userId);
      if (isNews || known) record('identify', { ...known, $anonymous_id: context.anonymous() });
    });
  }

  function change(how, given) {
    later(() => context.change(how, given));
  }

  /** Does it now or, where the tracker may not work yet, when it may. */
  function later(run) {
    if (closed) return;
    checkConsent();
    if (context) run();
    else if (!denied) early.push({ run });
  }

  function say(granted) {
    said = granted;
    consent?.say(granted);
    if (consent) checkConsent();
    else if (!granted) giveUpEarly();
  }

  /** The visitor may have had their say in another tab, or while this page was frozen or cached. */
  function checkConsent() {
    if (!starting) return;
    const state = consent.state();
    const wasDenied = denied;
    denied = state === 'denied';
    if (denied && !wasDenied) forget();
    else if (state === 'granted' && !context && !bot && !isPrerendering()) begin().catch((error) => console.error(error));
  }

  function forget() {
    stop();
    if (core.isOpen()) {
      // It gets what was tracked before, and counts it as given up.
      core.call('optOut', uniqueName());
      core.handOver();
    } else {
      giveUpEarly();
      forgetStored(options.instance);
    }
  }

  /** What the core has not got is given up. */
  function giveUpEarly() {
    const count = held();
    early = [];
    core.discard();
    if (count) notify({ type: 'dropped', reason: 'opt_out', count });
  }

  /** How many events have not reached a core that stores them. */
  function held() {
    return early.filter(({ isEvent }) => isEvent).length + core.held();
  }

  /** Counting takes time: that is done only where there may be too many. */
  function isFull() {
    return early.length + core.size() >= POLICY_MAX_HELD_EVENTS && held() >= POLICY_MAX_HELD_EVENTS;
  }

  function flush() {
    return ask('flush', () => ({ delivered: 0, rejected: 0, queued: held(), ...waiting() })).then(withDate);
  }

  function stats() {
    const nothing = { delivered: 0, handedOver: 0, rejected: 0, uncertain: 0, dropped: {}, inFlight: 0 };
    const idle = () => ({ accepted: held(), queued: held(), ...nothing, storage: 'memory', fallbacks: [], ...waiting() });
    return ask('stats', idle).then((answer) => withDate({ ...answer, refused }));
  }

  async function deadLetters() {
    const letters = await ask('deadLetters', () => []);
    return letters.map(({ json, at, ...rest }) => ({ ...rest, ...eventOf(json), at: new Date(at) }));
  }

  async function close() {
    if (closed) return;
    stop();
    const [flushed, mine] = [flush(), core];
    closed = true;
    starting = opening = undefined;
    early = [];
    stopListening?.();
    live.delete(options);
    await flushed;
    mine.close();
  }

  /** The core's answer; without a core, what `idle` gives. */
  function ask(name, idle, value) {
    return opening && !closed ? core.ask(name, value, idle) : Promise.resolve(idle());
  }

  function waiting() {
    if (closed) return { waiting: 'closed' };
    if (!starting) return { waiting: 'not_initialized' };
    if (denied || bot) return {};
    return { waiting: isPrerendering() ? 'prerendering' : 'consent' };
  }

  /** A core that was closed meanwhile opens all the same, to deliver what it has. */
  function opened(notice, by, resolve) {
    if (by === core) context?.settle(notice);
    resolve();
  }

  function hear(notice) {
    if (notice.type === 'opted_out') {
      // The core has given up what it had.
      denied = true;
      consent.say(false);
      stop();
    } else {
      if (notice.type === 'degraded') warn(notice.fallback, `${notice.fallback}: ${notice.message}`);
      // What the core refused it tells by its code alone.
      notify(withDate(notice.type === 'rejected' ? { ...new Refusal(notice.code), ...notice } : notice));
    }
  }

  function stop() {
    stopWatching?.();
    stopWatching = context = undefined;
  }

  /** Two keys for one queue would send each other's events. */
  function claim() {
    const { instance = 'default', apiKey } = options;
    for (const other of live) {
      if ((other.instance ?? 'default') === instance && other.apiKey !== apiKey) {
        throw invalidOption('instance', `is ${JSON.stringify(instance)}, which another tracker of this page uses with another key`, 'a name of its own');
      }
    }
    live.add(options);
  }
}

const isPrerendering = () => ofDocument('prerendering') === true;

/** Functions and lists are made anew with each rendering: it is what they hold that counts. */
function isSame(one, other) {
  const kind = typeof one;
  if (one === other || kind !== typeof other) return one === other;
  return kind === 'function' || (kind === 'object' && JSON.stringify(one) === JSON.stringify(other));
}

function eventOf(json) {
  try {
    return { event: JSON.parse(json) };
  } catch {
    return { text: json };
  }
}

function withDate(answer) {
  if (answer.until) answer.until = new Date(answer.until);
  return answer;
}
