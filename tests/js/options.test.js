// What `init` says of an option that is at fault.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultOf } from '../../src/js/core/options.js';
import { checked, hasUsableKey } from '../../src/js/start/options.js';

/** The message for what the core says of `option`. */
const said = (options, option, allowed = 'a number') => faultOf(options, { option, allowed }).message;

test('an option that does not exist is named, and its value kept: a misspelt key is a secret, too', () => {
  const message = said({ apikey: 's3cret' }, 'apikey', 'the options are apiKey and endpoint');
  assert.equal(message, 'option "apikey" is unknown; did you mean "apiKey"?');
});

test('an option that is like no other is answered with all names', () => {
  assert.equal(said({ colour: 1 }, 'colour', 'the options are apiKey and bots'), 'option "colour" is unknown; the options are apiKey and bots');
});

test('a key that is undefined is told apart from one that cannot be used', () => {
  assert.match(said({ apiKey: undefined }, 'apiKey'), /"apiKey" is undefined \(an environment variable/);
  assert.match(said({ apiKey: 'two words' }, 'apiKey'), /"apiKey" cannot be used; allowed/);
});

for (const [what, value, shown] of [
  ['a text', '5', '"5"'],
  ['what is no number', NaN, 'NaN'],
  ['an endless number', Infinity, 'Infinity'],
  ['a large integer', 5n, '5'],
  ['nothing', null, 'null'],
  ['an address as an object', new URL('https://x.example/'), '[object URL]'],
  ['a list', ['a', 1], '["a",1]'],
]) {
  test(`${what} is shown as it is`, () => assert.equal(said({ a: value }, 'a'), `option "a" is ${shown}; allowed: a number`));
}

test('a list that JSON cannot carry is named all the same', () => {
  assert.throws(() => checked({ denyProperties: [1n] }), { code: 'invalid_option', option: 'denyProperties' });
});

test('a key is needed by the endpoint of Appizer alone, and a wrong one is wrong everywhere', () => {
  const endpoint = '/v1/events/batch';
  for (const options of [{ apiKey: 'k' }, { endpoint }, { apiKey: undefined, endpoint }]) assert.ok(hasUsableKey(options));
  for (const options of [{}, { endpoint: undefined }, { endpoint: 'https://api.appizer.com/v1/events/batch' }, { apiKey: '', endpoint }, { apiKey: null, endpoint }]) {
    assert.ok(!hasUsableKey(options), JSON.stringify(options));
  }
});
