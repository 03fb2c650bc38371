// What is read of a response.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { post } from '../../src/js/browser/transport.js';

/** The reply where the endpoint answers with this body. */
async function replyTo(body, init) {
  globalThis.fetch = async () => new Response(typeof body === 'string' ? body : JSON.stringify(body), init);
  const { failed, ...reply } = await post('/', 'k', '{}', false).reply;
  return { ...reply, failed: [...failed] };
}

const NOTHING = { status: 200, retryAfter: '', retryAt: NaN, failed: [], relay: false, message: '' };

test('a documented body is read member by member', async () => {
  const body = { success: true, processed_count: 3, failed_indices: [0, 2], message: 'told' };
  const reply = await replyTo(body, { status: 207, headers: { 'Retry-After': '7' } });
  assert.deepEqual(reply, { ...NOTHING, status: 207, retryAfter: '7', retryAt: Date.parse('7'), success: true, count: 3, failed: [0, 2], message: 'told' });
});

test('a member of another type counts as absent, a count that is none as nought', async () => {
  for (const body of ['null', '1', '"success"', '[true]', { success: 'true', processed_count: '3', failed_indices: '0', message: 4 }]) {
    assert.deepEqual(await replyTo(body), NOTHING);
  }
  for (const count of [-1, 1.5]) assert.equal((await replyTo({ processed_count: count })).count, 0);
  assert.deepEqual((await replyTo({ failed_indices: [-1, 'x', 1.5, 2 ** 32, 3] })).failed, [3]);
});

test('what cannot be read is told, with its status', async () => {
  const { status, success, message } = await replyTo('<html>', { status: 502 });
  assert.deepEqual([status, success], [502, undefined]);
  assert.match(message, /^the answer cannot be read: /);
});

test('the key goes in a header of its own', async () => {
  assert.deepEqual(await headersWith('k'), { 'Content-Type': 'application/json', Authorization: 'Bearer k' });
});

test('a request without a key needs no preflight', async () => {
  assert.deepEqual(await headersWith(''), { 'Content-Type': 'text/plain' });
  assert.deepEqual(await headersWith(undefined), { 'Content-Type': 'text/plain' });
});

test('a relay is known by its body alone', async () => {
  assert.equal((await replyTo({ success: true, relay: true })).relay, true);
  for (const body of [{ success: true }, { relay: 'true' }, { relay: 1 }]) assert.equal((await replyTo(body)).relay, false);
});

async function headersWith(key) {
  let headers;
  globalThis.fetch = async (url, init) => (headers = init.headers) && new Response('{}');
  await post('/', key, '{}', false).reply;
  return headers;
}
