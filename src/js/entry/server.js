// What servers get in place of the package: every function in its shape, and nothing behind it. A page rendered on a
// server calls them as in a browser; the events are the browser's to track.

const answers = {
  init: async () => {},
  track: () => null,
  page: () => null,
  identify() {},
  reset() {},
  register() {},
  registerOnce() {},
  unregister() {},
  timeEvent() {},
  optOut() {},
  optIn() {},
  consent: () => 'pending',
  hasOptedOut: () => false,
  flush: async () => ({ delivered: 0, rejected: 0, queued: 0 }),
  on: () => () => {},
  stats,
  debug: async () => ({ stats: await stats(), queued: [], requests: [] }),
  deadLetters: async () => [],
  resendDeadLetters: async () => 0,
  discardDeadLetters: async () => 0,
  close: async () => {},
};

async function stats() {
  const account = { accepted: 0, delivered: 0, handedOver: 0, queued: 0, rejected: 0, uncertain: 0, dropped: {}, refused: 0 };
  return { ...account, inFlight: 0, storage: 'memory', fallbacks: ['no_browser'] };
}

export { stats };
export const { init, track, page, identify, reset, flush, on, close, debug } = answers;
export const { register, registerOnce, unregister, timeEvent, optOut, optIn, consent, hasOptedOut } = answers;
export const { deadLetters, resendDeadLetters, discardDeadLetters } = answers;

export const createTracker = () => ({ ...answers });
