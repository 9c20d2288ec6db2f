// Which route a path leads to: a table built once, read without a pattern.

import { decode } from './decode.ts'
import type { Dialect, Route } from './dialect.ts'

export interface RouteTable {
  /**
   * The route for a method and a path as spelled (without query). A path we know with a method it does not take has no
   * route, and says which methods it takes; a HEAD is matched as a GET.
   */
  match(method: string, rawPath: string): RouteMatch
}

export interface RouteMatch {
  readonly route?: Route
  /** What the `:name` segments hold, decoded. */
  readonly parameters: Readonly<Record<string, string>>
  /** The methods that this path takes, where it does not take the one asked. */
  readonly methods?: readonly string[]
}

/** The dialect's routes as a table; throws when two of them claim the same method and path. */
export function createRouteTable({ routes, stem }: Pick<Dialect, 'routes' | 'stem'>): RouteTable {
  const root = createNode()
  for (const route of routes) {
    const node = segmentsOf(route.path).reduce(descend, root)
    const names = segmentsOf(route.path).flatMap((segment) => (isName(segment) ? [segment.slice(1)] : []))
    for (const method of [route.method].flat()) {
      if (node.leaves.has(method)) throw new Error(`Two routes claim ${method} ${route.path}.`)
      node.leaves.set(method, { route, names })
    }
  }

  return {
    match(method, rawPath) {
      const path = stem === undefined ? rawPath : stem(rawPath)
      const values: string[] = []
      const segments = segmentsOf(path)
      const decoded = path.includes('%') ? segments.map((segment) => decode(segment) ?? segment) : segments
      const node = path.charCodeAt(0) === 0x2f ? find(root, decoded, 0, values) : undefined
      if (node === undefined) return UNKNOWN
      const leaf = node.leaves.get(method === 'HEAD' ? 'GET' : method)
      if (leaf === undefined) return { parameters: NONE, methods: [...node.leaves.keys()] }
      if (leaf.names.length === 0) return { route: leaf.route, parameters: NONE }
      const parameters: Record<string, string> = {}
      for (const [at, name] of leaf.names.entries()) parameters[name] = values[at] ?? ''
      return { route: leaf.route, parameters }
    },
  }
}

interface Leaf {
  readonly route: Route
  readonly names: readonly string[]
}

interface Node {
  readonly literal: Map<string, Node>
  named?: Node
  readonly leaves: Map<string, Leaf>
}

const NONE = Object.freeze({})
const UNKNOWN: RouteMatch = { parameters: NONE }

function createNode(): Node {
  return { literal: new Map(), leaves: new Map() }
}

function descend(node: Node, segment: string): Node {
  if (isName(segment)) {
    node.named ??= createNode()
    return node.named
  }
  const known = node.literal.get(segment)
  if (known) return known
  const next = createNode()
  node.literal.set(segment, next)
  return next
}

/** The node at the end of these segments, words before names; fills `values` with what the names stand for. */
function find(node: Node, segments: readonly string[], at: number, values: string[]): Node | undefined {
  const segment = segments[at]
  if (segment === undefined) return node.leaves.size > 0 ? node : undefined
  const literal = node.literal.get(segment)
  const found = literal && find(literal, segments, at + 1, values)
  if (found || node.named === undefined || segment === '') return found
  const kept = values.length
  values.push(segment)
  const named = find(node.named, segments, at + 1, values)
  if (named === undefined) values.length = kept
  return named
}

function isName(segment: string): boolean {
  return segment.charCodeAt(0) === 0x3a
}

function segmentsOf(path: string): string[] {
  return path.slice(1).split('/')
}
