// From the facade to the core: what is called in one task goes over at its end, all in one piece and in order. Until
// WebAssembly runs it waits here. Where that cannot run, or has failed too often, src/js/plain takes the core's place.
import { listen } from './environment.js';
import { AppizerError, faultOf, invalidOption, isKey, KEY, textOf } from './options.js';
import { makePlain } from './plain/plain.js';
import { loadChunk } from 'appizer-chunk';

/** `endOfTask` is called before a task's calls go over; `wasm` gives the slim package's module. */
export function makeHandOver(endOfTask, wasm) {
  /** Calls that the core has not got: events as lines, others as `{ name, value }`, questions with `resolve`. */
  let calls = [];
  /** Those that it is getting, those that come next, and those that it got before it was open, until when it stores nothing. */
  let current = [];
  let rest = [];
  let unstored = [];
  /** Questions that it has not answered. */
  const asked = new Set();
  let scheduled = false;
  let core;
  let isStoring = false;
  /** While there is no core: what the page does if it leaves. */
  let leave;
  /** From `pagehide` on there may be no end of the task any more: what is called goes over at once. */
  let left = false;
  let stopListening;
  let restarts = 0;
  let closed = false;

  /** Loads and starts the core with these options; `hear` gets its notices. */
  function open(options, anonymous, hear) {
    stopListening = listen(
      ({ type }) => {
        left = type === 'pagehide';
        handOver();
      },
      ['pagehide', 'pageshow'],
      [],
      { capture: true },
    );
    return start(options, anonymous, (notice) => {
      if (notice.type === 'opened') {
        isStoring = true;
        unstored = [];
      }
      hear(notice);
    });
  }

  async function start(options, anonymous, hear) {
    let isDead = false;
    isStoring = false;
    leave = () => {
      if (!isKey(options.apiKey)) return;
      const plain = makePlain(options, anonymous, () => {});
      give(plain, calls.filter((item) => !item.resolve));
      plain.leave();
      calls = calls.filter((item) => !isEvent(item));
    };
    const died = (error) => {
      isDead = true;
      core = undefined;
      calls = [...unstored, ...current, ...asked, ...rest.splice(0), ...calls];
      unstored = [];
      asked.clear();
      if (closed) return answerWithoutCore();
      restarts++;
      hear({ type: 'degraded', fallback: 'restarted', message: `WebAssembly failed and starts anew: ${error}` });
      // Not from within what has failed.
      queueMicrotask(() => start(options, anonymous, hear));
    };
    try {
      if (restarts > POLICY_MAX_RESTARTS) throw new Error('it failed again and again');
      const { loadCore, version } = await loadChunk();
      if (version !== APPIZER_VERSION) throw new Error(`the core chunk is of version ${version}, the facade of ${APPIZER_VERSION}`);
      const loaded = await loadCore(died, wasm());
      const fault = loaded.start(textOf(options), anonymous, hear);
      if (fault) throw faultOf(options, fault);
      if (!isDead) core = loaded;
    } catch (error) {
      if (error instanceof AppizerError) throw error;
      if (!isKey(options.apiKey)) throw invalidOption('apiKey', 'cannot be used', KEY);
      core = makePlain(options, anonymous, hear);
      core.start();
      hear({ type: 'degraded', fallback: 'no_webassembly', message: `WebAssembly does not run here: ${error.message}` });
    } finally {
      leave = undefined;
      handOver();
    }
  }

  function schedule() {
    if (left) {
      scheduled = true;
      handOver();
    } else if (!scheduled) {
      scheduled = true;
      queueMicrotask(handOver);
    }
  }

  function queue(item) {
    calls.push(item);
    schedule();
  }

  const isEvent = (item) => typeof item === 'string';

  function handOver() {
    scheduled = false;
    endOfTask();
    if (!core && left) leave?.();
    if (core) give(core, calls.splice(0));
  }

  // Each run of events in one piece. If the core dies of it, what is left goes back, and what it may not have stored with it.
  function give(to, items) {
    const isCore = to === core;
    rest = items;
    while (items.length) {
      const end = items.findIndex((item) => !isEvent(item));
      const piece = items.splice(0, end < 0 ? items.length : end || 1);
      const [first] = piece;
      current = first.resolve ? [] : piece;
      if (end) {
        to.track(piece.join('\n'));
      } else if (first.resolve) {
        asked.add(first);
        to[first.name]((answer) => settle(first, answer), first.value);
      } else {
        to[first.name](first.value);
      }
      if (isCore && to === core && !isStoring) unstored.push(...current);
    }
    current = [];
  }

  function settle(item, answer) {
    asked.delete(item);
    if (item.name === 'stats' && restarts) answer.fallbacks.push('restarted');
    item.resolve(answer);
  }

  /** Answers what was asked of a core that never came. */
  function answerWithoutCore() {
    calls.forEach((item) => item.resolve?.(item.idle()));
    calls = calls.filter((item) => !item.resolve);
  }

  return {
    open,
    schedule,
    queue,
    handOver,
    answerWithoutCore,

    isOpen: () => !!core,

    /** Whether this task has called before. */
    isScheduled: () => scheduled,

    call: (name, value) => queue({ name, value }),

    /** The core's answer, once all calls before have reached it. */
    ask: (name, value, idle) => new Promise((resolve) => queue({ name, value, idle, resolve })),

    /** How much waits for the core, or for its store. */
    size: () => calls.length + unstored.length,

    /** How many events are among it. */
    held: () => [...calls, ...unstored].filter(isEvent).length,

    /** Gives up what waits, but for questions. */
    discard() {
      calls = calls.filter((item) => item.resolve);
      unstored = [];
    },

    close() {
      closed = true;
      stopListening?.();
      core?.close();
    },
  };
}
