// The script tag's entry: the global `appizer`, started from the tag's attributes, with the calls that a stub
// recorded before this file had loaded.
import * as appizer from './index.js';

const NUMBERS = ['flushInterval', 'batchSize', 'requestsPerMinute', 'maxQueueEvents', 'maxQueueBytes', 'maxAge', 'sessionTimeout'];
const FLAGS = ['metadata', 'insurance', 'campaign', 'pageViews', 'stripQuery', 'respectPrivacySignals', 'clientHints', 'debug'];

const tag = globalThis.document?.currentScript;
const stub = globalThis.appizer;
globalThis.appizer = { ...appizer };

if (tag?.dataset.apiKey) {
  appizer.init(read(tag.dataset)).catch((error) => console.error(error));
}
for (const call of stub?.q ?? []) {
  replay(...call);
}

function read(dataset) {
  const options = { ...dataset };
  for (const name of NUMBERS) {
    if (name in options) options[name] = Number(options[name]);
  }
  for (const name of FLAGS) {
    if (name in options) options[name] = options[name] !== 'false';
  }
  // Names with commas between.
  if ('denyProperties' in options) options.denyProperties = options.denyProperties.split(/\s*,\s*/);
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
