// The originals behind one face, and the scenarios as examples/bench has them: what is outside an iteration, what is made in
// it, what is written and read.
import * as preact from '@preact/signals-core';
import * as alien from 'alien-signals';

export const engines = {
  preact: {
    signal: preact.signal,
    computed: preact.computed,
    effect: preact.effect,
    read: (node) => node.value,
    write: (node, value) => {
      node.value = value;
    },
    // properties of live objects: those of the published build, whose names are shortened
    shapes: {
      signals: [['W', 'Z', 'n', 't'], ['s', 'x']],
      computeds: [['W', 'Z', 'n', 's', 't', 'x'], []],
      effects: [['o', 's', 'u', 'x'], ['W']],
      edges: [['S', 'e', 'n', 'p', 'r', 't', 'x'], []],
    },
  },
  alien: {
    signal: alien.signal,
    computed: alien.computed,
    effect: alien.effect,
    read: (node) => node(),
    write: (node, value) => node(value),
    shapes: {
      signals: [['subs', 'subsTail'], ['deps', 'getter', 'fn']],
      computeds: [['deps', 'depsTail', 'getter', 'subs', 'subsTail'], []],
      effects: [['deps', 'depsTail', 'fn', 'subs', 'subsTail'], []],
      edges: [['dep', 'sub', 'nextDep', 'nextSub', 'prevDep', 'prevSub'], []],
    },
  },
};

function range(count) {
  return Array.from({ length: count }, (_, i) => i);
}

/** Each makes its nodes on SOURCE and returns what is read after a write, and the disposers of its effects. */
export const scenarios = {
  'computed-diamond-simple': {
    parameter: 0,
    build({ computed, read }, source) {
      const left = computed(() => read(source) * 31 + 1);
      const right = computed(() => read(source) * 37 + 2);

      return { reads: [computed(() => read(left) + read(right))], disposers: [] };
    },
  },
  'computed-diamond-nested': {
    parameter: 0,
    build({ computed, read }, source) {
      const [a, b] = [computed(() => read(source) * 2), computed(() => read(source) * 3)];
      const middle = computed(() => read(a) + read(b));
      const [c, d] = [computed(() => read(middle) * 2), computed(() => read(middle) * 3)];

      return { reads: [computed(() => read(c) + read(d))], disposers: [] };
    },
  },
  'computed-diamond-wide': {
    parameter: 10,
    build({ computed, read }, source, n) {
      const branches = range(n).map((i) => computed(() => read(source) * (i + 1)));

      return { reads: [computed(() => branches.reduce((sum, branch) => sum + read(branch), 0))], disposers: [] };
    },
  },
  'computed-chain': {
    parameter: 10,
    build({ computed, read }, source, n) {
      const last = range(n).reduce((before) => computed(() => read(before) + 1), source);

      return { reads: [last], disposers: [] };
    },
  },
  'scaling-subscribers': {
    parameter: 10,
    build({ computed, effect, read }, source, n) {
      const nodes = range(n).map((i) => computed(() => read(source) * (i + 1)));

      return { reads: [], disposers: nodes.map((node) => effect(() => void read(node))) };
    },
  },
  'scaling-computed': {
    parameter: 10,
    build({ computed, read }, source, n) {
      return { reads: range(n).map((i) => computed(() => read(source) * (i + 1))), disposers: [] };
    },
  },
  'computed-effect': {
    parameter: 0,
    build({ computed, effect, read }, source) {
      const double = computed(() => read(source) * 2);

      return { reads: [], disposers: [effect(() => void read(double))] };
    },
  },
};
