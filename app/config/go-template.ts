import {
  isRecord,
  isTrue,
  type TemplateFunction,
  type TemplateRecord,
  type TemplateValue,
  templateFunctions,
  textOf,
} from './go-template-functions.ts';
import { type Operand, type Pipeline, parseTemplate, TemplateError, type TemplateNode } from './go-template-parse.ts';
import { nearestName } from './nearest.ts';

/**
 * The part of Go's text/template that people use in Traefik's configuration: fields, variables, pipelines, `if`,
 * `with`, `range`, and the functions of the table. Anything else is an error that names it; nothing is ever executed
 * that is not in the table. Time and output are bounded.
 */
export interface TemplateOptions {
  /** What `.` is known to hold, in words; null: anything. */
  readonly knownFields?: string;
  /** Besides those that every template has. */
  readonly functions?: ReadonlyMap<string, TemplateFunction>;
}

const maxSteps = 200_000;
const maxOutput = 4 * 1024 * 1024;

/** Compiles a template. Throws a {@link TemplateError} for what it does not know, here or when it runs. */
export function compileGoTemplate(text: string, options: TemplateOptions = {}): (data: TemplateValue) => string {
  const nodes = parseTemplate(text);
  const functionOf = (name: string): TemplateFunction | undefined =>
    options.functions?.get(name) ?? templateFunctions.get(name);
  judgeFunctions(nodes, functionOf, [...templateFunctions.keys(), ...(options.functions?.keys() ?? [])]);
  return (data) => {
    const run = new Run(functionOf, options.knownFields ?? null, data);
    run.render(nodes, data);
    return run.output();
  };
}

class Run {
  readonly #functionOf: (name: string) => TemplateFunction | undefined;
  readonly #knownFields: string | null;
  /** Innermost last. */
  readonly #scopes: Map<string, TemplateValue>[];
  readonly #parts: string[] = [];
  #length = 0;
  #steps = 0;

  constructor(
    functionOf: (name: string) => TemplateFunction | undefined,
    knownFields: string | null,
    data: TemplateValue,
  ) {
    this.#functionOf = functionOf;
    this.#knownFields = knownFields;
    this.#scopes = [new Map([['$', data]])];
  }

  output(): string {
    return this.#parts.join('');
  }

  render(nodes: readonly TemplateNode[], dot: TemplateValue): void {
    for (const node of nodes) {
      this.#step();
      if (node.kind === 'text') this.#write(node.text);
      else if (node.kind === 'value') {
        const value = at(node.offset, () => this.#pipeline(node.pipeline, dot));
        if (node.pipeline.declares.length === 0) this.#write(textOf(value));
      } else if (node.kind === 'range') this.#range(node, dot);
      else this.#branches(node, dot);
    }
  }

  #branches(node: Extract<TemplateNode, { kind: 'if' | 'with' }>, dot: TemplateValue): void {
    for (const { condition, body, offset } of node.branches) {
      this.#scopes.push(new Map());
      try {
        const value = condition === null ? true : at(offset, () => this.#pipeline(condition, dot));
        if (!isTrue(value)) continue;
        this.render(body, node.kind === 'with' && condition !== null ? value : dot);
        return;
      } finally {
        this.#scopes.pop();
      }
    }
  }

  #range(node: Extract<TemplateNode, { kind: 'range' }>, dot: TemplateValue): void {
    const { declares } = node.pipeline;
    const over = at(node.offset, () => this.#pipeline({ ...node.pipeline, declares: [] }, dot));
    const items = at(node.offset, () => entriesOf(over));
    if (items.length === 0) this.render(node.otherwise, dot);
    for (const [key, item] of items) {
      const scope = new Map<string, TemplateValue>();
      const [first, second] = declares;
      if (first !== undefined && second !== undefined) scope.set(first, key).set(second, item);
      else if (first !== undefined) scope.set(first, item);
      this.#scopes.push(scope);
      try {
        this.render(node.body, item);
      } finally {
        this.#scopes.pop();
      }
    }
  }

  #pipeline({ declares, assigns, calls }: Pipeline, dot: TemplateValue): TemplateValue {
    let piped: TemplateValue;
    for (const [index, operands] of calls.entries()) piped = this.#call(operands, dot, index > 0 ? [piped] : []);
    const [name] = declares;
    if (name !== undefined) this.#declare(name, piped, assigns);
    return piped;
  }

  #call(operands: readonly Operand[], dot: TemplateValue, piped: readonly TemplateValue[]): TemplateValue {
    this.#step();
    const [first, ...rest] = operands;
    if (first?.kind !== 'function') {
      if (!first || rest.length > 0 || piped.length > 0) {
        throw new TemplateError('a value that is no function is given arguments');
      }
      return this.#operand(first, dot);
    }
    // As in Go, what follows the one that decides is not looked at.
    if (first.name === 'and' || first.name === 'or') {
      let value: TemplateValue;
      for (const operand of rest) {
        value = this.#operand(operand, dot);
        if (isTrue(value) === (first.name === 'or')) return value;
      }
      return piped.length > 0 ? piped[0] : value;
    }
    const values = rest.map((operand) => this.#operand(operand, dot));
    return this.#functionOf(first.name)?.(...values, ...piped);
  }

