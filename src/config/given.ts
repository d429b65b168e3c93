/** `{ [key]: value }`, or nothing when there is no value: an optional field of a spec is absent, never undefined. */
export function given<Key extends string, Value>(key: Key, value: Value | undefined): { readonly [K in Key]?: Value };
export function given(key: string, value: unknown): Readonly<Record<string, unknown>> {
  return value === undefined ? {} : { [key]: value };
}
