// The words of warnings and of the debug log. They are in the core chunk: most pages never show them.
import { lostIn } from './lost.js';

const KEPT = 'Events stay queued in this browser';
const DIRECT = 'Events still go, in batches without a shared rate limit';

/** Warnings for a pause, by reason: what happened and what to do. */
const PAUSES = {
  forbidden: ['refuses the key', 'check apiKey: init({ apiKey }) with the right key sends them'],
  not_found: ['does not exist', 'check the option "endpoint"'],
  bad_response: ['gives an answer that is not the batch endpoint\'s (HTML, or JSON without "success")', 'check the option "endpoint" and the proxy behind it'],
  unreachable: ['cannot be reached though there is a network', "look for an ad blocker, connect-src in the page's Content-Security-Policy, CORS; a proxy on your own domain helps"],
};

/** Why events wait, by the word of `stats().waiting`. */
const WAITS = {
  not_initialized: 'init has not been called: call init({ apiKey })',
  consent: 'the visitor has not consented: call optIn() or optOut()',
  prerendering: 'the page is prerendered: events go when it is shown',
  opening: "the browser's storage is being opened",
  interval: 'they go at the end of the flush interval, or now with flush()',
  request: 'they are on their way',
  backoff: 'the last request failed: it is tried again',
  paused: 'the endpoint does not take them',
  limit: 'the limit of requests a minute is reached',
  offline: 'the browser is offline',
  reply: 'an earlier page gave them to the browser: the next answer settles them',
  core: 'the endpoint refused their batch, and the next page with a core finds the event at fault',
  closed: 'the tracker is closed',
};

/** Returns the warning that a notice calls for, if any. */
export function warningOf(notice) {
  const { type, status, ids, fallback, message } = notice;
  if (type === 'no_init') {
    return 'track was called and init was not. Events wait in memory and are lost with the page: call init({ apiKey }), or give the script tag its data-api-key';
  }
  if (type === 'paused') return pauseText(notice.reason, notice);
  if (type === 'retry' && (status === 401 || status === 403)) return pauseText('forbidden', notice);
  if (type === 'retry' && status === 404) return pauseText('not_found', notice);
  if (type === 'retry' && status >= 200 && status < 400) return pauseText('bad_response', notice);
  if (type === 'rejected' && ids) return letterText(notice);
  if (type !== 'degraded') return undefined;
  if (fallback === 'no_webassembly') {
    return `WebAssembly is blocked here, by the page's Content-Security-Policy or by the browser (${message}). ${DIRECT}. Add 'wasm-unsafe-eval' to script-src, or import '@appizer/tracker/js'`;
  }
  if (fallback === 'no_core') return `the core does not run (${message}). ${DIRECT}. Check that core.js is served beside index.js and that script-src allows it`;
  if (fallback === 'memory_queue') return `the browser gives no storage (${message}). Events are kept in memory: what this page has not delivered when it closes is lost`;
  return `${fallback}: ${message}`;
}

/** A mere retry is told without its time: the next one would be another text. */
function pauseText(reason, { status, message, until }) {
  const [what, cure] = PAUSES[reason];
  const when = until ? ` at ${until.toLocaleTimeString()}` : '';
  return `the endpoint ${what} (${answerOf(status, message)}). ${KEPT} and are tried again${when}; ${cure}`;
}

function letterText({ code, status, message, ids, names = [] }) {
  const shown = [...new Set(names)].slice(0, 3).map((name) => JSON.stringify(name)).join(', ');
  const events = ids.length === 1 ? `the event ${shown}` : `${ids.length} events${shown && ` (${shown})`}`;
  const causes = {
    refused_by_endpoint: `the endpoint refused ${events} (${answerOf(status, message)})`,
    uncertain: `the endpoint does not say whether it took ${events} (${answerOf(status, message)})`,
  };
  return `${causes[code] ?? `${events} could not be read from the browser's storage`}. Kept as dead letters, not sent again: see deadLetters(), resendDeadLetters()`;
}

