// The script tag's entry: the global `appizer`, started from the tag's attributes, with the calls that a stub
// recorded before this file had loaded.
import { ofDocument } from '../browser/environment.js';
import * as appizer from './index.js';

// What an attribute's text means, by option. `beforeSend` and `wasm` are no texts.
const KINDS = [
  [String, 'apiKey endpoint userId partialFailure beaconUrl persistence consent bots instance'],
  [Number, 'flushInterval batchSize requestsPerMinute maxQueueEvents maxQueueBytes maxAge sessionTimeout'],
  [(text) => text !== 'false', 'metadata insurance campaign pageViews stripQuery respectPrivacySignals clientHints debug'],
  [(text) => text.split(/\s*,\s*/), 'denyProperties previousApiKeys'],
];

/** How long a page may take to call `init` before it is warned. */
const PATIENCE = 5_000;

const tag = findTag();
const before = globalThis.appizer;
// A page may have the tag twice, its own and a tag manager's: two trackers would both track its views.
if (!before?.init || before.q) globalThis.appizer = { ...appizer };

// An empty key is a template's mistake, and `init` says so. A relay needs none.
if (tag && isStart(tag)) {
  globalThis.appizer.init(read(tag.dataset)).catch((error) => console.error(error));
}
for (const call of before?.q ?? []) {
  replay(...call);
}
setTimeout(warnUnlessStarted, PATIENCE);

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

async function warnUnlessStarted() {
  const { waiting } = await globalThis.appizer.stats();
  if (waiting !== 'not_initialized') return;
  const cause = !tag ? 'its script tag cannot be found' : 'its script tag has neither data-api-key nor data-endpoint (a tag manager may have removed them)';
  console.warn(`appizer: the tracker is loaded and not started, for ${cause}. Nothing is sent: add the attribute, or call appizer.init({ apiKey })`);
}

// Other attributes are others': of Next.js (`data-nscript`), Cloudflare (`data-cfasync`), consent managers.
function read(dataset) {
  const options = {};
  for (const [meaning, names] of KINDS) {
    for (const name of names.split(' ')) {
      if (name in dataset) options[name] = meaning(dataset[name]);
    }
  }
  return options;
}

// A call is recorded as [name, …arguments], or with the time of the call before that.
function replay(time, name, ...args) {
  if (typeof time === 'string') {
    replay(undefined, time, name, ...args);
  } else {
    if (name === 'track' && time) args[2] = { time, ...args[2] };
    globalThis.appizer[name]?.(...args);
  }
}
