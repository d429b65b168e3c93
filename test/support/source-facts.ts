import { join, relative } from "node:path";
import * as ts from "typescript/unstable/ast";
import { withSources } from "./typescript-project.ts";

export interface ImportFact {
  readonly specifier: string;
  readonly line: number;
}

export interface FunctionFact {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
  readonly parameters: number;
}

/** What the architecture test knows of one source file. */
export interface SourceFacts {
  /** Relative to the project, with slashes: `src/store/commit.ts`. */
  readonly path: string;
  readonly text: readonly string[];
  /** Static, dynamic, type-only and re-exporting imports alike. */
  readonly imports: readonly ImportFact[];
  readonly functions: readonly FunctionFact[];
  readonly defaultExport: boolean;
  /** Nothing in it but re-exports. */
  readonly barrel: boolean;
  /** Code, not comments, that the rules look for: `process.env`, `new Date()`, `rejectUnauthorized: false`, … */
  readonly mentions: readonly { readonly what: string; readonly line: number }[];
}

/** Parses every file of the TypeScript project with this configuration; paths are relative to `directory`. */
export function readProject(directory: string, config = "tsconfig.json"): readonly SourceFacts[] {
  return withSources(join(directory, config), (sources) =>
    sources.map((source) => factsOf(relative(directory, source.fileName), source)),
  );
}

function factsOf(path: string, source: ts.SourceFile): SourceFacts {
  const { text } = source;
  const imports: ImportFact[] = [];
  const functions: FunctionFact[] = [];
  const mentions: SourceFacts["mentions"][number][] = [];
  const lineAt = (position: number) => text.slice(0, position).split("\n").length;
  const visit = (node: ts.Node): undefined => {
    const line = lineAt(node.getStart(source));
    const specifier = specifierOf(node);
    if (specifier !== undefined) imports.push({ specifier, line });
    if (isFunction(node))
      functions.push({
        name: nameOf(node),
        line,
        lines: lineAt(node.end) - line + 1,
        parameters: node.parameters.length,
      });
    const what = mentionOf(node, source);
    if (what !== undefined) mentions.push({ what, line });
    node.forEachChild(visit);
  };
  visit(source);
  return {
    path,
    text: text.split("\n"),
    imports,
    functions,
    mentions,
    defaultExport: source.statements.some(isDefaultExport),
    barrel: source.statements.length > 0 && source.statements.every(isReexport),
  };
}

function specifierOf(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return literal(node.moduleSpecifier);
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return literal(node.argument.literal);
  const isDynamic = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
  return isDynamic ? (literal(node.arguments[0]) ?? "a computed import") : undefined;
}

function literal(node: ts.Node | undefined): string | undefined {
  return node !== undefined && ts.isStringLiteral(node) ? node.text : undefined;
}

type FunctionNode =
  | ts.FunctionDeclaration
  | ts.FunctionExpression
  | ts.ArrowFunction
  | ts.MethodDeclaration
  | ts.ConstructorDeclaration
  | ts.GetAccessorDeclaration
  | ts.SetAccessorDeclaration;

function isFunction(node: ts.Node): node is FunctionNode {
  const isAccessor = ts.isGetAccessorDeclaration(node) || ts.isSetAccessorDeclaration(node);
  const isMember = ts.isMethodDeclaration(node) || ts.isConstructorDeclaration(node) || isAccessor;
  return isMember || ts.isFunctionDeclaration(node) || ts.isFunctionExpression(node) || ts.isArrowFunction(node);
}

function nameOf(node: FunctionNode): string {
  if (ts.isConstructorDeclaration(node)) return "constructor";
  if (!ts.isArrowFunction(node) && node.name !== undefined) return node.name.getText();
  return ts.isVariableDeclaration(node.parent) ? node.parent.name.getText() : "an anonymous function";
}

function mentionOf(node: ts.Node, source: ts.SourceFile): string | undefined {
  if (ts.isPropertyAccessExpression(node)) {
    const text = node.getText(source);
    return WATCHED.find((watched) => text === watched);
  }
  if (ts.isNewExpression(node) && node.arguments?.length === 0 && node.expression.getText(source) === "Date")
    return "new Date()";
  const isSwitchedOff = ts.isPropertyAssignment(node) && node.initializer.kind === ts.SyntaxKind.FalseKeyword;
  return isSwitchedOff && node.name.getText(source) === "rejectUnauthorized" ? "rejectUnauthorized: false" : undefined;
}

const WATCHED = ["process.env", "process.exit", "Date.now", "performance.now", "Math.random"];

function isDefaultExport(statement: ts.Statement): boolean {
  if (ts.isExportAssignment(statement)) return true;
  if (ts.isExportDeclaration(statement) && statement.exportClause && ts.isNamedExports(statement.exportClause))
    return statement.exportClause.elements.some((element) => element.name.getText() === "default");
  const isDeclared = ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement);
  return isDeclared && (statement.modifiers ?? []).some((modifier) => modifier.kind === ts.SyntaxKind.DefaultKeyword);
}

function isReexport(statement: ts.Statement): boolean {
  return ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined;
}
