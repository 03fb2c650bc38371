// From a line (src/core/model/event.rs) to the event as the endpoint wants it, for the direct sender. The core seals alike:
// tests/cases/envelopes.json holds both to the same results.
import { userAgent } from '../browser/environment.js';
import { jsonOf } from '../capture/json.js';

/** Returns `{ id, json }`. `user` is JSON, and the user unless the event names its own. */
export function seal(line, user, metadata, agent = userAgent()) {
  const [id, time, name, properties, ownUser, ip, ua] = line.split('\t');
  let json = `{"event_name":${name},"user_id":${ownUser || user}`;
  if (metadata) {
    const given = properties.length > 2 ? `${properties.slice(0, -1)},` : '{';
    json += `,"properties":${given}"$event_id":"${id}","$time":"${time}"}`;
  } else if (properties) {
    json += `,"properties":${properties}`;
  }
  if (ip) json += `,"ip":${ip}`;
  const sealed = ua || (agent && jsonOf(agent));
  return { id, json: sealed ? `${json},"ua":${sealed}}` : `${json}}` };
}

/** Returns the oldest events, `most` at the most, that fit `room` bytes, and the body that carries them. */
export function pack(events, room, most = POLICY_MAX_BATCH_EVENTS) {
  const taken = [];
  let bytes = '{"events":[]}'.length;
  for (const event of events) {
    const size = bytesOf(event.json) + 1;
    if (taken.length === most || bytes + size > room) break;
    bytes += size;
    taken.push(event);
  }
  return { events: taken, bytes, body: `{"events":[${taken.map((event) => event.json).join(',')}]}` };
}

export const bytesOf = (text) => new Blob([text]).size;
