// Debug output in the console. Its words are in the core chunk (src/js/core/console.js).
import { loadChunk } from 'appizer-chunk';
import { TYPES } from './listeners.js';

/** Returns true if the page's address asks for the log. */
export const isAsked = () => /[?&]appizer_debug\b/.test(globalThis.location?.search);

const KEPT = 20;

let chunk;

/** Resolves with the result of a function of the core chunk; rejects where the chunk does not load. */
export const words = async (name, ...args) => (await (chunk ??= loadChunk()))[name](...args);

export function makeDebug(on) {
  const requests = [];
  /** Events of this page that have not arrived, by id; only while `logging`. */
  const queued = new Map();
  let logging = false;
  TYPES.filter((type) => type !== 'consent').forEach((type) => on(type, hear));

  function hear({ ids = [], ...notice }) {
    requests.push({ at: new Date().toISOString(), ...notice });
    if (requests.length > KEPT) requests.shift();
    ids.forEach((id) => queued.delete(id));
  }

  function log(name, ...args) {
    if (logging) words(name, ...args).catch(() => console.log('appizer:', ...args));
  }

  return {
    log,

    logs(yes) {
      logging = yes;
    },

    tracked(id, name, properties) {
      if (!logging) return;
      queued.set(id, { id, name });
      log('logEvent', name, properties, id);
    },

    /** Prints why nothing arrives, and resolves with all there is to know. */
    async print(stats, consent) {
      const report = { stats, queued: [...queued.values()], requests: [...requests] };
      await words('printReport', report, consent).catch(() => console.log('appizer:', report));
      return report;
    },
  };
}