const answerOf = (status, message) => [status || 'no answer', message].filter(Boolean).join(': ');

/** Logs the settings that a tracker starts with. */
export function logSettings({ apiKey, endpoint = POLICY_DEFAULT_ENDPOINT, flushInterval = POLICY_DEFAULT_FLUSH_INTERVAL, persistence = 'store', consent = 'granted', instance = 'default' }) {
  const key = `${apiKey}`.length > 8 ? `${`${apiKey}`.slice(0, 4)}…` : '…';
  log(`version ${APPIZER_VERSION} starts: endpoint ${endpoint}, key ${key}, flush interval ${flushInterval} ms, persistence "${persistence}", consent "${consent}", instance "${instance}"`);
}

/** Logs an event, and warns of values that JSON loses. */
export function logEvent(name, properties, id) {
  log(`track "${name}" ${textOf(properties)} (${id})`);
  for (const [path, kind, result] of lostIn(properties)) {
    console.warn(`appizer: property "${path}" of "${name}" is of type ${kind}, which JSON turns into ${result}: convert it before track`);
  }
}

/** Logs a notice in one line; what is warned of is not logged again. */
export function logNotice(notice, options) {
  const { type, count, delay, status, message, reason, state } = notice;
  const lines = {
    delivered: () => `delivered ${count} ${count === 1 ? 'event' : 'events'}`,
    retry: () => `a request failed (${answerOf(status, message)}): tried again in ${Math.round(delay / 1000)} s`,
    dropped: () => `gave up ${count} ${count === 1 ? 'event' : 'events'}: ${reason}`,
    bot: () => 'this browser is automated or a bot, and the option bots is "drop": nothing is tracked',
    consent: () => consentLine(state, options),
  };
  const line = !warningOf(notice) && lines[type]?.();
  if (line) log(line);
}

function consentLine(state, options) {
  if (state === 'granted') return options.consent === 'pending' && 'consent is granted';
  if (state === 'pending') return `consent is pending: events wait in memory, and nothing is stored or sent. ${WAITS.consent}`;
  const { globalPrivacyControl, doNotTrack } = navigator;
  const signalled = options.respectPrivacySignals && (globalPrivacyControl === true || doNotTrack === '1');
  const cause = signalled ? 'the browser sends Global Privacy Control or Do Not Track' : 'the visitor has opted out';
  return `nothing is tracked: ${cause}. optIn() ends it`;
}

/** Prints why nothing arrives, the queue and the last requests. */
export function printReport({ stats, queued, requests }, consent) {
  log(answer(stats, consent));
  log(`delivered ${stats.delivered}, queued ${stats.queued}, dead letters ${stats.rejected + stats.uncertain}, refused ${stats.refused}`, stats);
  if (queued.length) console.table(queued);
  if (requests.length) log('the last requests'), console.table(requests);
}

function answer({ queued, accepted, refused, waiting, until, lastError, rejected, uncertain }, consent) {
  if (waiting === 'not_initialized' || waiting === 'closed') return `nothing arrives: ${WAITS[waiting]}`;
  if (consent === 'denied') return 'nothing arrives: the visitor has opted out, or the browser says so for them';
  const error = lastError ? `. Last error: ${answerOf(lastError.status, lastError.message)}` : '';
  if (queued) return `${queued} events wait: ${WAITS[waiting] ?? waiting}${until ? `, until ${until.toLocaleTimeString()}` : ''}${error}`;
  if (rejected + uncertain) return `nothing waits; ${rejected + uncertain} events are dead letters: see deadLetters()${error}`;
  if (!accepted) return refused ? 'no event was accepted: see the warnings of track' : 'no event was tracked';
  return 'all events were delivered';
}

function textOf(value) {
  try {
    return JSON.stringify(value ?? {});
  } catch {
    return '{…}';
  }
}

const log = (line, ...rest) => console.log(`appizer: ${line}`, ...rest);
