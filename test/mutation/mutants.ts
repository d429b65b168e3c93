import { stripTypeScriptTypes } from "node:module";
import { relative } from "node:path";
import * as ts from "typescript/unstable/ast";
import { dropped, type Edit, editsOf } from "./operators.ts";
import { swapped } from "./swapped-source.ts";

/** A part of the code that is mutated. */
export interface Target {
  /** Relative to the project. */
  readonly file: string;
  /** Only the elements of this table are left out, one at a time; absent: everything in the file is changed. */
  readonly table?: string;
}

/** One source file with one change. */
export interface Mutant extends Edit {
  /** Relative to the project. */
  readonly file: string;
  readonly line: number;
  /** The function or constant that it is in. */
  readonly place: string;
}

/** All mutants of a part, in the order of the code. Error for a file or a table that is not there. */
export function mutantsOf({ file, table }: Target, sources: readonly ts.SourceFile[], root: string): Mutant[] {
  const source = sources.find(({ fileName }) => relative(root, fileName) === file);
  if (source === undefined) throw new Error(`${file} is no file of the project`);
  const found: Mutant[] = [];
  for (const statement of source.statements)
    for (const { node, place } of codeOf(statement)) {
      if (table !== undefined && place !== table) continue;
      const edits = table === undefined ? everyEdit(node, source) : tableEdits(node, source);
      found.push(...edits.map((edit) => ({ ...edit, file, place, line: lineAt(source, edit.start) })));
    }
  if (found.length === 0) throw new Error(`nothing to mutate in ${file} ${table ?? ""}`);
  for (const mutant of found) assertParses(source, mutant);
  return found;
}

/** What runs: functions, and the values of constants. */
function codeOf(statement: ts.Statement): readonly { readonly node: ts.Node; readonly place: string }[] {
  if (ts.isFunctionDeclaration(statement) && statement.body !== undefined)
    return [{ node: statement.body, place: statement.name?.getText() ?? "" }];
  if (!ts.isVariableStatement(statement)) return [];
  return statement.declarationList.declarations.flatMap(({ initializer, name }) =>
    initializer === undefined ? [] : [{ node: initializer, place: name.getText() }],
  );
}

function everyEdit(root: ts.Node, source: ts.SourceFile): Edit[] {
  const found: Edit[] = [];
  const visit = (node: ts.Node): undefined => {
    if (ts.isTypeNode(node)) return;
    found.push(...editsOf(node, source));
    node.forEachChild(visit);
  };
  visit(root);
  return found;
}

function tableEdits(node: ts.Node, source: ts.SourceFile): readonly Edit[] {
  if (!ts.isArrayLiteralExpression(node)) throw new Error(`${node.getText(source)} is no list`);
  return dropped(node.elements, source);
}

function lineAt({ text }: ts.SourceFile, position: number): number {
  return text.slice(0, position).split("\n").length;
}

/** A mutant that does not even parse would count as killed by every test. */
function assertParses({ text }: ts.SourceFile, mutant: Mutant): void {
  try {
    stripTypeScriptTypes(swapped(text, mutant));
  } catch (error) {
    throw new Error(`${mutant.file}:${mutant.line} ${mutant.what} is no program`, { cause: error });
  }
}
