// What servers get in place of the package: every function in its shape, and nothing behind it. A page rendered on a
// server calls them as in a browser; the events are the browser's to track.

const answers = {
  init: async () => {},
  track: () => null,
  identify() {},
  reset() {},
  flush: async () => ({ delivered: 0, rejected: 0, queued: 0 }),
  on: () => () => {},
  stats: async () => ({
    ...{ accepted: 0, delivered: 0, handedOver: 0, queued: 0, rejected: 0, uncertain: 0, dropped: {}, refused: 0 },
    ...{ inFlight: 0, storage: 'memory', fallbacks: ['no_browser'] },
  }),
  deadLetters: async () => [],
  resendDeadLetters: async () => 0,
  discardDeadLetters: async () => 0,
  close: async () => {},
};

export const { init, track, identify, reset, flush, on, stats, close } = answers;
export const { deadLetters, resendDeadLetters, discardDeadLetters } = answers;

export const createTracker = () => ({ ...answers });
