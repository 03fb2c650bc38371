// The facade: takes calls at once, from when the page is there, and decides nothing of queue and delivery.
import { clientHints } from '../capture/client-hints.js';
import { makeContext } from '../capture/context.js';
import { copyOf, isPlain, Refusal, toDraft } from '../capture/event.js';
import { cut, jsonOf } from '../capture/json.js';
import { stripAddresses, viewProperties, watchPages } from '../capture/page-views.js';
import { forgetStored, isBot, makeConsent } from '../capture/privacy.js';
import { makeTimers } from '../capture/timers.js';
import { isBrowser, isPrerendering, listen, ofDocument, uniqueName } from '../browser/environment.js';
import { lettersOf, statsWithoutCore, withDate } from './answers.js';
import { makeBridge } from './bridge.js';
import { isAsked, makeDebug, words } from './debug.js';
import { makeListeners } from './listeners.js';
import { claim, release } from './live.js';
import { checked, findDifference, invalidOption, isKey, KEY, plain } from './options.js';
import { nextSlice } from './slices.js';

/** Why `track` gives `null` without a word in the console: nobody has made a mistake. */
const SILENT = ['opted_out', 'bot'];

/** Milliseconds that `track` may wait for `init` before a warning. */
const PATIENCE = 5_000;

/** Letters of an event's name in a warning. */
const SHOWN = 50;

/**
 * `wasm` gives the slim package's module.
 *
 * A tracker's life is one value:
 * - `idle`: before `init`, or after one that failed;
 * - `waiting`: for its turn after `init`, for a page that is prerendered to be shown, or for consent (`why`);
 * - `running`: events have a context, and a bridge to the core;
 * - `denied`: the visitor wants no events (`why` is `opt_out`), or is a bot; a bridge remains where there was one;
 * - `closed`.
 *
 * @returns {import('../entry/index.d.ts').Tracker}
 */
