// Passes calls from the facade to the core: what is called in one task goes over at its end, all in one piece and in order.
// Until the core runs, calls wait here. For a page that leaves before that, and where no core can run, the direct sender
// takes its place.
import { listen } from '../browser/environment.js';
import { makeDirectSender } from './direct.js';
import { loadCore, NoCore } from './load-core.js';
import { hasUsableKey, invalidOption, KEY } from './options.js';

/**
 * `options` are those for the core, `context` says who the visitor is, `hear` gets the notices, `wasm` gives the slim package's
 * module.
 */
export function makeBridge(options, context, hear, wasm) {
  /** Calls that wait: events as lines, others as `{ name, value }`, questions with `resolve`. */
  let calls = [];
  /** Calls that the core has got and not stored: it may trap before its store is open. */
  let unstored = [];
  /** Calls under way to the core, should it trap in the midst of them. */
  let current = [];
  let rest = [];
  /** Questions that the core has not answered. */
  const asked = new Set();
  /** The core or the direct sender; nothing while none runs. */
  let receiver;
  let anonymous = context.anonymous();
  let isStoring = false;
  let isScheduled = false;
  /** From `pagehide` on there may be no end of the task any more: what is called goes over at once. */
  let isLeft = false;
  let isClosed = false;
  let restarts = 0;
  let resolveOpened;
  const opened = new Promise((resolve) => (resolveOpened = resolve));
  const stopListening = listen(tellLife, ['pagehide', 'pageshow', 'freeze', 'resume']);

  async function start() {
    let isDead = false;
    isStoring = false;
    const died = (error) => {
      isDead = true;
      receiver = undefined;
      calls = [...unstored, ...current, ...asked, ...rest.splice(0), ...calls];
      unstored = [];
      asked.clear();
      anonymous = context.anonymous();
      if (isClosed) return answerWithoutCore();
      restarts++;
      hear({ type: 'degraded', fallback: 'restarted', message: `the core failed and starts anew: ${error}` });
      // Not from within what has failed.
      queueMicrotask(() => start().catch(console.error));
    };
    try {
      if (restarts > POLICY_MAX_RESTARTS) throw new NoCore('no_core', 'it failed again and again');
      const makeCore = await loadCore(died, wasm);
      const core = makeCore(options, anonymous, hearCore);
      if (!isDead) receiver = core;
    } catch (error) {
      if (error.option) throw error;
      sendDirectly(error);
    }
    handOver();
  }

  function sendDirectly(error) {
    if (!hasUsableKey(options)) throw invalidOption('apiKey', 'cannot be used', KEY);
    const { fallback, message } = error instanceof NoCore ? error : new NoCore('no_core', `${error?.message ?? error}`);
    receiver = makeDirectSender(options, anonymous, hear, fallback);
    hear({ type: 'degraded', fallback, message });
    resolveOpened();
  }

  function hearCore(notice) {
    if (notice.type !== 'opened') return hear(notice);
    isStoring = true;
    unstored = [];
    context.settle(notice);
    resolveOpened();
  }

  /** The core hears of the page's life by itself. */
  function tellLife({ type }) {
    const leaves = type === 'pagehide' || type === 'freeze';
    isLeft = leaves;
    handOver();
    if (!leaves) receiver?.comeBack?.();
    else if (receiver) receiver.leave?.();
    else leaveWithoutCore();
  }

  /** The page leaves, or says its last words after it has left, and no core runs. */
  function leaveWithoutCore() {
    if (!calls.some(isEvent) || !hasUsableKey(options)) return;
    const sender = makeDirectSender(options, anonymous, () => {});
    const questions = calls.filter(({ resolve }) => resolve);
    give(sender, calls.filter(({ resolve }) => !resolve));
    sender.leave();
    calls = questions;
  }

  function queue(call) {
    calls.push(call);
    schedule();
  }

  function schedule() {
    if (isLeft) return handOver();
    if (isScheduled) return;
    isScheduled = true;
    queueMicrotask(handOver);
  }

  function handOver() {
    isScheduled = false;
    context.endTask();
    if (receiver) give(receiver, calls.splice(0));
    else if (isLeft) leaveWithoutCore();
  }

  // Each run of events in one piece. If the core dies of it, what is left goes back, and what it may not have stored with it.
  function give(to, items) {
    rest = items;
    while (items.length) {
      const end = items.findIndex((item) => !isEvent(item));
      const piece = items.splice(0, end < 0 ? items.length : end || 1);
      const [first] = piece;
      current = first.resolve ? [] : piece;
      if (isEvent(first)) {
        to.track(piece.join('\n'));
      } else if (first.resolve) {
        asked.add(first);
        to[first.name]((answer) => settle(first, answer), first.value);
      } else {
        to[first.name](first.value);
      }
      if (to === receiver && !isStoring) unstored.push(...current);
    }
    current = [];
  }

  function settle(question, answer) {
    asked.delete(question);
    if (question.name === 'stats' && restarts) answer.fallbacks.push('restarted');
    question.resolve(answer);
  }

  function answerWithoutCore() {
    calls.forEach((call) => call.resolve?.(call.idle()));
    calls = calls.filter(({ resolve }) => !resolve);
  }

  return {
    /** Loads and starts the core; resolves when its store is open, or it is clear that there will be none. */
    open: () => start().then(() => opened),

    /** Resolves with the core's answer once all calls before have reached it; with that of `idle` where there is no core. */
    ask: (name, value, idle) => new Promise((resolve) => queue({ name, value, idle, resolve })),

    call: (name, value) => queue({ name, value }),
    track: queue,
    handOver,
    answerWithoutCore,
    isOpen: () => receiver !== undefined,

    /** Returns true if this task has called before. */
    isScheduled: () => isScheduled,

    /** Return the number of calls that wait for the core or its store, and of the events among them. */
    size: () => calls.length + unstored.length,
    held: () => [...calls, ...unstored].filter(isEvent).length,

    /** Gives up what waits, but for questions. */
    discard() {
      calls = calls.filter(({ resolve }) => resolve);
      unstored = [];
    },

    close() {
      isClosed = true;
      stopListening();
      receiver?.close();
    },
  };
}

const isEvent = (call) => typeof call === 'string';
