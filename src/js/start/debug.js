// What a developer wants to see in the console.

/** Whether the address asks for it. */
export const isAsked = () => /[?&]appizer_debug\b/.test(globalThis.location?.search);

const KEPT = 20;
const OF_REQUESTS = ['delivered', 'retry', 'rejected', 'paused', 'dropped', 'degraded'];

export function makeDebug(on) {
  const requests = [];
  /** Events of this page that have not arrived, by id; only while `logging`. */
  const queued = new Map();
  let logging = false;
  OF_REQUESTS.forEach((type) => on(type, hear));

  function hear({ type, ...notice }) {
    const { ids = [], ...rest } = notice;
    requests.push({ at: new Date().toISOString(), type, ...rest });
    if (requests.length > KEPT) requests.shift();
    ids.forEach((id) => queued.delete(id));
    log(type, rest);
  }

  function log(...what) {
    if (logging) console.log('appizer:', ...what);
  }

  return {
    log,

    logs(yes) {
      logging = yes;
    },

    tracked(id, name, properties) {
      if (!logging) return;
      queued.set(id, { id, name });
      log('track', name, properties ?? {}, id);
    },

    /** Prints all there is to know, and gives it back. */
    print(stats) {
      const { queued: count, waiting, until } = stats;
      const why = waiting ? `; they wait: ${waiting}${until ? ` until ${until.toISOString()}` : ''}` : '';
      console.log(`appizer: ${count} events are queued${count ? why : ''}`, stats);
      if (queued.size) console.table([...queued.values()]);
      console.log('appizer: the last requests');
      console.table(requests);
      return { stats, queued: [...queued.values()], requests: [...requests] };
    },
  };
}
