// From the facade to the core: what is called in one task goes over at its end, all in one piece and in order. Until
// WebAssembly runs it waits here.
import { leaveEarly } from './early-exit.js';
import { appizerError } from './options.js';
import { loadCore } from './wasm.js';

/** `endOfTask` is called before a task's calls go over. */
export function makeHandOver(endOfTask) {
  /** Calls that the core has not got: events as lines, others as `{ name, value }`, questions with `resolve`. */
  let calls = [];
  let scheduled = false;
  let core;
  /** Once the core is being loaded: what the page does if it leaves before that is done. */
  let leave;
  let left = false;

  /** Loads and starts the core with these options; `hear` gets its notices. */
  async function open(options, forCore, anonymous, hear) {
    leave = () => {
      left = true;
      if (typeof options.apiKey === 'string') {
        leaveEarly(options, anonymous, calls);
        calls = calls.filter((item) => typeof item !== 'string');
      }
    };
    globalThis.addEventListener?.('pagehide', leave);
    try {
      const Core = await loadCore().catch((cause) => {
        throw Object.assign(appizerError('no_webassembly', `WebAssembly does not run here: ${cause.message}`), { cause });
      });
      core = new Core(forCore, anonymous, hear);
    } finally {
      globalThis.removeEventListener?.('pagehide', leave);
      leave = undefined;
      handOver();
    }
  }

  function schedule() {
    if (!scheduled) {
      scheduled = true;
      queueMicrotask(handOver);
    }
  }

  function queue(item) {
    calls.push(item);
    schedule();
  }

  function handOver() {
    scheduled = false;
    endOfTask();
    if (!core) {
      // The page's own handlers of `pagehide` come after ours.
      if (left) leave?.();
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

  return {
    open,
    schedule,
    queue,
    handOver,

    isOpen: () => !!core,

    /** Whether this task has called before. */
    isScheduled: () => scheduled,

    call: (name, value) => queue({ name, value }),

    /** The core's answer, once all calls before have reached it. */
    ask: (name, value, idle) => new Promise((resolve) => queue({ name, value, idle, resolve })),

    /** Answers what was asked of a core that never came. */
    answerWithoutCore() {
      calls.forEach((item) => item.resolve?.(item.idle()));
      calls = calls.filter((item) => !item.resolve);
    },

    /** Gives up what waits, but for questions; the number of events among it. */
    discard() {
      const { length } = calls.filter((item) => typeof item === 'string');
      calls = calls.filter((item) => item.resolve);
      return length;
    },

    close: () => core?.close(),
  };
}
