/*
 * The part of the Reflect metadata proposal that the dependency injection inside @peculiar/x509 asks for when it
 * loads. The library brings no polyfill, and this is all of one that it uses. Import it before the library.
 */

const metadata = new WeakMap<object, Map<unknown, unknown>>();

function get(key: unknown, target: object): unknown {
  return metadata.get(target)?.get(key);
}

function define(key: unknown, value: unknown, target: object): void {
  metadata.set(target, (metadata.get(target) ?? new Map<unknown, unknown>()).set(key, value));
}

Object.assign(Reflect, { defineMetadata: define, getMetadata: get, getOwnMetadata: get });
