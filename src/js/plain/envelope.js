// From a line (src/core/event.rs) to the event as the wire wants it, sealed as the core does it.
import { hash } from '../project.js';
import { userAgent } from '../environment.js';
import { request } from '../transport.js';

/** `user` is JSON. */
export function seal(line, user, metadata) {
  const [id, time, name, properties, ownUser, ip, ua] = line.split('\t');
  let json = `{"event_name":${name},"user_id":${ownUser || user}`;
  if (metadata) {
    const given = properties.length > 2 ? properties.slice(0, -1) + ',' : '{';
    json += `,"properties":${given}"$event_id":"${id}","$time":"${time}"}`;
  } else if (properties) {
    json += `,"properties":${properties}`;
  }
  if (ip) json += `,"ip":${ip}`;
  return { id, json: `${json},"ua":${ua || JSON.stringify(userAgent())}}` };
}

export const idsOf = (events) => events.map((event) => event.id).join(' ');

/** The oldest events, `most` at the most, that fit `room` bytes, and the body that carries them. */
export function pack(events, room, most) {
  const taken = [];
  let bytes = 13;
  for (const event of events) {
    const size = new Blob([event.json]).size + 1;
    if (taken.length === most || bytes + size > room) break;
    bytes += size;
    taken.push(event);
  }
  return { events: taken, bytes, body: `{"events":[${taken.map((event) => event.json).join(',')}]}` };
}

export function post({ apiKey, endpoint = POLICY_DEFAULT_ENDPOINT }, { body }, keepalive, signal) {
  return fetch(endpoint, request(apiKey, body, { keepalive, signal }));
}

/** Tells endpoint and key apart from others without telling the key: `destination` of src/core/exit.rs. */
export const destination = ({ apiKey, endpoint = POLICY_DEFAULT_ENDPOINT }) => `${hash(`${endpoint}\0${apiKey}`)}`;
