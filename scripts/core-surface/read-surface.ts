import path from 'node:path'
import ts from 'typescript'

/** One promise of a subpath: an exported name, a member of it, a parameter, a choice of a union. */
export interface Promised {
  /**
   * The name that it belongs to, such as `ParsedEgg`, `parseEgg()` or `AppError.toBody()`. What has no name of its own in the
   * module, and is only reachable through others, has a `~` before it.
   */
  readonly owner: string
  /** Such as `.egg`, `(0)`, `=>`, `| 'PTDL_v1'`; empty for the owner itself. */
  readonly part: string
  /** Its type as the declaration file states it, on one line, without comments. */
  readonly type: string
  /** A caller, or what a caller hands over, has to have it. */
  readonly isDemand: boolean
}

/** What a module promises, by owner and part with a tab between them, sorted. */
export type Surface = ReadonlyMap<string, Promised>

/** Reads the promises of one module from its emitted declarations. @param root folder of all declarations that belong to it */
export function readSurface(entry: string, root: string): Surface {
  const program = ts.createProgram([entry], {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    // Names are followed within the package only.
    noLib: true,
    types: [],
    noEmit: true,
  })
  return new SurfaceReader(program, root).read(entry)
}

const printer = ts.createPrinter({ removeComments: true })

class SurfaceReader {
  readonly #program: ts.Program
  readonly #checker: ts.TypeChecker
  readonly #root: string
  readonly #names = new Map<ts.Symbol, string>()
  readonly #queue: ts.Symbol[] = []
  /** Types that callers hand over: they stand behind parameters. */
  readonly #demanded = new Set<ts.Symbol>()
  readonly #found = new Map<string, Promised>()

  constructor(program: ts.Program, root: string) {
    this.#program = program
    this.#checker = program.getTypeChecker()
    this.#root = path.resolve(root) + path.sep
  }

