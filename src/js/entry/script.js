// The script tag's entry: the global `appizer`, started from the tag's attributes, with the calls that the stub (stub.js)
// recorded before this file had loaded.
import { ofDocument } from '../browser/environment.js';
import { nearest } from '../core/nearest.js';
import * as appizer from './index.js';

// The meaning of an attribute's text, by option. `beforeSend` and `wasm` are no texts.
const KINDS = [
  [String, 'apiKey endpoint userId partialFailure beaconUrl persistence consent bots instance'],
  [Number, 'flushInterval batchSize requestsPerMinute maxQueueEvents maxQueueBytes maxAge sessionTimeout'],
  [(text) => text !== 'false', 'metadata insurance campaign pageViews stripQuery respectPrivacySignals clientHints debug'],
  [(text) => text.split(/\s*,\s*/), 'denyProperties previousApiKeys'],
].flatMap(([meaning, names]) => names.split(' ').map((name) => [name, meaning]));

/** Milliseconds that a page may take to call `init` before a warning. */
const PATIENCE = 5_000;

const tag = findTag();
const before = globalThis.appizer;
// A page may have the tag twice, its own and a tag manager's: two trackers would both track its views.
if (!before?.init || Array.isArray(before.q)) globalThis.appizer = { ...appizer, q: { push: (...calls) => calls.forEach(replay) } };

if (tag) warnOfNearNames(tag.dataset);
// An empty key is a template's mistake, and `init` says so. A relay needs none.
if (tag && isStart(tag)) {
  globalThis.appizer.init(read(tag.dataset)).catch((error) => console.error(error));
}
for (const call of Array.isArray(before?.q) ? before.q : []) replay(call);
// A server that imports this file has no tag to start from.
if (globalThis.document) setTimeout(warnUnlessStarted, PATIENCE);

/** The tag of this file. A module script is not the current one, and an element of that name may hide which one is. */
function findTag() {
  const current = ofDocument('currentScript');
  if (current?.dataset) return current;
  const tags = [...(ofDocument('getElementsByTagName')?.('script') ?? [])];
  return tags.find((tag) => isStart(tag) && tag.src) ?? tags.find(({ src }) => /\bappizer\b[^/]*\.js([?#]|$)/.test(src));
}

/** Returns true if the tag's attributes are enough to start. */
function isStart({ dataset }) {
  return 'apiKey' in dataset || 'endpoint' in dataset;
}

/** Where events were tracked, the tracker itself warns. */
async function warnUnlessStarted() {
  const { waiting, accepted } = await globalThis.appizer.stats();
  if (waiting !== 'not_initialized' || accepted) return;
  const cause = !tag ? 'its script tag cannot be found' : 'its script tag has neither data-api-key nor data-endpoint (a tag manager may have removed them)';
  console.warn(`appizer: the tracker is loaded and not started, for ${cause}. Nothing is sent: add the attribute, or call appizer.init({ apiKey })`);
}

// Other attributes are others': of Next.js (`data-nscript`), Cloudflare (`data-cfasync`), consent managers.
function read(dataset) {
  return Object.fromEntries(KINDS.filter(([name]) => name in dataset).map(([name, meaning]) => [name, meaning(dataset[name])]));
}

function warnOfNearNames(dataset) {
  const names = KINDS.map(([name]) => name);
  for (const given of Object.keys(dataset)) {
    const meant = !names.includes(given) && nearest(given, names);
    if (meant) console.warn(`appizer: the script tag's ${attribute(given)} is no option and is ignored; did you mean ${attribute(meant)}?`);
  }
}

function attribute(name) {
  return `data-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Makes a call that was recorded as `[name, …arguments]`, or with the time of the call before that. */
function replay(call) {
  const [time, name, ...args] = typeof call[0] === 'string' ? [undefined, ...call] : call;
  if (name === 'track' && time) args[2] = { time, ...args[2] };
  try {
    const result = globalThis.appizer[name](...args);
    call.settle?.(result);
  } catch (error) {
    console.error(`appizer: the queued call ${String(name)} failed`, error);
  }
}
