// Checks that the browsers of promises.json, and none before them, have what each published script needs: its syntax, the APIs
// that it names, and the extensions of WebAssembly given as arguments, all looked up in MDN's compatibility data.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parse } from 'acorn';
import { full } from 'acorn-walk';

const require = createRequire(import.meta.url);
const data = require('@mdn/browser-compat-data');
const extensions = process.argv.slice(2).map((name) => `webassembly.${name}`);
const { syntax, browsers, optional: reasons } = require('./promises.json');
const optional = Object.values(reasons).flat();
const tracker = 'node_modules/@appizer/tracker';
const readme = readFileSync(`${tracker}/README.md`, 'utf8');

/** The browsers that a promise covers. */
const RELATIVES = {
  chrome: ['chrome', 'chrome_android', 'edge'],
  firefox: ['firefox', 'firefox_android'],
  safari: ['safari', 'safari_ios'],
};

const SYNTAX = {
  2019: ['javascript.statements.try_catch.optional_catch_binding'],
  2020: ['javascript.operators.nullish_coalescing', 'javascript.operators.optional_chaining'],
};

const programs = new Map();
for (const file of readdirSync(tracker)) {
  const [extension] = /\.c?js$/.exec(file) ?? [];
  if (extension) programs.set(file, parsed(file, syntax[extension]));
}

const apis = apisByName();
const excused = new Set();
for (const { files, oldest, needs = extensions } of browsers) {
  checkReadme(files.flatMap(split), oldest);
  for (const loaded of files) checkLoaded(loaded, oldest, needs);
}
const idle = optional.filter((name) => !excused.has(name));
assert.deepEqual(idle, [], 'promises.json excuses names that every promised browser has');
console.log(browsers.map(({ files, oldest }) => `${files[0]}: ${Object.entries(oldest).flat().join(' ')}`).join('; '));

/** Returns the files that a browser loads together: an entry of promises.json names them with a space between. */
function split(loaded) {
  return loaded.split(' ');
}

/** Parses a script at its syntax level. */
function parsed(file, level) {
  const text = readFileSync(`${tracker}/${file}`, 'utf8');
  const sourceType = file.endsWith('.cjs') ? 'script' : 'module';
  try {
    return { level, program: parse(text, { ecmaVersion: level, sourceType }) };
  } catch (error) {
    throw new Error(`${file} is not ES${level}: ${error.message}`);
  }
}

/** Checks that the README's table has the row of these files. */
function checkReadme(files, { chrome, firefox, safari }) {
  const names = files.map((file) => `\`${file}\``).join(', ');
  const row = `| ${names} | ${chrome} | ${firefox} | ${safari} |`;
  assert(readme.includes(row), `README.md has no row ${row}`);
}

/** Checks that the oldest promised browsers have all that a file or a facade with its chunk needs, and that no older ones have. */
function checkLoaded(loaded, oldest, needs) {
  const parts = split(loaded).map((file) => programs.get(file));
  const needed = new Map([...needs, ...parts.flatMap(({ level }) => SYNTAX[level])].map((path) => [path, [feature(path)]]));
  for (const { program } of parts) {
    for (const name of namesIn(program)) if (apis.has(name)) needed.set(name, apis.get(name));
  }
  for (const [browser, promised] of Object.entries(oldest)) {
    const late = [];
    let reached = 0;
    for (const [name, candidates] of needed) {
      const version = Math.min(...candidates.map((candidate) => since(candidate, browser)));
      if (version <= promised) reached = Math.max(reached, version);
      else if (optional.includes(name)) excused.add(name);
      else late.push(`${name} (${version})`);
    }
    const advice = 'use something older, say in promises.json why it is optional, or promise less';
    assert(!late.length, `${loaded} names what ${browser} ${promised} lacks, ${late.join(', ')}: ${advice}`);
    assert(reached === promised, `${loaded} needs no more than ${browser} ${reached}: promises.json and README.md may promise that`);
  }
}

/** Returns every interface and member that browsers have, by its name. Several may share a name. */
function apisByName() {
  const all = new Map();
  const add = (name, { __compat: compat }) => {
    const bare = name.replace(/_(static|event)$/, '');
    if (compat) all.set(bare, [...(all.get(bare) ?? []), compat]);
  };
  for (const group of [data.api, data.javascript.builtins, data.webassembly.api]) {
    for (const [name, entry] of Object.entries(group)) {
      add(name, entry);
      for (const [member, of] of Object.entries(entry)) add(member, of);
    }
  }
  return all;
}

/** Returns the names of globals that the program does not declare, and of members that it does not make. */
function namesIn(program) {
  const [globals, declared, members, made] = [new Set(), new Set(), new Set(), new Set()];
  full(program, (node, state, type) => {
    if (type === 'VariablePattern') declared.add(node.name);
    else if (type === 'Identifier') globals.add(node.name);
    else if (type === 'Function' || type === 'Class') declared.add(node.id?.name);
    else if (type === 'MemberExpression' && !node.computed) members.add(node.property.name);
    else if (type === 'MemberExpression' && node.property.type === 'Literal') members.add(`${node.property.value}`);
    else if (type === 'ObjectPattern') node.properties.forEach(({ key }) => members.add(key?.name));
    else if (type === 'Property' || type === 'MethodDefinition') made.add(node.key.name);
  });
  const without = (names, others) => [...names].filter((name) => !others.has(name));
  return new Set([...without(globals, declared), ...without(members, made)]);
}

/** Returns the entry at a path of the compatibility data. */
function feature(path) {
  const entry = path.split('.').reduce((at, name) => at?.[name], data);
  assert(entry, `MDN's compatibility data has no ${path}`);
  return entry.__compat;
}

/** Returns the first version from which the browser and each of its relatives have a feature without a flag or a prefix. */
function since({ support }, browser) {
  return Math.max(...RELATIVES[browser].map((relative) => {
    const statements = [support[relative] ?? []].flat();
    const plain = statements.filter((it) => !it.flags && !it.prefix && !it.alternative_name && !it.version_removed);
    const versions = plain.map((it) => parseFloat(`${it.version_added}`.replace('≤', ''))).filter((version) => version > 0);
    return Math.min(...versions, Infinity);
  }));
}