  read(entry: string): Surface {
    const file = this.#program.getSourceFile(entry)
    const module = file && this.#checker.getSymbolAtLocation(file)
    if (!module) throw new Error(`${entry} declares no module; build the package first.`)
    for (const exported of this.#checker.getExportsOfModule(module)) {
      const symbol = this.#resolve(exported)
      if (symbol.flags & ts.SymbolFlags.ValueModule) {
        this.#add(exported.name, '', 'namespace')
        continue
      }
      this.#names.set(symbol, exported.name)
      this.#queue.push(symbol)
    }
    const all: ts.Symbol[] = []
    for (let symbol = this.#queue.shift(); symbol; symbol = this.#queue.shift()) {
      all.push(symbol)
      for (const declaration of symbol.declarations ?? []) this.#follow(declaration, false)
    }
    for (const symbol of this.#demanded) {
      for (const declaration of symbol.declarations ?? []) this.#follow(declaration, true)
    }
    for (const symbol of all) this.#describe(symbol)
    return new Map([...this.#found].sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  #resolve(symbol: ts.Symbol): ts.Symbol {
    return symbol.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(symbol) : symbol
  }

  /** Finds the types of the package that a declaration names; those behind parameters are demanded of callers. */
  #follow(node: ts.Node, isDemanded: boolean): void {
    const name = namedBy(node)
    if (name) {
      const symbol = this.#checker.getSymbolAtLocation(name)
      if (symbol) this.#meet(this.#resolve(symbol), isDemanded)
    }
    ts.forEachChild(node, (child) => this.#follow(child, isDemanded || ts.isParameter(child)))
  }

  #meet(symbol: ts.Symbol, isDemanded: boolean): void {
    const declared = symbol.declarations?.[0]
    if (!declared || ts.isTypeParameterDeclaration(declared)) return
    if (!path.resolve(declared.getSourceFile().fileName).startsWith(this.#root)) return
    if (isDemanded) this.#demanded.add(symbol)
    if (this.#names.has(symbol)) return
    let name = `~${symbol.name}`
    while ([...this.#names.values()].includes(name)) name += '′'
    this.#names.set(symbol, name)
    this.#queue.push(symbol)
  }

  #describe(symbol: ts.Symbol): void {
    const name = this.#names.get(symbol) ?? symbol.name
    const isDemanded = this.#demanded.has(symbol)
    const declarations = symbol.declarations ?? []
    const overloads = declarations.filter((each) => ts.isFunctionDeclaration(each))
    overloads.forEach((each, index) => this.#signature(overloads.length > 1 ? `${name}#${index}` : name, each))
    for (const declaration of declarations) {
      if (ts.isInterfaceDeclaration(declaration) || ts.isClassDeclaration(declaration)) {
        const kind = ts.isClassDeclaration(declaration) ? 'class' : 'interface'
        this.#add(name, '', [kind, ...headOf(declaration)].join(' '))
        this.#members(name, declaration.members, isDemanded)
      } else if (ts.isTypeAliasDeclaration(declaration)) {
        this.#alias(name, declaration.type, ['type', ...headOf(declaration)].join(' '), isDemanded)
      } else if (ts.isVariableDeclaration(declaration)) {
        if (declaration.type) this.#alias(name, declaration.type, 'const', false)
        else this.#add(name, '', `const ${textOf(declaration)}`)
      }
    }
  }

  /** A type with parts of its own is told part by part, so that a new part is no change of the old ones. */
  #alias(name: string, type: ts.TypeNode, head: string, isDemanded: boolean): void {
    const bare = ts.isTypeOperatorNode(type) && type.operator === ts.SyntaxKind.ReadonlyKeyword ? type.type : type
    const parts = ts.isUnionTypeNode(bare) ? bare.types : ts.isTupleTypeNode(bare) ? bare.elements : undefined
    if (parts) {
      this.#add(name, '', head)
      for (const part of parts) this.#add(name, `| ${textOf(part)}`, 'choice')
    } else if (ts.isTypeLiteralNode(bare)) {
      this.#add(name, '', head)
      this.#members(name, bare.members, isDemanded)
    } else this.#add(name, '', `${head} ${textOf(type)}`)
  }

  #members(name: string, members: ts.NodeArray<ts.TypeElement | ts.ClassElement>, isDemanded: boolean): void {
    for (const member of members) {
      if (isPrivate(member)) continue
      if (ts.isConstructorDeclaration(member)) this.#signature(`new ${name}`, member)
      else if (ts.isMethodSignature(member) || ts.isMethodDeclaration(member)) {
        const isOptional = member.questionToken !== undefined
        this.#add(name, `.${member.name.getText()}()${isOptional ? '?' : ''}`, 'method', isDemanded && !isOptional)
        this.#signature(`${name}.${member.name.getText()}`, member)
      } else {
        const isOptional = 'questionToken' in member && member.questionToken !== undefined
        const part = member.name ? `.${member.name.getText()}${isOptional ? '?' : ''}` : `[${textOf(member)}]`
        const type = textOf('type' in member && member.type ? (member.type as ts.Node) : member)
        const isReadonly = ts.canHaveModifiers(member) && has(member, ts.SyntaxKind.ReadonlyKeyword)
        this.#add(name, part, isReadonly ? `readonly ${type}` : type, isDemanded && !isOptional)
      }
    }
  }

  #signature(name: string, declaration: ts.SignatureDeclaration): void {
    const owner = `${name}()`
    this.#add(owner, '', ['function', ...headOf(declaration)].join(' '))
    declaration.parameters.forEach((parameter, index) => {
      const isOptional = parameter.questionToken !== undefined || parameter.dotDotDotToken !== undefined
      const rest = parameter.dotDotDotToken ? '...' : ''
      this.#add(owner, `(${rest}${index}${isOptional ? '?' : ''})`, textOf(parameter.type), !isOptional)
    })
    if (!ts.isConstructorDeclaration(declaration)) this.#add(owner, '=>', textOf(declaration.type))
  }

  #add(owner: string, part: string, type: string, isDemand = false): void {
    this.#found.set(`${owner}\t${part}`, { owner, part, type, isDemand })
  }
}

/** The name by which a piece of a declaration refers to another type. */
function namedBy(node: ts.Node): ts.Node | undefined {
  if (ts.isTypeReferenceNode(node)) return leftmost(node.typeName)
  if (ts.isTypeQueryNode(node)) return leftmost(node.exprName)
  return ts.isExpressionWithTypeArguments(node) ? node.expression : undefined
}

const leftmost = (name: ts.EntityName): ts.Identifier => (ts.isQualifiedName(name) ? leftmost(name.left) : name)

function headOf(
  declaration: ts.SignatureDeclaration | ts.InterfaceDeclaration | ts.ClassDeclaration | ts.TypeAliasDeclaration,
): string[] {
  const parameters = declaration.typeParameters?.map(textOf).join(', ')
  const bases = 'heritageClauses' in declaration ? (declaration.heritageClauses?.map(textOf) ?? []) : []
  return [...(parameters === undefined ? [] : [`<${parameters}>`]), ...bases]
}

const has = (node: ts.HasModifiers, kind: ts.SyntaxKind): boolean =>
  ts.getModifiers(node)?.some((modifier) => modifier.kind === kind) ?? false

const isPrivate = (member: ts.Node): boolean =>
  (ts.canHaveModifiers(member) && has(member, ts.SyntaxKind.PrivateKeyword)) ||
  ('name' in member && member.name !== undefined && ts.isPrivateIdentifier(member.name as ts.Node))

const SENTENCE = /(['"])(?:(?!\1)[^\\]|\\.)* (?:(?!\1)[^\\]|\\.)*\1/g

/** One line. Of a sentence only its `{holes}` are a promise: it may be worded anew. */
function textOf(node: ts.Node | undefined): string {
  if (!node) return 'any'
  return printer
    .printNode(ts.EmitHint.Unspecified, node, node.getSourceFile())
    .replace(SENTENCE, (sentence) => `'… ${[...new Set(sentence.match(/\{\w+\}/g))].sort().join(' ')}'`)
    .replace(/\s+/g, ' ')
}
