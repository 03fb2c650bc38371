// The page leaves before WebAssembly runs: what it tracked is sealed here as src/core/event.rs does it, given to
// the browser within the exit share, and left in localStorage as operations on the store's rows (src/core/rows.rs),
// with a mark that names what was given (src/core/exit.rs), since no reply will be seen.
import { uniqueName } from './names.js';
import { find, keep, SEPARATOR } from './store.js';

/** `calls` are those that wait for the core, in order. */
export function leaveEarly(options, anonymous, calls) {
  const events = seal(options, anonymous, calls);
  const owner = uniqueName();
  const { instance = 'default' } = options;
  const records = [];
  const sent = [];
  let share = POLICY_EXIT_SHARE_BYTES;
  for (let first = 0; first < events.length; first += POLICY_MAX_SEGMENT_EVENTS) {
    const segment = events.slice(first, first + POLICY_MAX_SEGMENT_EVENTS);
    const key = `${owner}/${String(first / POLICY_MAX_SEGMENT_EVENTS).padStart(8, '0')}`;
    records.push('segments', key, `1${Date.now()} ${idsOf(segment)}\n${segment.map((event) => event.json).join(',\n')}`);
    if (navigator.onLine !== false) {
      const batch = fitting(segment, share);
      share -= batch.bytes;
      if (send(options, batch)) sent.push(...batch.events);
    }
  }
  const left = (kind, fields) => options.persistence === 'memory' || keep(`appizer:${instance}:${kind}:${owner}`, fields.join(SEPARATOR));
  if (events.length && !left('left', records)) console.warn('appizer: no storage took the events of a page that left early');
  // A mark is for where the last reply was a success (src/core/exit.rs says why).
  const to = destination(options);
  if (sent.length && 'keepalive' in Request.prototype && find(`appizer:${instance}:good_link`) === `${to}`) {
    left('left-mark', ['marks', owner, `1${to} ${idsOf(sent)}`]);
  }
}

const idsOf = (events) => events.map((event) => event.id).join(' ');

function seal(options, anonymous, calls) {
  const events = [];
  let user = options.userId;
  for (const call of calls) {
    if (typeof call === 'string') {
      events.push(sealLine(call, JSON.stringify(user ?? anonymous), options.metadata !== false));
    } else if (call.name === 'identify') {
      user = call.value;
    } else if (call.name === 'reset') {
      [user, anonymous] = [undefined, call.value];
    }
  }
  return events;
}

function sealLine(line, user, metadata) {
  const [id, time, name, properties, ownUser, ip, ua] = line.split('\t');
  let json = `{"event_name":${name},"user_id":${ownUser || user}`;
  if (metadata) {
    const given = properties.length > 2 ? properties.slice(0, -1) + ',' : '{';
    json += `,"properties":${given}"$event_id":"${id}","$time":"${time}"}`;
  } else if (properties) {
    json += `,"properties":${properties}`;
  }
  if (ip) json += `,"ip":${ip}`;
  return { id, json: `${json},"ua":${ua || JSON.stringify(navigator.userAgent)}}` };
}

// The oldest events that fit the share, and what they weigh.
function fitting(segment, share) {
  let body = '{"events":[';
  let count = 0;
  let bytes = 0;
  for (const { json } of segment) {
    const longer = body + (count ? ',' : '') + json;
    const size = new Blob([longer]).size + 2;
    if (size > share) break;
    body = longer;
    bytes = size;
    count++;
  }
  return { body: body + ']}', bytes, events: segment.slice(0, count) };
}

function send({ apiKey, endpoint = POLICY_DEFAULT_ENDPOINT }, { body, events }) {
  if (!events.length) return false;
  try {
    const headers = { Authorization: `Bearer ${apiKey}`, 'Content-Type': 'application/json' };
    fetch(endpoint, { method: 'POST', headers, body, keepalive: true }).catch(() => {});
    return true;
  } catch {
    return false;
  }
}

// Tells endpoint and key apart from others without telling the key: `destination` of src/core/exit.rs.
export function destination({ apiKey, endpoint = POLICY_DEFAULT_ENDPOINT }) {
  let hash = 0x811c9dc5;
  for (const unit of [...units(endpoint), 0, ...units(apiKey)]) {
    hash = Math.imul(hash ^ unit, 0x01000193);
  }
  return hash >>> 0;
}

const units = (text) => Array.from({ length: text.length }, (_, place) => text.charCodeAt(place));
