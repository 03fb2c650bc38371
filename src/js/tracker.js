// The facade: takes calls at once, from when the page is there, and decides nothing of queue and delivery.
import { bare } from './address.js';
import { clientHints } from './client-hints.js';
import { makeContext } from './context.js';
import { isAsked, makeDebug } from './debug.js';
import { copyOf, isPlain, Refusal, toDraft } from './event.js';
import { makeHandOver } from './hand-over.js';
import { makeListeners } from './listeners.js';
import { isBrowser, listen, uniqueName } from './environment.js';
import { appizerError, checked, invalidOption, isKey, KEY } from './options.js';
import { pageProperties, watchPages } from './page-views.js';
import { forgetStored, isBot, makeConsent } from './privacy.js';

/** Why `track` gives `null` without a word in the console: nobody has made a mistake. */
const SILENT = ['opted_out', 'bot'];

/** The options of the page's live trackers. */
const live = new Set();

/** @returns {import('./index.d.ts').Tracker} */
export function makeTracker() {
  const { on, notify, warn } = makeListeners();
  const debug = makeDebug(on);
  const core = makeHandOver(() => context?.stale());
  const timers = new Map();
  /** What waits for `init`, for consent, or for a page that is prerendered to be shown; in order. */
  let early = [];
  let page;
  let tracked = 0;
  let refused = 0;
  /** Events that the core has not got. */
  let held = 0;
  let options;
  let forCore;
  let consent;
  /** What the visitor said before `init`. */
  let said;
  /** There while the tracker may work. */
  let context;
  let starting;
  let opening;
  let opened;
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
    timeEvent: (name) => void timers.set(name, performance.now()),
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
    if (closed) return Promise.reject(appizerError('closed', 'the tracker is closed'));
    if (starting) return initAgain(given);
    try {
      forCore = checked(given);
      options = { ...given };
      claim();
    } catch (error) {
      return Promise.reject(error);
    }
    debug.logs(options.debug || isAsked());
    consent = makeConsent(options);
    if (said !== undefined) consent.say(said);
    stopListening = listen(checkConsent, ['storage', 'pageshow'], ['resume']);
    const { document } = globalThis;
    const shown = document?.prerendering && new Promise((resolve) => document.addEventListener('prerenderingchange', resolve, { once: true }));
    starting = (shown ? shown.then(begin) : begin()).catch((error) => {
      starting = opening = undefined;
      stop();
      live.delete(options);
      core.answerWithoutCore();
      throw error;
    });
    return starting;
  }

  /** From here on the tracker works, if it may. */
  function begin() {
    denied = consent.state() === 'denied';
    bot = options.bots === 'drop' && isBot();
    if (denied) giveUpEarly();
    if (closed || denied || bot || consent.state() === 'pending') return Promise.resolve();
    if (context) return opening;
    context = makeContext(options, warn);
    if (options.clientHints) clientHints().then((properties) => context?.add(properties));
    const waiting = early;
    early = [];
    waiting.forEach((run) => run());
    if (options.pageViews && globalThis.document) stopWatching = watchPages(record, options.stripQuery);
    if (opening) {
      // It was told of an opt-out, or has seen it itself.
      core.call('optIn');
    } else {
      const isOpen = new Promise((resolve) => (opened = resolve));
      opening = core.open(forCore, context.anonymous(), hear).then(() => isOpen);
    }
    return opening;
  }

  function initAgain(given) {
    for (const name of new Set([...Object.keys(options), ...Object.keys(given ?? {})])) {
      if (name !== 'apiKey' && !isSame(options[name], given?.[name])) {
        const message = `init was called before with another ${name}; a tracker of its own needs createTracker`;
        return Promise.reject(Object.assign(appizerError('already_initialized', message), { option: name }));
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
      if (!core.isOpen() && held === POLICY_MAX_HELD_EVENTS) throw new Refusal('too_many_held');
      const draft = toDraft(name, timed(name, properties), overrides);
      page ??= uniqueName();
      const id = page + '-' + (tracked++).toString(36);
      if (!core.isOpen()) held++;
      if (context) return finish(id, draft, passive);
      early.push(() => finishLate(id, draft, isPage));
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
        draft.text = JSON.stringify(given);
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
    return { $duration_ms: Math.round(performance.now() - start), ...properties };
  }

  function recordPage(name, properties) {
    const ofPage = globalThis.document && pageProperties(document.referrer, options?.stripQuery);
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
    else if (!denied) early.push(run);
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
    else if (state === 'granted' && !context && !bot && !globalThis.document?.prerendering) begin().catch((error) => console.error(error));
  }

  function forget() {
    stop();
    giveUpEarly();
    if (core.isOpen()) {
      core.call('optOut', uniqueName());
      core.handOver();
    } else {
      forgetStored(options.instance);
    }
  }

  /** What the core has not got is given up. */
  function giveUpEarly() {
    early = [];
    core.discard();
    if (held && !core.isOpen()) notify({ type: 'dropped', reason: 'opt_out', count: held });
    held = 0;
  }

  function flush() {
    return ask('flush', () => ({ delivered: 0, rejected: 0, queued: held, ...waiting() })).then(withDate);
  }

  function stats() {
    const nothing = { delivered: 0, handedOver: 0, rejected: 0, uncertain: 0, dropped: {}, inFlight: 0 };
    const idle = () => ({ accepted: held, queued: held, ...nothing, storage: 'memory', fallbacks: [], ...waiting() });
    return ask('stats', idle).then((answer) => withDate({ ...answer, refused }));
  }

  async function deadLetters() {
    const letters = await ask('deadLetters', () => []);
    return letters.map(({ json, at, ...rest }) => ({ ...rest, ...eventOf(json), at: new Date(at) }));
  }

  async function close() {
    if (closed) return;
    stop();
    const flushed = flush();
    closed = true;
    stopListening?.();
    live.delete(options);
    await flushed;
    core.close();
  }

  /** The core's answer; without a core, what `idle` gives. */
  function ask(name, idle, value) {
    return opening && !closed ? core.ask(name, value, idle) : Promise.resolve(idle());
  }

  function waiting() {
    if (closed) return { waiting: 'closed' };
    if (!starting) return { waiting: 'not_initialized' };
    if (denied || bot) return {};
    return { waiting: globalThis.document?.prerendering ? 'prerendering' : 'consent' };
  }

  function hear(notice) {
    if (notice.type === 'opened') {
      held = 0;
      context?.settle(notice);
      opened();
    } else {
      // Under a test runner a fallback is nothing to warn of.
      if (notice.type === 'degraded' && isBrowser()) warn(notice.fallback, `${notice.fallback}: ${notice.message}`);
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
