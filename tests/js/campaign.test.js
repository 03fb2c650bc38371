// What a landing says of how the visitor came.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withLanding } from '../../src/js/capture/campaign.js';

const SITE = 'https://shop.example/prices';
const first = (url, referrer = '', stripQuery = false) => withLanding({}, true, url, referrer, stripQuery);

test('campaign, click id and referrer are the first and the last touch of a first landing', () => {
  assert.deepEqual(first(`${SITE}?utm_source=news&utm_medium=mail&gclid=g1&other=1#part`, 'https://mail.example/inbox?id=7'), {
    utm_source: 'news',
    utm_medium: 'mail',
    gclid: 'g1',
    $referrer: 'https://mail.example/inbox?id=7',
    $referring_domain: 'mail.example',
    $initial_utm_source: 'news',
    $initial_utm_medium: 'mail',
    $initial_gclid: 'g1',
    $initial_referrer: 'https://mail.example/inbox?id=7',
    $initial_referring_domain: 'mail.example',
  });
});

test('a later touch takes the place of the whole last one, and of nothing else', () => {
  const before = { plan: 'pro', utm_source: 'news', utm_term: 'shoes', gclid: 'g1', $referrer: 'r', $referring_domain: 'd', $initial_utm_source: 'news' };
  assert.deepEqual(withLanding(before, false, `${SITE}?utm_source=ads`, '', false), {
    plan: 'pro',
    utm_source: 'ads',
    $initial_utm_source: 'news',
  });
});

for (const [how, url, referrer] of [
  ['directly', SITE, ''],
  ['from a page of the site', SITE, 'https://shop.example/'],
  ['with an empty parameter', `${SITE}?utm_source=`, ''],
  ['from what is no address', SITE, 'android-app'],
]) {
  test(`who comes ${how} changes nothing`, () => {
    const before = { utm_source: 'news' };
    assert.equal(withLanding(before, false, url, referrer, false), before);
  });
}

test('a link that holds data instead of names does not make events large', () => {
  const { utm_source, $referrer } = first(`${SITE}?utm_source=${'a'.repeat(5000)}`, `https://x.example/${'b'.repeat(5000)}`);
  assert.equal(utm_source.length, 256);
  assert.equal($referrer.length, 256);
});

test('a referrer loses its query string where these are stripped', () => {
  assert.equal(first(SITE, 'https://x.example/a?q=secret#s', true).$referrer, 'https://x.example/a');
});
