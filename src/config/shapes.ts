import * as z from "zod";
import { DAY, HOUR, type Millis, parseDuration, SECOND } from "../domain/units.ts";
import * as forms from "./forms.ts";
import type { PlainMap } from "./plain.ts";

/*
 * The words that the shape of the configuration is written in: schema.ts and the schema-….ts files say with them which
 * keys there are. The only file that imports zod.
 */

/** What a shape makes of the data that fits it. */
export type Output<Shape extends z.ZodType> = z.output<Shape>;
/** One thing that does not fit a shape. */
export type ShapeIssue = z.core.$ZodIssue;

/** A map that has these keys and no other. */
export const map = z.strictObject;
export const list = z.array;
export const record = z.record;
/** The first shape that fits. A map goes before a text: what is wrong inside of it can then be said. */
export const either = z.union;
export const choice = z.enum;
export const flag = z.boolean;
export const whole = z.int;

/** A map in which no key is required. */
export const optional = <Shape extends z.core.$ZodLooseShape>(shape: Shape) => z.strictObject(shape).partial();

/** A map of which exactly one key is used: a login, a reload step. */
export const oneOf = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  optional(shape).meta({ minProperties: 1, maxProperties: 1 });

/** A map by name. settings.ts judges the names: here a wrong one would keep what it names from being looked at. */
export const named = <Value extends z.ZodType>(value: Value) =>
  z.record(z.string(), value).meta({ propertyNames: { type: "string", pattern: forms.NAME.pattern.source } });

/** A number that would not fit in quotes either is told how the text must look, and not to be quoted. */
export const written = ({ pattern, message }: forms.Form) =>
  z
    .string({ error: ({ input }) => (typeof input === "number" && !pattern.test(`${input}`) ? message : undefined) })
    .regex(pattern, message);
export const name = written(forms.NAME);
export const text = written(forms.TEXT);
export const path = written(forms.ABSOLUTE_PATH);
export const role = written(forms.ROLE);
export const mount = written(forms.MOUNT).transform((given) => given.replace(/\/$/, ""));
/** Text of any kind; the error is for what is none. */
export const anyText = (error: string) => z.string({ error });

interface Range {
  readonly from: Millis;
  readonly to: Millis;
  readonly message: string;
}

export const duration = ({ from, to, message }: Range) =>
  z
    .string({ error: forms.DURATION.message })
    .regex(forms.DURATION.pattern, { error: forms.DURATION.message, abort: true })
    .transform((given) => parseDuration(given) ?? Number.NaN)
    .refine((length) => length >= from && length <= to, message);
export const timeout = duration({ from: 100, to: HOUR, message: "must be from 100ms to 1h" });
export const certificateLife = duration({ from: 5 * SECOND, to: 3660 * DAY, message: "must be from 5s to 3660d" });

export const mode = z
  .string({ error: forms.MODE.message })
  .regex(forms.MODE.pattern, { error: forms.MODE.message, abort: true })
  .transform((digits) => Number.parseInt(digits, 8));

const { message: share } = forms.PERCENTAGE;
export const percentage = z
  .union([z.number().min(0.1, share).max(0.95, share), written(forms.PERCENTAGE)], { error: share })
  .transform((part) => (typeof part === "number" ? part : Number(part.slice(0, -1)) / 100))
  .refine((part) => part >= 0.1 && part <= 0.95, share);

export const account = z
  .union([z.int().nonnegative(), written(forms.ACCOUNT)], { error: forms.ACCOUNT.message })
  .transform(String);

export const time = z.iso
  .datetime({ offset: true, error: "must be a time such as 2027-01-31T00:00:00Z" })
  .transform((given) => Date.parse(given));

/** An issue has a message only where the shape gives it one; shape-problems.ts has the words for the others. */
export function parse<Shape extends z.ZodType>(
  shape: Shape,
  value: unknown,
): { readonly data: Output<Shape> } | { readonly issues: readonly ShapeIssue[] } {
  const result = shape.safeParse(value, { error: () => "" });
  return result.success ? { data: result.data } : { issues: result.error.issues };
}

/** The shape as JSON Schema (2020-12) of what an operator writes. */
export function toJsonSchema(shape: z.ZodType): PlainMap {
  return { ...z.toJSONSchema(shape, { io: "input" }) };
}
