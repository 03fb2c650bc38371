// Who hears of what. A listener that throws is reported as the page's own error, and harms nobody else.

export function makeListeners() {
  const listeners = new Map();
  const warned = new Set();

  return {
    on(type, listener) {
      const entry = { listener };
      if (!listeners.has(type)) listeners.set(type, new Set());
      listeners.get(type).add(entry);
      return () => void listeners.get(type).delete(entry);
    },

    notify(notice) {
      for (const { listener } of listeners.get(notice.type) ?? []) {
        try {
          listener(notice);
        } catch (error) {
          setTimeout(() => {
            throw error;
          });
        }
      }
    },

    /** One warning per cause: a mistake in a loop must not flood the console. */
    warn(cause, message) {
      if (!warned.has(cause)) {
        warned.add(cause);
        console.warn(`appizer: ${message}`);
      }
    },
  };
}
