import assert from 'node:assert/strict';
import * as tracker from '@appizer/tracker';
import * as auto from '@appizer/tracker/auto';
import * as slim from '@appizer/tracker/slim';
import * as real from './node_modules/@appizer/tracker/index.js';
import * as realSlim from './node_modules/@appizer/tracker/slim.js';
import shapes from './shapes.cjs';

assert.match(import.meta.resolve('@appizer/tracker'), /server\.js$/);
await shapes.check(tracker);
await shapes.check(slim);
// The real ones, imported by mistake, throw nothing either; and the stand-in lacks none of their functions.
assert.deepEqual(shapes.names(tracker), shapes.names(real));
assert.deepEqual(shapes.names(slim), shapes.names(realSlim));
shapes.checkAuto(auto, tracker);
await import('@appizer/tracker/script');
const { q, ...fromScript } = globalThis.appizer;
assert.deepEqual(shapes.names(fromScript), shapes.names(real));
assert.equal(typeof q.push, 'function');
console.log('as it should be');
