// The facade: takes calls at once, whether WebAssembly runs yet or not, and hands them over at the end of the
// task, all in one piece. It keeps their order and decides nothing else.
import { leaveEarly } from './early-exit.js';
import { Refusal, toLine } from './event.js';
import { makeListeners } from './listeners.js';
import { anonymousId, keepAnonymousId, uniqueName } from './names.js';
import { loadCore } from './wasm.js';

/** @returns {import('./index.d.ts').Tracker} */
export function makeTracker() {
  const listeners = makeListeners();
  /** Calls that the core has not got: events as lines, others as `{ name, value }`, questions with `resolve`. */
  let calls = [];
  let scheduled = false;
  let core;
  let page;
  let tracked = 0;
  let refused = 0;
  let held = 0;
  let options;
  let starting;
  let opened;
  let left = false;
  let closed = false;
  let anonymous;

  return {
    init,
    track,
    identify,
    reset,
    flush,
    on: listeners.on,
    stats,
    deadLetters,
    resendDeadLetters: () => ask('disposeOfLetters', () => 0, true),
    discardDeadLetters: () => ask('disposeOfLetters', () => 0, false),
    close,
  };

  function init(given) {
    if (closed) return Promise.reject(appizerError('closed', 'the tracker is closed'));
    if (starting) return initAgain(given);
    options = { ...given };
    starting = start(given).catch((error) => {
      starting = undefined;
      globalThis.removeEventListener?.('pagehide', leaveBeforeReady);
      answerWithoutCore();
      throw error;
    });
    return starting;
  }

  async function start(given) {
    const isOpen = new Promise((resolve) => (opened = resolve));
    globalThis.addEventListener?.('pagehide', leaveBeforeReady);
    let Core;
    try {
      anonymous = anonymousId(options.instance);
      Core = await loadCore();
    } catch (cause) {
      throw Object.assign(appizerError('no_webassembly', `WebAssembly does not run here: ${cause.message}`), { cause });
    }
    core = new Core(given, anonymous, hear);
    globalThis.removeEventListener?.('pagehide', leaveBeforeReady);
    handOver();
    await isOpen;
  }

  function initAgain(given) {
    for (const name of new Set([...Object.keys(options), ...Object.keys(given ?? {})])) {
      if (name !== 'apiKey' && options[name] !== given?.[name]) {
        const message = `init was called before with another ${name}; a tracker of its own needs createTracker`;
        return Promise.reject(Object.assign(appizerError('already_initialized', message), { option: name }));
      }
    }
    const { apiKey } = given ?? {};
    if (apiKey !== options.apiKey) {
      if (typeof apiKey !== 'string' || !/^[!-~]+$/.test(apiKey)) {
        const message = 'option "apiKey" cannot be used; allowed: printable ASCII characters without spaces';
        return Promise.reject(Object.assign(appizerError('invalid_option', message), { option: 'apiKey' }));
      }
      options.apiKey = apiKey;
      call('useKey', apiKey);
    }
    return starting;
  }

  function track(name, properties, overrides) {
    try {
      if (closed) throw new Refusal('closed');
      if (!core && held === POLICY_MAX_HELD_EVENTS) throw new Refusal('too_many_held');
      page ??= uniqueName();
      const id = page + '-' + (tracked++).toString(36);
      const line = toLine(id, name, properties, overrides);
      if (!core) held++;
      queue(line);
      return id;
    } catch (refusal) {
      refuse(refusal, name);
      return null;
    }
  }

  function refuse(refusal, name) {
    refused++;
    // Whatever else was thrown came out of the page's own getters.
    const { code, message } = refusal instanceof Refusal ? refusal : new Refusal('not_serializable');
    listeners.warn(code, `an event was refused (${code}): ${message}`);
    listeners.notify({ type: 'rejected', code, message, ...(typeof name === 'string' && { name }) });
  }

  function identify(userId) {
    if (typeof userId === 'string' && userId.trim()) {
      call('identify', userId);
    } else {
      listeners.warn('identify', 'identify takes a user id, a string that is not empty; the call is ignored');
    }
  }

  function reset() {
    call('reset', uniqueName());
  }

  function flush() {
    return ask('flush', () => ({ delivered: 0, rejected: 0, queued: held, waiting: waiting() })).then(withDate);
  }

  function stats() {
    const nothing = { accepted: 0, delivered: 0, handedOver: 0, queued: 0, rejected: 0, uncertain: 0, dropped: {} };
    const idle = () => ({ ...nothing, inFlight: 0, storage: 'memory', fallbacks: [], waiting: waiting() });
    return ask('stats', idle).then((answer) => withDate({ ...answer, refused }));
  }

  async function deadLetters() {
    const letters = await ask('deadLetters', () => []);
    return letters.map(({ json, at, ...rest }) => ({ ...rest, ...eventOf(json), at: new Date(at) }));
  }

  async function close() {
    if (closed) return;
    const flushed = flush();
    closed = true;
    await flushed;
    core?.close();
  }

  function waiting() {
    return closed ? 'closed' : 'not_initialized';
  }

  function hear(notice) {
    if (notice.type === 'opened') {
      keepAnonymousId(options.instance, notice.anonymous);
      opened();
    } else {
      if (notice.type === 'degraded') listeners.warn(notice.fallback, `${notice.fallback}: ${notice.message}`);
      listeners.notify(notice);
    }
  }

  function call(name, value) {
    queue({ name, value });
  }

  /** The core's answer, once all calls before have reached it; without a core, what `idle` gives. */
  function ask(name, idle, value) {
    if (!starting || closed) return Promise.resolve(idle());
    return new Promise((resolve) => queue({ name, value, resolve, idle }));
  }

  function answerWithoutCore() {
    calls.forEach((item) => item.resolve?.(item.idle()));
    calls = calls.filter((item) => !item.resolve);
  }

  function queue(item) {
    calls.push(item);
    if (!scheduled) {
      scheduled = true;
      queueMicrotask(handOver);
    }
  }

  function handOver() {
    scheduled = false;
    if (!core) {
      // The page's own handlers of `pagehide` come after ours.
      if (left) leaveBeforeReady();
      return;
    }
    const now = calls;
    calls = [];
    let lines = [];
    for (const item of now) {
      if (typeof item === 'string') {
        lines.push(item);
      } else {
        handLines(lines);
        lines = [];
        item.resolve ? core[item.name](item.resolve, item.value) : core[item.name](item.value);
      }
    }
    handLines(lines);
  }

  function handLines(lines) {
    if (lines.length) core.track(lines.join('\n'));
  }

  function leaveBeforeReady() {
    left = true;
    if (typeof options.apiKey === 'string') {
      leaveEarly(options, anonymous, calls);
      calls = calls.filter((item) => typeof item !== 'string');
    }
  }
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

function appizerError(code, message) {
  return Object.assign(new Error(message), { name: 'AppizerError', code });
}
