// Listeners. One that throws is reported as the page's own error, and harms no other.

export const TYPES = ['delivered', 'retry', 'rejected', 'paused', 'dropped', 'degraded', 'consent'];

/** Different warnings of a page: a mistake in a loop must not flood the console. */
const MOST_WARNINGS = 20;

export function makeListeners() {
  const listeners = new Map();
  const warned = new Set();
  const telling = new Set();

  function notify(notice) {
    const { type } = notice;
    // Notices that a listener itself causes come in a task of their own: no recursion, and the page stays responsive.
    if (telling.has(type)) return void setTimeout(notify, 0, notice);
    telling.add(type);
    for (const { listener } of [...(listeners.get(type) ?? [])]) {
      try {
        listener(notice);
      } catch (error) {
        setTimeout(() => {
          throw error;
        });
      }
    }
    telling.delete(type);
  }

  return {
    notify,

    on(type, listener) {
      if (!TYPES.includes(type) || typeof listener !== 'function') {
        throw new TypeError(`appizer: on(${String(type)}) needs one of the types ${TYPES.join(', ')} and a function`);
      }
      const entry = { listener };
      if (!listeners.has(type)) listeners.set(type, new Set());
      listeners.get(type).add(entry);
      return () => void listeners.get(type).delete(entry);
    },

    /** Warns once per text. */
    warn(message) {
      if (!message || warned.has(message) || warned.size >= MOST_WARNINGS) return;
      warned.add(message);
      console.warn(`appizer: ${message}`);
    },
  };
}
