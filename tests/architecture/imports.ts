// Reads what a source file imports, by the compiler's own parser: a pattern would miss some and invent others.
import ts from "typescript"

export interface Import {
  /** What stands between the quotes; `undefined` when it is computed, so that nobody can tell. */
  readonly specifier: string | undefined
  readonly line: number
}

/** Static, re-exporting, dynamic, `require` and type-only imports of a TypeScript source, in order. */
export function importsOf(path: string, text: string): Import[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, false)
  const found: Import[] = []
  const add = (at: ts.Node, specifier: ts.Node | undefined) => {
    const line = source.getLineAndCharacterOfPosition(at.getStart(source)).line + 1
    found.push({ specifier: specifier && ts.isStringLiteralLike(specifier) ? specifier.text : undefined, line })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node, node.moduleSpecifier)
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier) add(node, node.moduleSpecifier)
    else if (ts.isImportTypeNode(node))
      add(node, ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined)
    else if (ts.isExternalModuleReference(node)) add(node, node.expression)
    else if (ts.isCallExpression(node) && isLoading(node.expression)) add(node, node.arguments[0])
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

function isLoading(callee: ts.Expression): boolean {
  return callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === "require")
}
