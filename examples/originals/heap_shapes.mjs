// How many live objects there are of each shape, after a full collection: by the names of their properties, from a heap
// snapshot of V8. Objects that no class tells apart (edges, closures' records) can be counted so. Run with --expose-gc.
import v8 from 'node:v8';

function readSnapshot() {
  const stream = v8.getHeapSnapshot();
  const parts = [];
  for (let part = stream.read(); part !== null; part = stream.read()) parts.push(part);
  return JSON.parse(Buffer.concat(parts).toString());
}

/** A list of [set of property names, number of objects]. Small integers are no objects: their properties do not show. */
export function heapShapes() {
  for (let i = 0; i < 5; i++) globalThis.gc();
  const { snapshot, nodes, edges, strings } = readSnapshot();
  const { node_fields: nodeFields, edge_fields: edgeFields, node_types: nodeTypes, edge_types: edgeTypes } = snapshot.meta;
  const edgeCountAt = nodeFields.indexOf('edge_count');
  const shapes = new Map();
  let edge = 0;

  for (let node = 0; node < nodes.length; node += nodeFields.length) {
    const names = [];

    for (let i = 0; i < nodes[node + edgeCountAt]; i++, edge += edgeFields.length)
      if (edgeTypes[0][edges[edge]] === 'property') names.push(strings[edges[edge + 1]]);
    if (nodeTypes[0][nodes[node]] !== 'object') continue;
    const key = names.sort().join(',');

    shapes.set(key, (shapes.get(key) ?? 0) + 1);
  }
  return [...shapes].map(([key, count]) => [new Set(key.split(',')), count]);
}

/** Objects that have all properties of HAS and none of HAS_NOT. */
export function countShape(shapes, has, hasNot = []) {
  let sum = 0;

  for (const [names, count] of shapes)
    if (has.every((name) => names.has(name)) && !hasNot.some((name) => names.has(name))) sum += count;
  return sum;
}
