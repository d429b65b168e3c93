import * as ts from "typescript/unstable/ast";

/** A small change that breaks the code, were it right before. */
export interface Edit {
  /** Positions in the text of the file. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** What it does, as `before → after` on one line. */
  readonly what: string;
}

/**
 * The changes of one node, not of those below it. Each is as small as can be: a condition that never or always holds is
 * left out of the list where dropping a part of it is harder to notice.
 */
export function editsOf(node: ts.Node, source: ts.SourceFile): readonly Edit[] {
  if (ts.isArrayLiteralExpression(node)) return dropped(node.elements, source);
  if (ts.isObjectLiteralExpression(node) && node.properties.some(ts.isSpreadAssignment))
    return dropped(node.properties, source);
  if (ts.isIfStatement(node))
    return ["true", "false"].map((text) => replaced(node.expression, text, { source, as: (inner) => `if (${inner})` }));
  if (ts.isConditionalExpression(node))
    return [node.whenTrue, node.whenFalse].map((kept) => replaced(node, `(${kept.getText(source)})`, { source }));
  if (ts.isBinaryExpression(node)) return ofBinary(node, source);
  if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken && !isPartOfCondition(node))
    return [replaced(node, node.operand.getText(source), { source })];
  if (ts.isCallExpression(node)) return ofCall(node, source);
  if (ts.isCaseClause(node)) return [replaced(node, "", { source })];
  if (ts.isNumericLiteral(node)) return ofNumber(node, source);
  if (node.kind === ts.SyntaxKind.TrueKeyword) return [replaced(node, "false", { source })];
  if (node.kind === ts.SyntaxKind.FalseKeyword) return [replaced(node, "true", { source })];
  return [];
}

/** Each element of a list left out, with the comma before or after it. */
export function dropped(elements: readonly ts.Node[], source: ts.SourceFile): readonly Edit[] {
  return elements.map((element, index) => {
    const [before, next] = [elements[index - 1], elements[index + 1]];
    const comma = /^\s*,?/.exec(source.text.slice(element.end))?.[0].length ?? 0;
    return {
      start: next === undefined && before !== undefined ? before.end : element.getStart(source),
      end: next === undefined && before !== undefined ? element.end : element.end + comma,
      text: "",
      what: `${titleOf(element, source)} → nothing`,
    };
  });
}

/** An element is told by its `name`, if it has one. */
function titleOf(element: ts.Node, source: ts.SourceFile): string {
  const names = ts.isObjectLiteralExpression(element) ? element.properties.filter(ts.isPropertyAssignment) : [];
  const name = names.find((property) => property.name.getText(source) === "name");
  return oneLine((name?.initializer ?? element).getText(source));
}

interface Telling {
  readonly source: ts.SourceFile;
  /** How the node is told, where its own text would say too little. */
  readonly as?: (text: string) => string;
}

function replaced(node: ts.Node, text: string, { source, as = (same) => same }: Telling): Edit {
  const what = `${as(node.getText(source))} → ${text === "" ? "nothing" : as(text)}`;
  return { start: node.getStart(source), end: node.end, text, what: oneLine(what) };
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ");
}

/** Comparisons that fail at their limit, signs the other way round. */
const OTHER_OPERATOR: Readonly<Record<string, string>> = {
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "+": "-",
  "-": "+",
  "*": "/",
  "/": "*",
  "**": "*",
};
const NEGATED: Readonly<Record<string, string>> = { "===": "!==", "!==": "===" };
const LOGICAL = new Set(["&&", "||", "??"]);

function ofBinary(node: ts.BinaryExpression, source: ts.SourceFile): readonly Edit[] {
  const { left, right, operatorToken } = node;
  const operator = operatorToken.getText(source);
  const [a, b] = [left.getText(source), right.getText(source)];
  if (LOGICAL.has(operator)) return [a, b].map((kept) => replaced(node, `(${kept})`, { source }));
  const other = OTHER_OPERATOR[operator] ?? (isPartOfCondition(node) ? undefined : NEGATED[operator]);
  if (other === undefined) return [];
  return [replaced(operatorToken, other, { source, as: (sign) => `${a} ${sign} ${b}` })];
}

/** Then the condition as a whole, or without this part, is tried: that is noticed less easily than its opposite. */
function isPartOfCondition(node: ts.Node): boolean {
  const { parent } = node;
  if (ts.isParenthesizedExpression(parent)) return isPartOfCondition(parent);
  if (ts.isIfStatement(parent)) return true;
  if (ts.isConditionalExpression(parent)) return parent.condition === node;
  return ts.isBinaryExpression(parent) && ["&&", "||"].includes(parent.operatorToken.getText());
}

function ofCall(node: ts.CallExpression, source: ts.SourceFile): readonly Edit[] {
  const { expression, arguments: given } = node;
  if (!ts.isPropertyAccessExpression(expression)) return [];
  const method = expression.getText(source);
  if (method === "Math.max" || method === "Math.min")
    return given.map((each) => {
      const rest = given.filter((other) => other !== each).map((other) => other.getText(source));
      return replaced(node, `${method}(${rest.join(", ")})`, { source });
    });
  const name = expression.name.getText(source);
  if (name === "filter") return [replaced(node, expression.expression.getText(source), { source })];
  if (name === "some") return [replaced(expression.name, "every", { source, as: (it) => `.${it}(…)` })];
  return [];
}

function ofNumber(node: ts.NumericLiteral, source: ts.SourceFile): readonly Edit[] {
  const value = Number(node.getText(source).replaceAll("_", ""));
  const others = value === 0 ? [1] : [value * 2, value / 2];
  const around = node.parent.getText(source);
  return others.map((other) => {
    const edit = replaced(node, String(other), { source });
    return { ...edit, what: `${edit.what} in ${oneLine(around)}` };
  });
}
