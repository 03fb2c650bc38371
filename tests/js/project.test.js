import assert from 'node:assert/strict';
import test from 'node:test';
import { destinationOf, projectOf } from '../../src/js/capture/project.js';
import cases from '../cases/projects.json';

test('project and destination are those that the core finds', () => {
  for (const { options, ...expected } of cases) {
    assert.deepEqual({ project: projectOf(options), destination: destinationOf(options) }, expected);
  }
});