  #operand(operand: Operand, dot: TemplateValue): TemplateValue {
    switch (operand.kind) {
      case 'literal':
        return operand.value;
      case 'function':
        return this.#functionOf(operand.name)?.();
      case 'field':
        return this.#field(operand.names, dot, dot === this.#scopes[0]?.get('$'));
      case 'variable':
        return this.#field(operand.names, this.#variable(operand.name), operand.name === '$');
      case 'group':
        return this.#field(operand.names, this.#pipeline(operand.pipeline, dot), false);
    }
  }

  #field(names: readonly string[], from: TemplateValue, isRoot: boolean): TemplateValue {
    let value = from;
    for (const [depth, name] of names.entries()) {
      const known: boolean = isRecord(value) && Object.hasOwn(value, name);
      // As in Go: a field that does not exist is an error, a key that a map does not have is empty.
      if (!known && depth === 0 && isRoot) {
        const hint = this.#knownFields === null ? '' : `; there are ${this.#knownFields}`;
        throw new TemplateError(`.${name} is not known${hint}`);
      }
      value = known && isRecord(value) ? value[name] : undefined;
    }
    return value;
  }

  #variable(name: string): TemplateValue {
    const scope = this.#scopes.findLast((each) => each.has(name));
    if (!scope) throw new TemplateError(`the variable ${name} is not known here`);
    return scope.get(name);
  }

  #declare(name: string, value: TemplateValue, assigns: boolean): void {
    const scope = assigns ? this.#scopes.findLast((each) => each.has(name)) : this.#scopes.at(-1);
    if (!scope) throw new TemplateError(`the variable ${name} is not known here`);
    scope.set(name, value);
  }

  #write(text: string): void {
    this.#length += text.length;
    if (this.#length > maxOutput) throw new TemplateError('the template makes more than 4 MiB');
    this.#parts.push(text);
  }

  #step(): void {
    this.#steps += 1;
    if (this.#steps > maxSteps) throw new TemplateError('the template takes too many steps');
  }
}

function entriesOf(value: TemplateValue): readonly (readonly [TemplateValue, TemplateValue])[] {
  if (value === undefined || value === false) return [];
  if (Array.isArray(value)) return value.map((item, index) => [index, item] as const);
  if (isRecord(value)) {
    return Object.keys(value)
      .toSorted()
      .map((key) => [key, value[key]] as const);
  }
  throw new TemplateError(`{{range}} goes over lists and maps, not over ${JSON.stringify(value)}`);
}

/** Adds where an error arose. */
function at<T>(offset: number, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof TemplateError && error.offset === 0) throw new TemplateError(error.message, offset);
    throw error;
  }
}

/** A function that is not known is an error even where the template does not come by it. */
function judgeFunctions(
  nodes: readonly TemplateNode[],
  functionOf: (name: string) => TemplateFunction | undefined,
  known: readonly string[],
): void {
  const judge = (pipeline: Pipeline | null, offset: number): void => {
    for (const operand of pipeline?.calls.flat() ?? []) {
      if (operand.kind === 'group') judge(operand.pipeline, offset);
      else if (operand.kind === 'function' && !functionOf(operand.name)) {
        const near = nearestName(operand.name, known);
        const hint = near === null ? '' : `; did you mean "${near}"?`;
        throw new TemplateError(`the template function "${operand.name}" is not known${hint}`, offset);
      }
    }
  };
  for (const node of nodes) {
    if (node.kind === 'value') judge(node.pipeline, node.offset);
    else if (node.kind === 'range') {
      judge(node.pipeline, node.offset);
      judgeFunctions([...node.body, ...node.otherwise], functionOf, known);
    } else if (node.kind !== 'text') {
      for (const { condition, body, offset } of node.branches) {
        judge(condition, offset);
        judgeFunctions(body, functionOf, known);
      }
    }
  }
}

/** What the environment holds, and nothing else of the system. */
export function environmentFunctions(
  env: Readonly<Record<string, string | undefined>>,
): ReadonlyMap<string, TemplateFunction> {
  const read = (name: string): string => (Object.hasOwn(env, name) ? (env[name] ?? '') : '');
  return new Map<string, TemplateFunction>([
    ['env', (name) => read(textOf(name))],
    [
      'expandenv',
      (text) =>
        textOf(text).replaceAll(/\$(?:\{(\w+)\}|(\w+))/g, (_all, braced?: string, bare?: string) =>
          read(braced ?? bare ?? ''),
        ),
    ],
  ]);
}

export type { TemplateRecord };
