// What the originals make and keep, beside what our C engines make and keep, in the same scenarios: numbers of signals,
// computeds, effects and edges that are alive after 50 iterations of 10 writes and a collection, and pool statistics of the
// fluent builders. Times and bytes are not compared: they are V8's there and ours here.
//
//   node --expose-gc compare.mjs FOLDER-OF-EXAMPLES
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as builders from '@noony-serverless/type-builder';

import { countShape, heapShapes } from './heap_shapes.mjs';
import { engines, scenarios } from './originals.mjs';

const ITERATIONS = 50;
const WRITES = 10;
const LOOKS = 6;
const VARIANTS = ['problematic', 'fixed', 'disposed', 'outer', 'outer_disposed'];
const KINDS = ['signals', 'computeds', 'effects', 'edges'];

const examples = process.argv[2];
const scratch = mkdtempSync(join(tmpdir(), 'originals-'));
let passed = 0;
let failed = 0;
let held; // what lives outside the iterations

function tell(name, theirs, ours) {
  const same = JSON.stringify(theirs) === JSON.stringify(ours);

  console.log(`${same ? 'ok    ' : 'DIFFER'} ${name.padEnd(54)} original ${theirs.join(' ').padEnd(22)} C ${ours.join(' ')}`);
  if (same) passed++;
  else failed++;
}

// ---- the reactive engines ----

function makeSet(engine, scenario, source) {
  const { reads, disposers } = scenario.build(engine, source, scenario.parameter);

  return { source, reads, disposers };
}

function work(engine, set) {
  for (let i = 0; i < WRITES; i++) {
    engine.write(set.source, i + 1);
    for (const node of set.reads) engine.read(node);
  }
}

function dispose(set) {
  for (const disposer of set.disposers) disposer();
}

function iterate(engine, scenario, variant) {
  if (variant === 'fixed') {
    work(engine, held);
    return;
  }
  const set = makeSet(engine, scenario, variant.startsWith('outer') ? held.source : engine.signal(0));

  work(engine, set);
  if (variant.endsWith('disposed')) dispose(set);
}

function live(engine, baseline) {
  const shapes = heapShapes();

  return KINDS.map((kind, i) => countShape(shapes, ...engine.shapes[kind]) - baseline[i]);
}

async function settle() {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}

/**
 * What is alive of each kind, looked at until it is what IS_ENOUGH wants, but not more often than LOOKS: V8 may hold the last
 * set for a while, in a slot of a stack or of a cache, until other work stands there.
 */
async function lowest(engine, baseline, isEnough) {
  let counts = KINDS.map(() => Infinity);

  for (let look = 0; look < LOOKS && !isEnough(counts); look++) {
    const other = engine.signal(look);

    work(engine, { source: other, reads: [engine.computed(() => engine.read(other))] });
    await settle();
    const now = live(engine, baseline);

    counts = counts.map((count, i) => Math.min(count, now[i]));
  }
  return counts;
}

/** What V8 keeps of each shape once its code has run a few times: not ours to count. */
async function baselineOf(engine, scenario) {
  held = undefined;
  for (let i = 0; i < WRITES; i++) iterate(engine, scenario, 'disposed');
  return lowest(engine, [0, 0, 0, 0], () => false);
}

async function countOriginal(engine, scenario, variant, baseline, expected) {
  if (variant === 'fixed') held = makeSet(engine, scenario, engine.signal(0));
  else if (variant.startsWith('outer')) held = { source: engine.signal(0) };
  for (let i = 0; i < ITERATIONS; i++) iterate(engine, scenario, variant);
  const counts = await lowest(engine, baseline, (now) => now.every((count, i) => count <= expected[i]));

  held = undefined;
  return counts;
}

function countPort(engineName, scenarioName, variant, parameter) {
  const path = join(scratch, 'counts.json');

  execFileSync(join(examples, 'reactive-bench'), [engineName, scenarioName, variant, '--iterations', ITERATIONS, '--warmup', 0,
    '--inner', WRITES, '--counts', path, ...(parameter !== 0 ? ['--parameter', parameter] : [])]);
  const { constructors } = JSON.parse(readFileSync(path, 'utf8'));
  const blocks = (name) => constructors.find((row) => row.function === `${engineName}_new_${name}`)?.live_blocks ?? 0;

  return [blocks('signal'), blocks('computed'), blocks('effect'), blocks('edge') + blocks('link')];
}

async function compareReactive() {
  console.log(`alive after ${ITERATIONS} iterations of ${WRITES} writes: ${KINDS.join(' ')}`);
  for (const [engineName, engine] of Object.entries(engines))
    for (const [scenarioName, scenario] of Object.entries(scenarios)) {
      const baseline = await baselineOf(engine, scenario);

      for (const variant of VARIANTS) {
        const port = countPort(engineName, scenarioName, variant, scenario.parameter);

        tell(`${engineName} ${scenarioName} ${variant}`,
          await countOriginal(engine, scenario, variant, baseline, port), port);
      }
    }
}

// ---- the fluent builders ----

function portAllocs(scenario, variant, iterations, kind) {
  const lines = execFileSync(join(examples, 'fluent-builder'), ['--scenario', scenario, '--variant', variant, '--iterations',
    iterations], { encoding: 'utf8', maxBuffer: 1 << 28 }).trim().split('\n');

  return JSON.parse(lines.at(-1)).by_kind.find((row) => row.function === kind)?.allocs ?? 0;
}

function compareBuilders() {
  console.log('builders made');
  const make = builders.builder(['id', 'name']);

  for (let i = 0; i < 100; i++) make().withId(i).withName('name').build();
  const { totalCreated, totalHits, totalObjects } = builders.getDetailedPoolStats().sync;

  // as published: no build gives its builder back, so the pool stays empty and each build makes one
  tell('100 builds, as published (made, hits, idle)', [totalCreated, totalHits, totalObjects],
    [portAllocs('C2', 'leaky', 100, 'fluent_new_builder'), 0, 0]);

  // as documented: 50 in flight, given back, 200 times
  const pool = new builders.FastObjectPool(() => ({}), () => {}, 1000);

  for (let round = 0; round < 200; round++) {
    const flight = Array.from({ length: 50 }, () => pool.get());

    for (const object of flight) pool.release(object);
  }
  const { hits, misses, size } = pool.getStats();

  tell('50 in flight, given back, 200 times (made, hits, idle)', [misses, hits, size],
    [portAllocs('C4', 'pooled', 200, 'fluent_new_builder'), 200 * 50 - 50, 50]);
}

try {
  await compareReactive();
  compareBuilders();
} finally {
  rmSync(scratch, { recursive: true });
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