export function makeTracker(wasm = () => {}) {
  const { on, notify, warn } = makeListeners();
  const debug = makeDebug(on);
  const timers = makeTimers();
  let life = { phase: 'idle' };
  /** Calls that wait for the tracker to run, in order, as `{ run, isEvent }`. */
  let early = [];
  /** The visitor's decision before `init`. */
  let said;
  let page;
  let tracked = 0;
  let refused = 0;
  /** The address of a `page_view` that was tracked before this tracker watches views. */
  let viewed;
  /** The state of consent that listeners know. */
  let told;
  let patience;

  const tracker = {
    init,
    track: (name, properties, overrides) => record(name, properties, overrides),
    identify,
    reset: () => later(() => life.bridge.call('reset', life.context.reset())),
    register: (properties) => change('register', copyOf(properties)),
    registerOnce: (properties) => change('registerOnce', copyOf(properties)),
    unregister: (name) => change('unregister', name),
    timeEvent: timers.start,
    page: recordPage,
    optOut: () => say(false),
    optIn: () => say(true),
    consent: consentState,
    hasOptedOut: () => consentState() === 'denied',
    flush,
    on,
    stats,
    deadLetters: () => ask('deadLetters', () => []).then(lettersOf),
    resendDeadLetters: () => ask('disposeOfLetters', () => 0, true),
    discardDeadLetters: () => ask('disposeOfLetters', () => 0, false),
    debug: (logs) => {
      if (typeof logs === 'boolean') debug.logs(logs);
      return stats().then((account) => debug.print(account, consentState()));
    },
    close,
  };
  return tracker;

  // ——— Starting ———

  function init(given) {
    if (life.started) return initAgain(given);
    try {
      const options = plain(given);
      const forCore = checked(options);
      claim(options);
      const landing = globalThis.document && { url: location.href, referrer: ofDocument('referrer') };
      life = { phase: 'waiting', why: isPrerendering() ? 'prerendering' : 'start', options, forCore, landing };
      life.started = start(life);
      life.started.catch(() => fail(options));
      return life.started;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** In slices: the page that calls `init` is to go on at once. */
  async function start(mine) {
    if (isAsked()) globalThis.appizer ??= tracker;
    if (isAsked() || mine.options.debug) debug.logs(true);
    debug.log('logSettings', mine.options);
    const stopEarly = listen(() => permit(mine), ['pagehide']);
    mine.stopListening = stopEarly;
    if (mine.why === 'prerendering') await new Promise((resolve) => listen(resolve, ['prerenderingchange'], { once: true }));
    await nextSlice();
    permit(mine);
    await nextSlice();
    if (life.options !== mine.options) return;
    stopEarly();
    life.stopListening = listen(checkConsent, ['storage', 'pageshow', 'resume']);
    return life.opening;
  }

  /** Reads the visitor's word, and has the tracker run if it may. */
  function permit(mine) {
    if (life !== mine || mine.consent) return;
    mine.consent = makeConsent(mine.options);
    if (said !== undefined) mine.consent.say(said);
    if (mine.options.bots !== 'drop' || !isBot()) return obey();
    debug.log('logNotice', { type: 'bot' });
    life = { ...mine, phase: 'denied', why: 'bot' };
    refused += giveUpEarly('bot');
  }

  /** Does what the visitor's word allows. */
  function obey() {
    const state = life.consent.state();
    if (state === 'denied') deny();
    else if (state === 'granted') run();
    else {
      life = { ...life, phase: 'waiting', why: 'consent' };
      // The view is recorded now, and kept in memory until consent.
      watch();
    }
    tellConsent(state);
  }

  function tellConsent(state) {
    if (told !== state) tell({ type: 'consent', state: (told = state) });
  }

  function run() {
    const { options, forCore, landing, bridge: before } = life;
    const context = makeContext(options, landing, warn);
    const bridge = before ?? makeBridge(forCore, context, hear, wasm);
    life = { ...life, phase: 'running', why: undefined, context, bridge };
    if (options.clientHints) clientHints().then((properties) => context.add(properties));
    early.splice(0).forEach((call) => call.run());
    watch();
    // A bridge from before was told of an opt-out, or has seen it itself.
    if (before) bridge.call('optIn');
    else life.opening = bridge.open();
  }

  function watch() {
    const { pageViews, stripQuery } = life.options;
    if (pageViews && globalThis.document) life.stopWatching ??= watchPages(record, stripQuery, viewed);
  }

  function initAgain(again) {
    const given = plain(again) ?? {};
    const { options, forCore, bridge, started } = life;
    const difference = findDifference(options, given);
    if (difference) return Promise.reject(difference);
    const { apiKey } = given;
    if (apiKey !== options.apiKey) {
      if (!isKey(apiKey)) return Promise.reject(invalidOption('apiKey', 'cannot be used', KEY));
      forCore.apiKey = options.apiKey = apiKey;
      bridge?.call('useKey', apiKey);
    }
    return started;
  }

  function fail(options) {
    release(options);
    if (life.options !== options) return;
    life.stopListening?.();
    life.stopWatching?.();
    life.bridge?.answerWithoutCore();
    life = { phase: 'idle' };
  }

  // ——— Events ———

  function record(name, properties, overrides, passive, isPage) {
    try {
      if (!life.bridge?.isScheduled()) checkConsent();
      if (life.phase === 'closed') throw new Refusal('closed');
      if (life.why === 'bot') throw new Refusal('bot');
      if (life.phase === 'denied' || (said === false && !life.consent)) throw new Refusal('opted_out');
      if (!life.bridge?.isOpen() && isFull()) throw new Refusal('too_many_held');
      const draft = toDraft(name, timers.end(name, properties), overrides);
      page ??= uniqueName();
      const id = page + '-' + (tracked++).toString(36);
      if (life.phase === 'running') return finish(id, draft, passive);
      if (life.phase === 'idle') patience ??= setTimeout(() => life.phase === 'idle' && explain({ type: 'no_init' }), PATIENCE);
      if (!life.consent && name === 'page_view') viewed = globalThis.location?.href;
      early.push({ run: () => finishLate(id, draft, isPage), isEvent: true });
      return id;
    } catch (refusal) {
      refuse(refusal, name);
      return null;
    }
  }

  function finish(id, draft, passive) {
    const line = life.context.seal(id, draft, passive);
    if (line) {
      debug.tracked(id, draft.name, draft.given);
      life.bridge.track(line);
      return id;
    }
    refused++;
    tell({ type: 'dropped', reason: 'before_send', count: 1 });
    return null;
  }

  function finishLate(id, draft, isPage) {
    try {
      // The page may have changed its object since: the text counts.
      const given = draft.text && JSON.parse(draft.text);
      if (isPage && life.options.stripQuery) {
        stripAddresses(given);
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
    const isText = typeof name === 'string';
    if (!SILENT.includes(code)) warn(`${isText ? `"${cut(name, SHOWN)}"` : 'an event'} was refused (${code}): ${message}`);
    notify({ type: 'rejected', code, message, ...(isText && { name }) });
  }

  function recordPage(name, properties) {
    if (isPlain(name) && properties === undefined) return recordPage(undefined, name);
    if (name != null && typeof name !== 'string') return record(name);
    return record('page_view', viewProperties(name, properties, life.options?.stripQuery), undefined, false, true);
  }

  function identify(userId, traits) {
    const known = copyOf(traits);
    if (typeof userId !== 'string' || !userId.trim() || (traits != null && !known)) {
      return warn('identify takes a user id, a string that is not empty, and traits as a plain object; the call is ignored');
    }
    later(() => {
      const isNews = life.context.identify(userId);
      life.bridge.call('identify', userId);
      if (isNews || known) record('identify', { ...known, $anonymous_id: life.context.anonymous() });
    });
  }

  function change(how, given) {
    later(() => life.context.change(how, given));
  }

  /** Does it now or, where the tracker does not run yet, when it does. */
  function later(run) {
    checkConsent();
    if (life.phase === 'running') run();
    else if (life.phase === 'idle' || life.phase === 'waiting') early.push({ run });
  }

  // ——— The visitor's word ———

  function say(granted) {
    said = granted;
    life.consent?.say(granted);
    if (life.consent) checkConsent();
    else if (!granted) giveUpEarly('opt_out');
  }

  /** The visitor may have had their say in another tab, or while this page was frozen or cached. */
  function checkConsent() {
    if (!life.consent || life.why === 'bot' || isPrerendering()) return;
    const state = life.consent.state();
    if (state === 'denied' ? life.phase !== 'denied' : state === 'granted' && life.phase !== 'running') obey();
  }

  function deny() {
    const { bridge, options } = life;
    enterDenied();
    if (bridge?.isOpen()) {
      // The core gets what was tracked before, and counts it as given up.
      bridge.call('optOut', uniqueName());
      bridge.handOver();
    } else {
      giveUpEarly('opt_out');
      forgetStored(options.instance);
    }
  }

  function enterDenied() {
    life.stopWatching?.();
    life = { ...life, phase: 'denied', why: 'opt_out', context: undefined, stopWatching: undefined };
  }

  /** Gives up what the core has not got; returns how many events that is. */
  function giveUpEarly(reason) {
    const count = held();
    early = [];
    life.bridge?.discard();
    if (count) tell({ type: 'dropped', reason, count });
    return count;
  }

  function consentState() {
    if (life.consent) return life.consent.state();
    if (said !== undefined) return said ? 'granted' : 'denied';
    return makeConsent({ consent: 'pending' }).state();
  }

  // ——— Answers ———

  function flush() {
    return ask('flush', () => ({ delivered: 0, rejected: 0, queued: held(), ...waiting() })).then(withDate);
  }

  function stats() {
    return ask('stats', () => ({ ...statsWithoutCore(held()), ...waiting() })).then((answer) => withDate({ ...answer, refused }));
  }

  /** Resolves with the core's answer; without a core, with that of `idle`. */
  async function ask(name, idle, value) {
    // In the task of `init` the page wants an answer before the slice in which the tracker would begin to run.
    if (life.why === 'start') permit(life);
    return life.bridge ? life.bridge.ask(name, value, idle) : idle();
  }

  function waiting() {
    if (life.phase === 'closed') return { waiting: 'closed' };
    if (life.phase === 'idle') return { waiting: 'not_initialized' };
    return life.phase === 'denied' ? {} : { waiting: life.why === 'prerendering' ? 'prerendering' : 'consent' };
  }

  /** Returns true if as many events wait as may. Counting takes time: that is done only where there may be too many. */
  function isFull() {
    const size = early.length + (life.bridge?.size() ?? 0);
    return size >= POLICY_MAX_HELD_EVENTS && held() >= POLICY_MAX_HELD_EVENTS;
  }

  /** Returns the number of events that no core has stored yet. */
  function held() {
    return early.filter(({ isEvent }) => isEvent).length + (life.bridge?.held() ?? 0);
  }

  function hear(notice) {
    if (notice.type === 'opted_out') {
      // The core has given up what it had.
      life.consent.say(false);
      enterDenied();
      return tellConsent('denied');
    }
    if (notice.names) notice.names = notice.names.map((name) => JSON.parse(name));
    // The core reports a refusal by its code alone.
    const whole = withDate(notice.type === 'rejected' ? { ...new Refusal(notice.code), ...notice } : notice);
    explain(whole);
    tell(whole);
  }

  function tell(notice) {
    debug.log('logNotice', notice, life.options);
    notify(notice);
  }

  /** Warns of a notice. Under a test runner a fallback is nothing to warn of. */
  function explain(notice) {
    const { type, status, message } = notice;
    if (isBrowser() && type !== 'delivered') words('warningOf', notice).then(warn, () => warn([type, status, message].join(' ')));
  }

  // ——— The end ———

  async function close() {
    if (life.phase === 'closed') return;
    const flushed = flush();
    const { bridge, options, stopListening, stopWatching } = life;
    stopWatching?.();
    stopListening?.();
    life = { phase: 'closed' };
    early = [];
    release(options);
    await flushed;
    bridge?.close();
  }
}
